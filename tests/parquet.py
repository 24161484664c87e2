"""The DuckDB connection with which tests write and read Parquet files."""

from functools import cache

import duckdb


@cache
def shared_duckdb():
    """A database in UTC, the same for all tests: to open one takes longer than to read the file of a test."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
