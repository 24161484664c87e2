"""Seeder of the sales database (schema: `demo/schema.sql`)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.ledger import SALES_DB, Snapshot

SCHEMA = Path(__file__).resolve().parents[1] / "schema.sql"
READER = "sales_reader"
READER_PASSWORD = "read-only"

_COLUMNS = {
    "customers": "customer_id, email, country_code, created_at, updated_at",
    "products": "sku, name, category, image_url, updated_at",
    "orders": (
        "order_id, customer_id, status, currency, shipping_country, shipping_amount, "
        "coupon_code, is_test, ordered_at, updated_at"
    ),
    "order_items": (
        "order_id, line_number, sku, quantity, unit_price, unit_cost, discount_amount, "
        "tax_amount"
    ),
    "refunds": (
        "refund_id, order_id, line_number, quantity, amount, reason, refunded_at, "
        "updated_at"
    ),
}
"""The columns of each table, in the order of the rows of `_rows`."""


def prepare(dsn: str) -> None:
    """Create the database of the libpq URI `dsn`, its tables and the read-only role.

    What exists stays.
    """
    import psycopg
    from psycopg import conninfo, sql

    name = str(conninfo.conninfo_to_dict(dsn)["dbname"])
    exists = "SELECT 1 FROM pg_database WHERE datname = %s"
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as server:
        if not server.execute(exists, [name]).fetchone():
            create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
            server.execute(create)
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA.read_text())


def fill(dsn: str, snapshot: Snapshot) -> None:
    """Replace all rows by those of `snapshot` in one transaction."""
    import psycopg

    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        for table in reversed(_COLUMNS):
            cursor.execute(f"DELETE FROM {table}")
        for table, columns in _COLUMNS.items():
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in _rows(table, snapshot):
                    copy.write_row(row)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _rows(table: str, snapshot: Snapshot) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table."""
    if table == "customers":
        for customer in snapshot.customers:
            yield (
                customer.customer_id,
                customer.email,
                customer.country_code,
                customer.created_at,
                customer.updated_at,
            )
    elif table == "products":
        for product in snapshot.products:
            yield (
                product.sku,
                product.name,
                product.category,
                product.image_url,
                product.updated_at,
            )
    elif table == "orders":
        for order in snapshot.orders_of(SALES_DB):
            yield (
                order.order_id,
                order.customer_id,
                order.status,
                order.currency,
                order.country_code,
                order.shipping,
                order.coupon_code,
                order.is_test,
                order.ordered_at,
                order.updated_at,
            )
    elif table == "order_items":
        for order in snapshot.orders_of(SALES_DB):
            for line in order.lines:
                yield (
                    order.order_id,
                    line.line_number,
                    line.sku,
                    int(line.quantity),
                    line.unit_price,
                    line.unit_cost,
                    line.discount,
                    line.tax,
                )
    elif table == "refunds":
        for refund in snapshot.refunds_of(SALES_DB):
            yield (
                refund.refund_id,
                refund.order_id,
                refund.lines[0].line_number if refund.lines else None,
                int(refund.quantity),
                refund.amount,
                refund.reason,
                refund.refunded_at,
                refund.updated_at,
            )
