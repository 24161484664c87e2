"""`make query`: a question to the warehouse, and its answer as a table or CSV."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecommerce.cli import environment, tables
from ecommerce.core.errors import ConfigurationError, ContractError, PipelineError

if TYPE_CHECKING:
    from ecommerce.warehouse.adhoc_query import Answer

MOST_ROWS = 200
"""Rows of a table in a terminal; a CSV has all."""
LEAST_WIDTH = 8
"""Columns of text are cut to no less, so that the first words can be read."""
NUMBERS = {"INTEGER", "INT64", "NUMERIC", "BIGNUMERIC", "FLOAT", "FLOAT64"}
GAP = "  "


@click.command()
@click.option(
    "--sql", envvar="QUERY", default="", help="one SELECT or WITH statement; tables need no dataset"
)
@click.option("--file", default="", help="a file that holds it")
@click.option(
    "--format", "shape", type=click.Choice(["table", "csv"]), default="table", help="csv has all rows"
)
def query(sql: str, file: str, shape: str) -> None:
    """Ask the warehouse: nothing is changed, and tables need no dataset.

    SHOW TABLES and DESCRIBE <table> list its tables and columns. At most MAXIMUM_BYTES_BILLED are read.
    """
    if bool(sql.strip()) == bool(file):
        raise ConfigurationError(
            "say what to ask, in one of two ways: make query SQL='SELECT * FROM daily_summary …' or "
            "make query FILE=question.sql"
        )
    text = _read(file) if file else sql
    answer = tables.answer(text) or _asked(text, None if shape == "csv" else MOST_ROWS)
    if shape == "csv":
        _write_csv(answer)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(answer, width):
        click.echo(line)


def _asked(sql: str, most_rows: int | None) -> Answer:
    environment.load()
    from ecommerce.warehouse.adhoc_query import ask
    from ecommerce.warehouse.client import connect

    try:
        return ask(sql, connect(step="query", interactive=True), most_rows)
    except ContractError as error:
        if not re.search(r"\b(INFORMATION_SCHEMA|__TABLES__)\b", sql, re.IGNORECASE):
            raise
        raise ContractError(f"{error}: {tables.INSTEAD}") from None


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise PipelineError(f"{file} cannot be read: {reason}") from None


def _write_csv(answer: Answer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([name for name, _ in answer.columns])
    for row in answer.rows:
        writer.writerow(["" if value is None else shown(value) for value in row])


def table(answer: Answer, width: int | None = None) -> list[str]:
    """The answer as lines: numbers at the right, NULL as such, nothing wider than `width` characters (None:
    as wide as it is), and a last line with the number of rows."""
    rows = list(answer.rows)
    texts = [
        _column([row[place] for row in rows], kind, name) for place, (name, kind) in enumerate(answer.columns)
    ]
    right = [kind in NUMBERS for _, kind in answer.columns]
    widths = _fitted([max(map(len, cells)) for cells in texts], right, width)
    lines = []
    for place in range(len(rows) + 1):
        cells = [
            _cell(column[place], wide, is_right)
            for column, wide, is_right in zip(texts, widths, right, strict=False)
        ]
        lines.append(GAP.join(cells).rstrip())
        if place == 0:
            lines.append(GAP.join("-" * wide for wide in widths))
    if left_out := [name for name, _ in answer.columns[len(widths) :]]:
        lines.append(f"not shown, as the terminal is too narrow: {', '.join(left_out)} (FORMAT=csv has them)")
    lines.append(_counted(len(rows), answer.total))
    return lines


def shown(value: Any) -> str:
    """One value as text that says exactly the same; a decimal without zeros at its end."""
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
        return json.dumps(value, ensure_ascii=False, default=shown)
    return str(value)


def _column(values: Sequence[Any], kind: str, name: str) -> list[str]:
    """A column's title and cells; decimals with as many places as the longest of them needs."""
    texts = [shown(value) for value in values]
    if kind in ("NUMERIC", "BIGNUMERIC"):
        places = max((len(text.partition(".")[2]) for text in texts), default=0)
        texts = [
            text if value is None or not places else f"{value:.{max(2, places)}f}"
            for text, value in zip(texts, values, strict=True)
        ]
    # One line each, and nothing that moves the terminal's cursor.
    return [name, *("".join(sign if sign.isprintable() else " " for sign in text) for text in texts)]


def _fitted(widths: Sequence[int], right: Sequence[bool], width: int | None) -> list[int]:
    """Widths of as many columns as fit: the widest ones of text are cut first, then those at the end left
    out."""
    fitted = list(widths)
    while width is not None and sum(fitted) + len(GAP) * (len(fitted) - 1) > width:
        texts = [place for place, wide in enumerate(fitted) if not right[place] and wide > LEAST_WIDTH]
        if texts:
            fitted[max(texts, key=fitted.__getitem__)] -= 1
        elif len(fitted) > 1:
            fitted.pop()
        else:
            break
    return fitted


def _cell(text: str, wide: int, is_right: bool) -> str:
    if len(text) > wide:
        text = f"{text[: wide - 1]}…"
    return text.rjust(wide) if is_right else text.ljust(wide)


def _counted(shown_rows: int, total: int) -> str:
    if shown_rows < total:
        return f"the first {shown_rows} of {total:,} rows: FORMAT=csv gives all"
    return f"{total:,} row{'' if total == 1 else 's'}"
