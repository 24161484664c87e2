"""Seeders, which write the ledger's data into the company's systems: files and databases."""
