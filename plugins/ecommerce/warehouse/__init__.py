"""The BigQuery warehouse: its tables, the load of every domain, its checks, and what other steps ask it.

`schema.prepare` creates what is missing, `load.load` loads one run's staged files in one transaction,
`checks.run_checks` judges the result; both take the domain's `spec.LoadSpec`. `reads` answers the sources,
`client.connect` and `client.Warehouse.query` are for everything else. SQL is in
include/sql.
"""
