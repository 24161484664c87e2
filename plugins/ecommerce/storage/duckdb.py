"""DuckDB connections in UTC with limited memory, on the file systems of staging."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ecommerce.core.email_masking import (
    PATTERNS,
    clean_id,
    id_hash,
    replace_addresses,
)
from ecommerce.core.paths import INCLUDE, read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.templates import cached_environment
from ecommerce.core.values import Row
from ecommerce.storage.scratch import make_scratch
from ecommerce.storage.staging import is_local, storage_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def connect_duckdb(
    *uris: str, memory_limit: str = "400MB", threads: int = 2
) -> DuckDBPyConnection:
    """Open a connection, which uses the file systems of `uris` through fsspec. Beyond
    `memory_limit`, which is of DuckDB alone, it spills to a temporary folder."""
    import duckdb

    spill = make_scratch()
    connection = duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": spill.name,
            "preserve_insertion_order": False,
        }
    )
    weakref.finalize(connection, spill.cleanup)
    connection.execute("SET TimeZone = 'UTC'")
    for uri in uris:
        if not is_local(uri):
            connection.register_filesystem(storage_path(uri).fs)
    return connection


def problem_of(error: Exception) -> str:
    """Return the first line of a text of DuckDB without what it quotes: values may be personal data."""
    unquoted = re.sub("[\"'].*[\"']", "…", str(error), flags=re.DOTALL)
    return unquoted.partition("\n")[0]


def set_variables(duck: DuckDBPyConnection, **values: object) -> None:
    """Set variables, which SQL reads by `getvariable`."""
    for name, value in values.items():
        duck.execute(f"SET VARIABLE {name} = ?", [value])


def define_values(duck: DuckDBPyConnection) -> None:
    """Define the macros of include/sql/transform/values.sql, and what they need: variables with the patterns,
    and the functions `readable_id`, `without_addresses` and `id_hash`, which uses CUSTOMER_HASH_KEY."""
    from duckdb.func import ARROW

    key = load_settings().customer_hash_key
    duck.create_function("readable_id", clean_id)
    duck.create_function(
        "id_hash", lambda text: id_hash(text, key), ["VARCHAR"], "VARCHAR"
    )
    duck.create_function(
        "without_addresses", replace_addresses, ["VARCHAR"], "VARCHAR", type=ARROW
    )
    duck.execute(read_sql("transform/values.sql"))
    # Not before: DuckDB would compile the patterns for each macro that has them.
    set_variables(duck, **PATTERNS)


def run_sql_file(
    duck: DuckDBPyConnection,
    file: str,
    parameters: Any = None,
    **facts: Any,
) -> list[Row]:
    """Run a file of include/sql, named without `.sql`, and return its rows by column name. With `facts`, it
    is a Jinja template that is rendered with them."""
    path = f"{file}.sql"
    statement = read_sql(path)
    if facts:
        statement = cached_environment(INCLUDE / "sql").get_template(path).render(facts)
    result = duck.execute(statement, parameters)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def iterate_column(duck: DuckDBPyConnection, file: str) -> Iterator[Any]:
    """Run a file of include/sql, named without `.sql`, and yield the values of its only column. The
    connection can run nothing else before the last value."""
    duck.execute(read_sql(f"{file}.sql"))
    for row in iter(duck.fetchone, None):
        yield from row


def query_column(duck: DuckDBPyConnection, file: str) -> list[Any]:
    """Return the values of `iterate_column` as a list."""
    return list(iterate_column(duck, file))
