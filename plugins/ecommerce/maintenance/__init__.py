"""Removal of files that are older than a retention setting."""
