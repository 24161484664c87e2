"""Rows as text: one line a row, cells separated by `|`, the first line names the columns."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


def cells(text):
    """The rows of a table, as they are written. A column whose name begins with `#` is a remark."""
    header, *lines = text.strip().splitlines()
    names = [name.strip() for name in header.split("|")]
    rows = []
    for line in lines:
        values = [value.strip() for value in line.split("|")]
        row = dict(zip(names, values, strict=True))
        rows.append({name: row[name] for name in names if name[0] != "#"})
    return rows


def records(make, *tables):
    """What `make` returns for each row. NULL is None; an empty cell keeps the default."""
    made = []
    for table in tables:
        for row in cells(table):
            changes = {}
            for name, value in row.items():
                if value:
                    changes[name] = None if value == "NULL" else value
            made.append(make(**changes))
    return made


def check(rows, expected):
    """Compare rows in any order with a table, in its columns, whose names may be short."""
    wanted = cells(expected)
    names = list(wanted[0])
    found = []
    for row in rows:
        found.append(" | ".join(_text(row[_column(name, row)]) for name in names))
    assert sorted(found) == sorted(" | ".join(row.values()) for row in wanted)


def _column(name, row):
    """The name of a column of `row`: `gross` stands for `gross_amount`."""
    for ending in ("", "_amount", "_code", "_number", "_date"):
        if name + ending in row:
            return name + ending
    raise KeyError(name)


def _text(value):
    """Numbers without trailing zeros, instants in UTC, the hash of an address shortened."""
    if value is None:
        return "NULL"
    if isinstance(value, Decimal):
        return f"{value.normalize() + 0:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return ", ".join(value)
    return re.sub(r"(e-mail-\w{4})\w{28}", r"\1", str(value))
