"""`make query`: query the warehouse and print the result as a table or CSV."""

import csv
import json
import logging
import textwrap
from decimal import Decimal
from typing import IO, Any

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import result_stream, show
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.text import clean, counted, inert
from ecommerce.warehouse import adhoc_query, client
from ecommerce.warehouse.adhoc_query import QueryResult, single_select

MAX_ROWS = 200
"""Rows of a table in the terminal; a CSV has all rows."""
MAX_CELL_LENGTH = 60
"""Characters of a cell in that table; a longer text ends before the word that would exceed them."""
NUMERIC_TYPES = {"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"}


@click.command()
@click.option(
    "--sql",
    envvar="QUERY",
    default="",
    help="one SELECT or WITH statement; tables need no dataset",
)
@click.option(
    "--file",
    type=click.File(encoding="utf-8", errors="replace"),
    help="a file with the statement",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "csv"]),
    default="table",
    help="csv has all rows",
)
def query(sql: str, file: IO[str] | None, output_format: str) -> None:
    """Query the warehouse, read-only; tables need no dataset.

    A query reads at most MAXIMUM_BYTES_BILLED.
    """
    if file:
        sql = file.read()
    if not sql.strip():
        raise ConfigurationError(
            "pass one statement: make query SQL='SELECT * FROM daily_summary …' or make query FILE=query.sql"
        )
    environment.load()
    statement = single_select(sql)
    # The answer alone: a line with the billed bytes would be printed before it.
    logging.disable(logging.INFO)
    extra = environment.connection_extra(CONNECTION_WAREHOUSE)
    warehouse = client.connect(extra=extra, step="query")
    if output_format == "csv":
        write_csv(adhoc_query.run_query(statement, warehouse))
        return
    show(format_table(adhoc_query.run_query(statement, warehouse, MAX_ROWS)))


def write_csv(result: QueryResult) -> None:
    """Print the exact values; a text that a spreadsheet would take for a formula is inert."""
    writer = csv.writer(result_stream(), lineterminator="\n")
    writer.writerow([name for name, _ in result.columns])
    for row in result.rows:
        writer.writerow(map(_csv_cell, row))


def format_table(result: QueryResult) -> str:
    """Return the result as lines: numbers aligned at their decimal points, the number of rows at the end."""
    from tabulate import tabulate

    names = []
    alignments = []
    for name, kind in result.columns:
        names.append(name)
        alignments.append("decimal" if kind in NUMERIC_TYPES else "left")
    rows = [list(map(_cell, row)) for row in result.rows]
    table = tabulate(rows, names, colalign=alignments, disable_numparse=True)
    end = counted(len(rows), "row")
    if len(rows) < result.total:
        end = f"the first {len(rows)} of {result.total:,} rows: FORMAT=csv has all"
    return f"{table}\n{end}"


def _cell(value: Any) -> str:
    """Return a value as one line; a word, such as a hash or an id, is never cut."""
    text = format_value(value)
    # Control characters would move the terminal's cursor.
    line = clean(text, len(text))
    lines = textwrap.wrap(
        line, MAX_CELL_LENGTH, break_long_words=False, break_on_hyphens=False
    )
    return line if len(lines) < 2 else f"{lines[0].rstrip(',')}…"


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    return format_value(value)


def format_value(value: Any) -> str:
    """Return the exact value as text."""
    if value is None:
        return "NULL"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
