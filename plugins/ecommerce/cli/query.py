"""`make query`: query the warehouse and print the result as a table or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import result_stream, show
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.text import counted, inert

if TYPE_CHECKING:
    from ecommerce.warehouse.adhoc_query import QueryResult

MAX_ROWS = 200
"""Rows of a table in the terminal; a CSV has all rows."""
LONGEST = 60
"""Characters of a cell in that table."""
NUMBERS = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"}


@click.command()
@click.option(
    "--sql",
    envvar="QUERY",
    default="",
    help="one SELECT or WITH statement; tables need no dataset",
)
@click.option("--file", default="", help="a file with the statement")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["table", "csv"]),
    default="table",
    help="csv has all rows",
)
def query(sql: str, file: str, shape: str) -> None:
    """Query the warehouse, read-only; tables need no dataset.

    A query reads at most MAXIMUM_BYTES_BILLED.
    """
    if bool(sql.strip()) == bool(file):
        raise ConfigurationError(
            "pass one statement: make query SQL='SELECT * FROM daily_summary …' or make query FILE=query.sql"
        )
    if file:
        try:
            sql = Path(file).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise PipelineError(f"{file} cannot be read: {error.strerror}") from None
    environment.load()
    from ecommerce.warehouse.adhoc_query import run_query
    from ecommerce.warehouse.client import connect

    warehouse = partial(connect, step="query")
    if shape == "csv":
        write_csv(run_query(sql, warehouse, None))
        return
    for line in table(run_query(sql, warehouse, MAX_ROWS)):
        show(line)


def write_csv(answer: QueryResult) -> None:
    """Print the exact values; a text that a spreadsheet would take for a formula is inert."""
    writer = csv.writer(result_stream(), lineterminator="\n")
    writer.writerow([name for name, _ in answer.columns])
    for row in answer.rows:
        writer.writerow([_csv_cell(value) for value in row])


def table(answer: QueryResult) -> Iterator[str]:
    """Yield the answer as lines: numbers aligned at their decimal points, the number of rows at the end."""
    from tabulate import tabulate

    names = []
    alignments = []
    for name, kind in answer.columns:
        names.append(name)
        alignments.append("decimal" if kind in NUMBERS else "left")
    rows = [[_table_cell(value) for value in row] for row in answer.rows]
    yield tabulate(rows, names, colalign=alignments, disable_numparse=True)
    if len(rows) < answer.total:
        yield f"the first {len(rows)} of {answer.total:,} rows: FORMAT=csv has all"
    else:
        yield counted(len(rows), "row")


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    return format_value(value)


def _table_cell(value: Any) -> str:
    """Return a value as one line of at most `LONGEST` characters; none moves the terminal's cursor."""
    letters = [
        letter if letter.isprintable() else " " for letter in format_value(value)
    ]
    if len(letters) > LONGEST:
        letters[LONGEST - 1 :] = "…"
    return "".join(letters)


def format_value(value: Any) -> str:
    """Return the exact value as text, a decimal without trailing zeros."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case datetime():
            return value.isoformat(sep=" ")
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=format_value)
    return str(value)
