"""The BigQuery warehouse: its tables, the load of every domain, its checks and its queries."""
