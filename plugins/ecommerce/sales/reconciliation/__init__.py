"""Reconciliation: source against warehouse, and reading again the days that differ."""
