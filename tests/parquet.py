"""The DuckDB connection with which tests write and read Parquet files, and the rows of these files."""

from functools import cache

import duckdb


@cache
def shared_duckdb():
    """A database in UTC, the same for all tests: to open one takes longer than to read the file of a test."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def read_rows(path, columns="*", order="ALL"):
    """The rows of Parquet files as tuples, in the order of all columns unless given."""
    sql = f"SELECT {columns} FROM '{path}' ORDER BY {order}"
    return shared_duckdb().execute(sql).fetchall()


def read_records(path, order="ALL"):
    """The rows of Parquet files by the names of their columns."""
    result = shared_duckdb().execute(f"FROM '{path}' ORDER BY {order}")
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
