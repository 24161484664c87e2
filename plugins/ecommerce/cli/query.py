"""`make query`: query the warehouse and print the result as a table or CSV."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecommerce.cli import environment
from ecommerce.cli.terminal import aligned, result_stream, show
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.text import plural

if TYPE_CHECKING:
    from ecommerce.warehouse.adhoc_query import QueryResult

MAX_ROWS = 200
"""Rows of a table in the terminal; a CSV has all rows."""
DECIMALS = {"NUMERIC", "BIGNUMERIC"}
NUMBERS = {"INTEGER", "INT64", "FLOAT", "FLOAT64", *DECIMALS}


@click.command()
@click.option(
    "--sql", envvar="QUERY", default="", help="one SELECT or WITH statement; tables need no dataset"
)
@click.option("--file", default="", help="a file with the statement")
@click.option(
    "--format", "shape", type=click.Choice(["table", "csv"]), default="table", help="csv has all rows"
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
        statement = Path(file).read_text(encoding="utf-8", errors="replace") if file else sql
    except OSError as error:
        raise PipelineError(f"{file} cannot be read: {error.strerror}") from None
    environment.load()
    from ecommerce.warehouse.adhoc_query import run_query
    from ecommerce.warehouse.client import connect

    is_csv = shape == "csv"
    warehouse = partial(connect, step="query", interactive=True)
    answer = run_query(statement, warehouse, None if is_csv else MAX_ROWS)
    output = result_stream()
    if is_csv:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow([name for name, _ in answer.columns])
        for row in answer.rows:
            writer.writerow(["" if value is None else format_value(value) for value in row])
        return
    width = shutil.get_terminal_size().columns if output.isatty() else None
    for line in table(answer, width):
        show(line)


def table(answer: QueryResult, width: int | None = None) -> Iterator[str]:
    """Yield the answer as lines: numbers flush right, and the number of rows at the end. `width` is that of
    the terminal: columns of text are cut to fit it."""
    rows = list(answer.rows)
    columns = [
        [name, *_cells([row[place] for row in rows], kind)]
        for place, (name, kind) in enumerate(answer.columns)
    ]
    right = [kind in NUMBERS for _, kind in answer.columns]
    widths = [max(map(len, cells)) for cells in columns]
    longest = max(widths)
    while width is not None and longest > 8 and sum(widths) + 2 * (len(widths) - 1) > width:
        longest -= 1
        widths = [wide if flush else min(wide, longest) for wide, flush in zip(widths, right, strict=True)]
    for column, wide in zip(columns, widths, strict=True):
        column[:] = [cell if len(cell) <= wide else f"{cell[: wide - 1]}…" for cell in column]
        column.insert(1, "-" * wide)
    yield from aligned(list(zip(*columns, strict=True)), right)
    if len(rows) < answer.total:
        yield f"the first {len(rows)} of {answer.total:,} rows: FORMAT=csv has all"
    else:
        yield f"{len(rows):,} {plural(len(rows), 'row')}"


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


def _cells(values: list[Any], kind: str) -> Iterator[str]:
    """Yield a column's cells, decimals with equally many places."""
    texts = [format_value(value) for value in values]
    places = max((len(text.partition(".")[2]) for text in texts), default=0) if kind in DECIMALS else 0
    for value, text in zip(values, texts, strict=True):
        shown = f"{value:.{max(2, places)}f}" if places and value is not None else text
        # One line each, without characters that move the terminal's cursor.
        yield "".join(sign if sign.isprintable() else " " for sign in shown)
