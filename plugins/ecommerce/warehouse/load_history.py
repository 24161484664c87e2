"""The warehouse's records of earlier reads: when they began, refunds, partner files, orders. Each function
creates the warehouse's tables on first use, and raises as `schema.prepare`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from more_itertools import chunked

from ecommerce.core.read_window import LoadedFile
from ecommerce.core.values import Row
from ecommerce.warehouse.column_types import parquet_schema
from ecommerce.warehouse.rendering import columns, days_to_read
from ecommerce.warehouse.schema import open_prepared

if TYPE_CHECKING:
    import pyarrow as pa

IDS_PER_QUERY = 10_000
"""Fit into the 10 MB of a query's parameters."""


def last_read(source: str) -> datetime | None:
    """Return when the last successful read without upper bound began (UTC); None before the first."""
    [row] = _query("load_audit/last_read", source)
    return row["last_read"]


def was_read(source: str, day: date) -> bool:
    """Return whether a run for the business day `day` has read `source` without upper bound."""
    [row] = _query("load_audit/has_open_read", source, business_date=day)
    return bool(row["was_read"])


def refunded_channels(source: str) -> list[str]:
    """Return the channels of a source that have refunds."""
    return _column("channel", "refunds/channels", source)


def known_refunds(source: str, order_ids: Sequence[str]) -> pa.Table:
    """Return the rows of the table `refunds` for orders of a source."""
    return _rows_of_orders("refunds", "refunds", source, order_ids)


def stored_orders(source: str, order_ids: Sequence[str]) -> pa.Table:
    """Return the rows of the table `orders` for orders of a source."""
    return _rows_of_orders("orders", "orders", source, order_ids)


def stored_lines(source: str, order_ids: Sequence[str]) -> pa.Table:
    """Return the rows of the table `order_lines` for orders of a source."""
    statement = "order_lines/stored_by_order"
    return _rows_of_orders("order_lines", "orders", source, order_ids, statement)


def known_lines(source: str, order_ids: Sequence[str]) -> pa.Table:
    """Return order_id, line_number, sku, category, quantity and cost_amount of stored lines of a source, by
    orders."""
    lines = _rows_of_orders("order_lines", "orders", source, order_ids)
    return lines.select(
        ["order_id", "line_number", "sku", "category", "quantity", "cost_amount"]
    )


def loaded_files(
    source: str,
    names: Sequence[str],
    order_ids: Iterable[str] = (),
) -> dict[str, LoadedFile]:
    """Return loaded files of a source by name, and files with orders of `order_ids`, with these only."""
    files: dict[str, LoadedFile] = {}
    for batch in chunked(order_ids, IDS_PER_QUERY):
        for row in _query("loaded_files/by_order", source, {"order_ids": batch}):
            known = files.setdefault(
                row["file"], LoadedFile(row["sha256"], row["received_at"], [])
            )
            known.order_ids.extend(row["order_ids"])
    if names:
        for row in _query("loaded_files/by_name", source, {"files": names}):
            name = row.pop("file")
            files[name] = LoadedFile(**row)
    return files


def delivered_files(source: str, oldest: date) -> list[str]:
    """Return the names of the files of a source that runs for `oldest` and later days have loaded."""
    return _column("file", "loaded_files/since_day", source, oldest_day=oldest)


def read_days(
    source: str,
    oldest: date,
    newest: date,
) -> list[date]:
    """Return the days from `oldest` to `newest` whose `source` a run has read after they had ended, in
    order."""
    return _column(
        "business_date",
        "daily_summary/read_days",
        source,
        oldest_day=oldest,
        newest_day=newest,
    )


def known_orders(source: str, day: date) -> list[str]:
    """Return the ids of the orders of `source` that are stored under `day`, or have a refund there."""
    return _column("order_id", "orders/order_ids", source, days=[day])


def rejected_orders(source: str, day: date) -> list[str]:
    """Return the ids of orders with rows that runs for `day` rejected, and no later run accepted."""
    return _column("order_id", "rejected_rows/order_ids", source, days=[day])


def refunded_orders(source: str, days: Collection[date]) -> list[str]:
    """Return the ids of orders of `source` that have only a refund under `days`."""
    return _column("order_id", "refunds/orders_of_other_days", source, days=days)


def _query(
    statement: str,
    source: str,
    lists: Row | None = None,
    **template: Any,
) -> list[Row]:
    """Query what is stored of a source; `lists` are further parameters, `template` as for
    `Warehouse.query`."""
    path = f"warehouse/tables/{statement}.sql"
    warehouse = open_prepared("audit")
    return warehouse.query(
        path, parameters={"source": source, **(lists or {})}, **template
    )


def _column(name: str, statement: str, source: str, **template: Any) -> list[Any]:
    """Return the values of a column of a query; arguments as for `_query`."""
    return [row[name] for row in _query(statement, source, **template)]


def _rows_of_orders(
    table: str,
    dated_by: str,
    source: str,
    order_ids: Sequence[str],
    statement: str = "",
) -> pa.Table:
    """Return the rows of `table` for orders of a source, by `statement` (default: its `by_order`). Only the
    days are read under which the table `dated_by`, `orders` or `refunds`, has rows of the orders."""
    import pyarrow as pa

    rows = []
    for batch in chunked(order_ids, IDS_PER_QUERY):
        named = {"order_ids": batch}
        stored = _query("orders/days_of_orders", source, named)
        days = [row["business_date"] for row in stored if row["kind"] == dated_by]
        if days:
            path = statement or f"{table}/by_order"
            rows += _query(path, source, named, days=days_to_read(days))
    return pa.Table.from_pylist(rows, schema=parquet_schema(columns(table)))
