"""The shop's own sales database."""
