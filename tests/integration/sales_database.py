"""A sales database of one test: its schema, statements on it, and what an extract of it left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ecommerce.cli.local_postgres import Postgres
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources import SALES_DB
from ecommerce.storage.staging import Manifest
from tests.parquet import read_rows
from tests.psql import psql
from tests.recipes import REPOSITORY

SCHEMA = REPOSITORY / "demo" / "schema.sql"
DAY = date(2026, 3, 10)
READER = {"login": "sales_reader", "password": "read-only"}


@dataclass
class SalesDatabase:
    """One database, read by the extract through the connection `sales_db`."""

    server: Postgres
    name: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def run(self, *statements):
        """Run statements as its owner; what they print."""
        return psql(self.server, ";\n".join(statements), self.name)

    def connect_as(self, **fields):
        """Let the connection `sales_db` be this database, with other fields where given."""
        connection = {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": self.server.port,
            "schema": self.name,
            **READER,
            **fields,
        }
        self.monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", json.dumps(connection))
        self.monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")

    def window(
        self,
        changed_from=None,
        changed_until=None,
        timezone="UTC",
        folder="sales_db",
    ):
        """The run of `DAY`: an older day's, or with `changed_from` the newest day's, unless bounded."""
        day = day_window(DAY, timezone)
        if changed_from is None:
            changed_from = day.start
            changed_until = day.end
        return ReadWindow(
            "sales_db",
            day,
            changed_from,
            changed_until,
            f"file://{self.folder}/{folder}",
        )

    def extract(self, *args, **kwargs):
        """Extract the window of these arguments."""
        return Extracted(SALES_DB.source().extract(self.window(*args, **kwargs)))


@dataclass
class Extracted:
    """A raw folder."""

    manifest: Manifest

    def rows(self, name, columns="*"):
        """Rows of one of its files, in order of their columns."""
        return read_rows(self.manifest.file(f"{name}.parquet"), columns)

    def ids(self, name, column="order_id"):
        """One column of one file, sorted."""
        return [value for (value,) in self.rows(name, column)]


def at(text):
    """An instant in UTC, as `2026-03-10 12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order(
    order_id,
    ordered_at,
    updated_at=None,
    *,
    lines=1,
):
    """SQL of an order with that many lines of 2 x 10.50."""
    return (
        "INSERT INTO orders (order_id, status, currency, shipping_country, shipping_amount, is_test, "
        "ordered_at, updated_at) "
        f"VALUES ('{order_id}', 'completed', 'USD', 'US', 4.95, false, "
        f"'{ordered_at}Z', '{updated_at or ordered_at}Z');"
        f"INSERT INTO order_items SELECT '{order_id}', n, 'SKU-' || n, 2, 10.50, 1, 0.8 "
        f"FROM generate_series(1, {lines}) AS n;"
    )


def refund(
    refund_id,
    order_id,
    refunded_at,
    updated_at=None,
):
    """SQL of a refund of 3.25."""
    owner = f"'{order_id}'" if order_id else "NULL"
    return (
        f"INSERT INTO refunds VALUES ('{refund_id}', {owner}, NULL, 1, 3.25, 'damaged', "
        f"'{refunded_at}Z', '{updated_at or refunded_at}Z');"
    )
