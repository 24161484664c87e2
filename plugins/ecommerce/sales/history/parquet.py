"""Parquet files of an export: columns by name, every value as the text of exactly the same value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.sources.delivered_files import UnusableFileError, extra_columns
from ecommerce.sources.partner_layouts import COLUMNS

if TYPE_CHECKING:
    import duckdb

_PLAIN = re.compile(r"VARCHAR|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,\d+\)|ENUM\(.*\)", re.DOTALL)
_INSTANTS = ("ordered_at", "updated_at")


def read_lines(duck: duckdb.DuckDBPyConnection, path: Path, parameters: dict[str, Any]) -> None:
    """Write the lines of a Parquet file in the layout of partner files.

    Args:
        duck: a connection with the time zone UTC.
        path: the file.
        parameters: those of read_parquet.sql but `path`: file, partner, received_at, lines.

    Raises:
        UnusableFileError: not Parquet, or a column is missing or has a type that cannot be read exactly.
    """
    import duckdb

    try:
        columns = duck.execute("DESCRIBE FROM read_parquet(?)", [str(path)]).fetchall()
    except (duckdb.InvalidInputException, duckdb.IOException):
        raise UnusableFileError("file_unreadable", "it is not a Parquet file, or it is damaged") from None
    types = {str(column[0]): str(column[1]) for column in columns}
    if missing := [name for name in COLUMNS if name not in types]:
        raise UnusableFileError("missing_column", f"it lacks the columns {', '.join(missing)}")
    expressions = [f"{_as_text(name, types[name])} AS {name}" for name in COLUMNS]
    for name in extra_columns(load_settings().order_attributes):
        value = f'"{name}"' if name in types else "NULL"
        expressions.append(f'{value}::VARCHAR AS "{name}"')
    statement = read_sql("extract/history/read_parquet.sql")
    statement = statement.replace("{columns}", ",\n        ".join(expressions))
    duck.execute(statement, parameters | {"path": str(path)})


def _as_text(name: str, kind: str) -> str:
    """Return the expression that turns a column of the type `kind` into text."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f+00:00')"
    if kind in ("TIMESTAMPTZ_NS", '"NULL"'):  # of pandas; its text ends in +00. A column without any value.
        return f"{name}::VARCHAR"
    if name in _INSTANTS and kind != "VARCHAR":
        raise UnusableFileError(
            "missing_column",
            f"its column {name} is {kind}: a time needs a time zone, or has to be text with an offset",
        )
    if kind in ("FLOAT", "DOUBLE"):
        # pandas stores integers with missing values as floats (1.0); the shortest text of others is exact.
        whole = f"CASE WHEN {name} = trunc({name}) THEN try_cast({name} AS DECIMAL(38, 0))::VARCHAR END"
        return f"coalesce({whole}, {name}::VARCHAR)"
    if _PLAIN.fullmatch(kind):
        return f"{name}::VARCHAR"
    raise UnusableFileError(
        "missing_column", f"its column {name} is {kind}, which is neither text nor number"
    )
