"""The bulk load of an export: CSV or Parquet files in the layout of partner files, one delivery together."""
