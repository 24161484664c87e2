"""The BigQuery warehouse: its tables, the load of every domain, its checks and its queries.

`schema.prepare` creates what is missing, `load.load` loads one run's staged files in one transaction, and
`checks.run_checks` checks the result; both need the domain's `spec.LoadSpec`. `load_history` is the memory of
the sources, `client.connect` and `client.Warehouse.query` are for everything else. SQL is in include/sql.
"""
