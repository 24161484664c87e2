"""The sales domain: the daily run, history load, sync and reconciliation, and the report."""
