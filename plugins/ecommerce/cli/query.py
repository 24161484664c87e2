"""`make query`: query the warehouse and print the result as a table or CSV."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecommerce.cli import environment, tables
from ecommerce.cli.terminal import aligned
from ecommerce.core.errors import ConfigurationError, ContractError, PipelineError

if TYPE_CHECKING:
    from ecommerce.warehouse.adhoc_query import QueryResult

MAX_ROWS = 200
"""Rows of a table in the terminal; a CSV has all rows."""
MIN_WIDTH = 8
"""Width to which columns of text are cut at most."""
NUMBERS = {"INTEGER", "INT64", "NUMERIC", "BIGNUMERIC", "FLOAT", "FLOAT64"}


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

    SHOW TABLES and DESCRIBE <table> list its tables and columns. A query reads at most MAXIMUM_BYTES_BILLED.
    """
    if bool(sql.strip()) == bool(file):
        raise ConfigurationError(
            "pass one statement: make query SQL='SELECT * FROM daily_summary …' or make query FILE=query.sql"
        )
    statement = _read_file(file) if file else sql
    answer = tables.answer(statement) or _run(statement, None if shape == "csv" else MAX_ROWS)
    if shape == "csv":
        _write_csv(answer)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(answer, width):
        click.echo(line)


def _run(sql: str, max_rows: int | None) -> QueryResult:
    environment.load()
    from ecommerce.warehouse.adhoc_query import run_query
    from ecommerce.warehouse.client import connect

    try:
        return run_query(sql, connect(step="query", interactive=True), max_rows)
    except ContractError as error:
        if not re.search(r"\b(INFORMATION_SCHEMA|__TABLES__)\b", sql, re.IGNORECASE):
            raise
        raise ContractError(f"{error}: {tables.INSTEAD}") from None


def _read_file(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise PipelineError(f"{file} cannot be read: {reason}") from None


def _write_csv(answer: QueryResult) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([name for name, _ in answer.columns])
    for row in answer.rows:
        writer.writerow(["" if value is None else format_value(value) for value in row])


def table(answer: QueryResult, width: int | None = None) -> Iterator[str]:
    """Yield the answer as lines: numbers flush right, and the number of rows at the end.

    `width` is that of the terminal: columns of text are cut to fit it.
    """
    rows = list(answer.rows)
    columns = [
        _column([row[place] for row in rows], kind, name) for place, (name, kind) in enumerate(answer.columns)
    ]
    right = [kind in NUMBERS for _, kind in answer.columns]
    widths = [max(map(len, cells)) for cells in columns]
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        texts = [place for place, wide in enumerate(widths) if not right[place] and wide > MIN_WIDTH]
        if not texts:
            break
        widths[max(texts, key=widths.__getitem__)] -= 1
    for column, wide in zip(columns, widths, strict=True):
        column[:] = [cell if len(cell) <= wide else f"{cell[: wide - 1]}…" for cell in column]
        column.insert(1, "-" * wide)
    yield from aligned(list(zip(*columns, strict=True)), right)
    if len(rows) < answer.total:
        yield f"the first {len(rows)} of {answer.total:,} rows: FORMAT=csv has all"
    else:
        yield f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"


def format_value(value: Any) -> str:
    """Return the exact value as text, a decimal without trailing zeros."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=format_value)
    return str(value)


def _column(values: Sequence[Any], kind: str, name: str) -> list[str]:
    """Return a column's title and cells, decimals with equally many places."""
    texts = [format_value(value) for value in values]
    if kind in ("NUMERIC", "BIGNUMERIC"):
        places = max((len(text.partition(".")[2]) for text in texts), default=0)
        texts = [
            text if value is None or not places else f"{value:.{max(2, places)}f}"
            for text, value in zip(texts, values, strict=True)
        ]
    # One line each, without characters that move the terminal's cursor.
    return [name, *("".join(sign if sign.isprintable() else " " for sign in text) for text in texts)]
