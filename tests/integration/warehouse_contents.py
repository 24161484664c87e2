"""Reading the warehouse in tests, and saying readably how it differs from what it should hold."""

import json
import re
import uuid
from functools import cache
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from demo.services.emulator import PROJECT
from ecommerce.warehouse import rendering
from ecommerce.warehouse.rendering import tables, views

Row = dict[str, Any]

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
SHOWN = 20


def connect(emulator):
    """A client of the emulator that does not go through the pipeline's own code."""
    return bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": emulator.host},
    )


def new_dataset():
    """The name of a dataset that does not exist; the emulator translates a statement once for all of them."""
    return f"shop__{uuid.uuid4().hex[:12]}"


@cache
def of_all_days(table):
    """The WHERE clause of all rows of a table or view: most tables need a filter on a partition."""
    if table in views():
        return "WHERE TRUE"
    if "__" in table:  # a staging table
        return ""
    sql = (rendering.SQL_ROOT / f"warehouse/tables/{table}/table.sql").read_text()
    partition = re.search(
        r"^PARTITION BY (\w+)$",
        sql,
        re.MULTILINE,
    )
    return f"WHERE {partition[1]} >= '1900-01-01'" if partition else "WHERE TRUE"


def empty(client, dataset):
    """Delete the rows of the warehouse's tables but the lock's, the view that names the shops of the last
    test, and what else there is in the dataset."""
    present = [table.table_id for table in client.list_tables(dataset)]
    for name in set(present) - {*tables(), *views()}:
        client.delete_table(f"{dataset}.{name}")
    statements = [
        f"DELETE FROM `{dataset}.{table}` {of_all_days(table)};"
        for table in tables()
        if table in present and table != "load_lock"
    ]
    if statements:
        statements.append(f"DROP VIEW IF EXISTS `{dataset}.shops`;")
        client.query(
            "\n".join(statements),
            timeout=30,
        ).result(timeout=60)


def read_table(client, dataset, table):
    """All rows of a table; numbers are Decimal or int, instants aware."""
    query = f"SELECT * FROM `{dataset}`.`{table}` {of_all_days(table)}"
    return [
        dict(row.items()) for row in client.query(query, timeout=30).result(timeout=60)
    ]


def read_warehouse(client, dataset):
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
        for table in KEYS
    }


def differences(expected, found):
    """Empty when both hold the same rows; otherwise what is missing, too much or different, by table.

    Columns that an expected row does not have are not compared.
    """
    reports = []
    for table, rows in expected.items():
        lines = _table_differences(
            table,
            rows,
            found[table],
        )
        if lines:
            reports.append(
                f"{table}: {len(rows)} rows expected, {len(found[table])} found"
            )
            reports += lines[:SHOWN]
    return "\n".join(reports)


def _table_differences(table, expected, found):
    key = KEYS[table]
    wanted = _by_key(expected, key)
    present = _by_key(found, key)
    assert len(wanted) == len(expected), f"the expectation holds {table} rows twice"
    lines = []
    if len(present) < len(found):
        lines.append("  rows are stored twice")
    for place in sorted(wanted.keys() | present.keys(), key=str):
        if place not in present:
            lines.append(f"  missing: {place} {wanted[place]}")
        elif place not in wanted:
            lines.append(f"  too much: {place} {present[place]}")
        else:
            lines += _row_differences(
                place,
                wanted[place],
                present[place],
            )
    return lines


def _row_differences(place, wanted, present):
    lines = []
    for column, value in wanted.items():
        if column not in present or present[column] != value:
            stored = present.get(column, "no column")
            lines.append(f"  {place}: {column} is {stored!s}, not {value!s}")
    return lines


def _by_key(rows, key):
    return {tuple(row[column] for column in key): row for row in rows}


def deployment(emulator, folder, dataset):
    """The environment of a deployment whose warehouse is `dataset`, and that keeps its files in `folder`."""
    extra = {"is_anonymous": True, "project": PROJECT}
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    return {
        "AIRFLOW_CONN_BIGQUERY": json.dumps(connection),
        "BIGQUERY_EMULATOR_HOST": emulator.host,
        "BIGQUERY_DATASET": dataset,
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "SHOP_TIMEZONE": "America/New_York",
        "STAGING_URI": f"file://{folder}/staging",
        "REPORTS_URI": f"file://{folder}/reports",
        "MODELS_URI": f"file://{folder}/models",
        "PICTURES_URI": f"file://{folder}/pictures",
    }
