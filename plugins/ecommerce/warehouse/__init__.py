"""The BigQuery warehouse: its tables, the daily load, its checks, and what other steps ask it.

`schema.prepare` creates what is missing, `load.load` loads one run's staged files in one transaction,
`checks.run_checks` judges the result, `audit` answers the sources and keeps the mail's deliveries,
`client.connect` and `client.Warehouse.query` are for everything else. SQL is in include/sql.
"""
