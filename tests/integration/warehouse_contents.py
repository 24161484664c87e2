"""Reading the warehouse in tests, and saying readably how it differs from what it should hold."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from demo.services.emulator import PROJECT, Emulator
from ecommerce.warehouse import rendering
from ecommerce.warehouse.rendering import tables, views

Row = dict[str, Any]
Key = tuple[Any, ...]

KEYS = {
    "orders": ("source", "order_id"),
    "order_lines": ("source", "order_id", "line_number"),
    "refunds": ("source", "refund_id", "line_number"),
    "daily_sales": (
        "business_date",
        "source",
        "channel",
        "category",
        "country_code",
        "currency",
    ),
    "daily_summary": ("business_date",),
}
"""The tables that must be the same however often, in whatever order and in how many pieces a day was run."""

WHEN_AND_BY_WHOM = {"read_at", "run_id"}
SHOWN = 5


def connect(emulator: Emulator) -> bigquery.Client:
    """A client of the emulator that does not go through the pipeline's own code."""
    return bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": emulator.host},
    )


@cache
def of_all_days(table: str) -> str:
    """The WHERE clause of all rows of a table or view: most need a filter on a partition."""
    if table in views():
        return "WHERE business_date IS NOT NULL"
    if "__" in table:  # a staging table
        return ""
    sql = (rendering.SQL_ROOT / f"warehouse/tables/{table}/table.sql").read_text()
    partition = re.search(r"^PARTITION BY (\w+)$", sql, re.MULTILINE)
    return f"WHERE {partition[1]} IS NOT NULL" if partition else "WHERE TRUE"


def empty(client: bigquery.Client, dataset: str) -> None:
    """Delete the rows of the warehouse's tables but the lock's, and what else there is in the dataset."""
    present = [table.table_id for table in client.list_tables(dataset)]
    for name in set(present) - {*tables(), *views()}:
        client.delete_table(f"{dataset}.{name}")
    statements = [
        f"DELETE FROM `{dataset}.{table}` {of_all_days(table)};"
        for table in tables()
        if table in present and table != "load_lock"
    ]
    if statements:
        client.query("\n".join(statements), timeout=30).result(timeout=60)


def read_table(client: bigquery.Client, dataset: str, table: str) -> list[Row]:
    """All rows of a table; numbers are Decimal or int, instants aware."""
    query = f"SELECT * FROM `{dataset}`.`{table}` {of_all_days(table)}"
    return [
        dict(row.items()) for row in client.query(query, timeout=30).result(timeout=60)
    ]


def read_warehouse(
    client: bigquery.Client, dataset: str, tables: Iterable[str] = KEYS
) -> dict[str, list[Row]]:
    """The tables of `KEYS`, without the columns that tell one run from another."""
    return {
        table: [
            {
                column: value
                for column, value in row.items()
                if column not in WHEN_AND_BY_WHOM
            }
            for row in read_table(client, dataset, table)
        ]
        for table in tables
    }


def differences(
    expected: Mapping[str, list[Row]], found: Mapping[str, list[Row]]
) -> str:
    """Empty when both hold the same rows; otherwise what is missing, too much or different, by table.

    Columns that an expected row does not have are not compared.
    """
    return "\n".join(
        report
        for table in expected
        if (
            report := _table_differences(
                table, expected[table], found[table], KEYS[table]
            )
        )
    )


def _table_differences(
    table: str, expected: list[Row], found: list[Row], key: tuple[str, ...]
) -> str:
    wanted, twice = _by_key(expected, key)
    assert not twice, f"the expectation holds {table} rows twice: {twice[:SHOWN]}"
    there, doubled = _by_key(found, key)
    report = [f"  stored twice: {_named(key, at)}" for at in doubled]
    report += [
        f"  missing: {_named(key, at)} {_brief(wanted[at], key)}"
        for at in _sorted(wanted, there)
    ]
    report += [
        f"  too much: {_named(key, at)} {_brief(there[at], key)}"
        for at in _sorted(there, wanted)
    ]
    for at in sorted(wanted.keys() & there.keys(), key=str):
        left, right = wanted[at], there[at]
        report += [
            f"  {_named(key, at)}: {column} is {right.get(column, 'no column')!s}, not {left[column]!s}"
            for column in left
            if column not in right or left[column] != right[column]
        ]
    if not report:
        return ""
    more = (
        [f"  … and {len(report) - SHOWN * 4} more"] if len(report) > SHOWN * 4 else []
    )
    title = f"{table}: {len(expected)} rows expected, {len(found)} found, {len(report)} differences"
    return "\n".join([title, *report[: SHOWN * 4], *more])


def _by_key(
    rows: list[Row], key: tuple[str, ...]
) -> tuple[dict[tuple[Any, ...], Row], list[tuple[Any, ...]]]:
    by_key: dict[tuple[Any, ...], Row] = {}
    twice = []
    for row in rows:
        at = tuple(row[column] for column in key)
        if at in by_key:
            twice.append(at)
        by_key[at] = row
    return by_key, twice


def _sorted(these: Mapping[Any, Row], without: Mapping[Any, Row]) -> list[Any]:
    return sorted(these.keys() - without.keys(), key=str)


def _named(key: tuple[str, ...], at: Key) -> str:
    return ", ".join(f"{column} {value}" for column, value in zip(key, at, strict=True))


def _brief(row: Row, key: tuple[str, ...]) -> str:
    told = (
        "business_date",
        "status",
        "gross_amount",
        "gross_sales",
        "merchandise_amount",
        "returns",
        "orders",
    )
    parts = [f"{name} {row[name]}" for name in told if name in row and name not in key]
    return f"({', '.join(parts)})"
