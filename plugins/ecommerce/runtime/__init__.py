"""What a running task meets: its context, params, retries, metrics, and the end of its log."""
