"""Support for running tasks: context, params, retries, metrics, and the end of the log."""
