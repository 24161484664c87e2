"""Housekeeping: what is older than a retention setting goes."""
