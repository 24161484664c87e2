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
from ecommerce.core.text import inert, plural

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
    try:
        statement = (
            Path(file).read_text(encoding="utf-8", errors="replace") if file else sql
        )
    except OSError as error:
        raise PipelineError(f"{file} cannot be read: {error.strerror}") from None
    environment.load()
    from ecommerce.warehouse.adhoc_query import run_query
    from ecommerce.warehouse.client import connect

    is_csv = shape == "csv"
    warehouse = partial(connect, step="query", interactive=True)
    answer = run_query(statement, warehouse, None if is_csv else MAX_ROWS)
    if is_csv:
        writer = csv.writer(result_stream(), lineterminator="\n")
        writer.writerow([name for name, _ in answer.columns])
        for row in answer.rows:
            writer.writerow([csv_cell(value) for value in row])
        return
    for line in table(answer):
        show(line)


def table(answer: QueryResult) -> Iterator[str]:
    """Yield the answer as lines: numbers aligned at their decimal points, the number of rows at the end."""
    from tabulate import tabulate

    rows = [[_cell(value) for value in row] for row in answer.rows]
    names = [name for name, _ in answer.columns]
    alignments = [
        "decimal" if kind in NUMBERS else "left" for _, kind in answer.columns
    ]
    yield from tabulate(
        rows, names, colalign=alignments, disable_numparse=True
    ).splitlines()
    if len(rows) < answer.total:
        yield f"the first {len(rows)} of {answer.total:,} rows: FORMAT=csv has all"
    else:
        yield f"{len(rows):,} {plural(len(rows), 'row')}"


def csv_cell(value: Any) -> str:
    """Return the exact value as text; a text that a spreadsheet would take for a formula is inert."""
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) else format_value(value)


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


def _cell(value: Any) -> str:
    """Return a value as one line of at most `LONGEST` characters; none moves the terminal's cursor."""
    text = "".join(sign if sign.isprintable() else " " for sign in format_value(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
