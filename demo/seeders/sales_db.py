"""Seeder of the sales database (schema: `demo/schema.sql`)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from demo.ledger import SALES_DB, Snapshot

SCHEMA = Path(__file__).resolve().parents[1] / "schema.sql"
READER = "sales_reader"
READER_PASSWORD = "read-only"


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    key: str
    columns: str


_TABLES = (
    _Table("customers", "customer_id", "email, country_code, created_at, updated_at"),
    _Table("products", "sku", "name, category, image_url, updated_at"),
    _Table(
        "orders",
        "order_id",
        "customer_id, status, currency, shipping_country, shipping_amount, coupon_code, is_test, "
        "ordered_at, updated_at",
    ),
    _Table(
        "order_items",
        "order_id, line_number",
        "sku, quantity, unit_price, discount_amount, tax_amount",
    ),
    _Table(
        "refunds",
        "refund_id",
        "order_id, line_number, quantity, amount, reason, refunded_at, updated_at",
    ),
)


def prepare(dsn: str) -> None:
    """Create the database of the libpq URI `dsn`, its tables and the read-only role, where missing."""
    import psycopg
    from psycopg import sql

    parts = urlsplit(dsn)
    database = parts.path.lstrip("/")
    with psycopg.connect(
        urlunsplit(parts._replace(path="/postgres")), autocommit=True
    ) as server:
        if not server.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [database]
        ).fetchone():
            server.execute(
                sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
            )
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA.read_text())


def fill(dsn: str, snapshot: Snapshot) -> None:
    """Make the tables equal to `snapshot` in one transaction."""
    import psycopg

    rows: dict[str, Iterable[tuple[Any, ...]]] = {
        "customers": (
            (c.customer_id, c.email, c.country_code, c.created_at, c.updated_at)
            for c in snapshot.customers
        ),
        "products": (
            (p.sku, p.name, p.category, p.image_url, p.updated_at)
            for p in snapshot.products
        ),
        "orders": (
            (
                *(
                    order.order_id,
                    order.customer_id,
                    order.status,
                    order.currency,
                    order.country_code,
                ),
                *(
                    order.shipping,
                    order.coupon_code,
                    order.is_test,
                    order.ordered_at,
                    order.updated_at,
                ),
            )
            for order in snapshot.orders_of(SALES_DB)
        ),
        "order_items": _items(snapshot),
        "refunds": _refunds(snapshot),
    }
    with psycopg.connect(dsn) as connection:
        for table in _TABLES:
            _merge(connection, table, rows[table.name])
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _items(snapshot: Snapshot) -> Iterator[tuple[Any, ...]]:
    for order in snapshot.orders_of(SALES_DB):
        for line in order.lines:
            yield (
                *(order.order_id, line.line_number, line.sku, int(line.quantity)),
                *(line.unit_price, line.discount, line.tax),
            )


def _refunds(snapshot: Snapshot) -> Iterator[tuple[Any, ...]]:
    for refund in snapshot.refunds_of(SALES_DB):
        line_number = refund.lines[0].line_number if refund.lines else None
        yield (
            *(
                refund.refund_id,
                refund.order_id,
                line_number,
                int(refund.quantity),
                refund.amount,
            ),
            *(refund.reason, refund.refunded_at, refund.updated_at),
        )


def _merge(connection: Any, table: _Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Make `table` equal to `rows`; equal rows are not updated."""
    columns = f"{table.key}, {table.columns}"
    key = " AND ".join(
        f"old.{name} = incoming.{name}" for name in table.key.split(", ")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE incoming (LIKE {table.name} INCLUDING INDEXES) ON COMMIT DROP"
        )
        with cursor.copy(f"COPY incoming ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"DELETE FROM {table.name} AS old WHERE NOT EXISTS (SELECT FROM incoming WHERE {key})"
        )
        values = ", ".join(f"EXCLUDED.{name}" for name in table.columns.split(", "))
        cursor.execute(
            f"INSERT INTO {table.name} AS old ({columns}) SELECT {columns} FROM incoming "
            f"ON CONFLICT ({table.key}) DO UPDATE SET ({table.columns}) = ROW({values}) "
            "WHERE old IS DISTINCT FROM EXCLUDED"
        )
        cursor.execute("DROP TABLE incoming")
