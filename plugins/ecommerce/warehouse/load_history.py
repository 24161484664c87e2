"""The warehouse's records of earlier reads: when they began, refunds, partner files, orders. Each function
creates the warehouse's tables on first use, and raises as `schema.prepare`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ecommerce.core.read_window import LoadedFile
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import columns
from ecommerce.warehouse.schema import arrow_type, prepare_once

if TYPE_CHECKING:
    import pyarrow as pa

IDS_PER_QUERY = 10_000
"""Fit into the 10 MB of a query's parameters."""


def last_read(source: str) -> datetime | None:
    """As `core.read_window.Memory.last_read`."""
    rows = _warehouse().query("warehouse/tables/load_audit/last_read.sql", parameters={"source": source})
    return rows[0]["last_read"]


def was_read(source: str, day: date) -> bool:
    """As `core.read_window.Memory.was_read`."""
    path, parameters = "warehouse/tables/load_audit/has_open_read.sql", {"source": source}
    [row] = _warehouse().query(path, parameters=parameters, business_date=day)
    return bool(row["was_read"])


def known_refunds(order_ids: Sequence[str]) -> pa.Table:
    """As `core.read_window.Memory.known_refunds`."""
    return _of_orders("refunds", [column.name for column in columns("refunds")], order_ids)


def known_lines(order_ids: Sequence[str]) -> pa.Table:
    """As `core.read_window.Memory.known_lines`."""
    return _of_orders("order_lines", ["order_id", "line_number", "sku", "category"], order_ids)


def loaded_files(names: Sequence[str], order_ids: Sequence[str] = ()) -> Mapping[str, LoadedFile]:
    """As `core.read_window.Memory.loaded_files`."""
    files: dict[str, LoadedFile] = {}
    if not (names or order_ids):
        return files
    warehouse = _warehouse()

    def query(statement: str, **parameters: list[str]) -> list[tuple[str, LoadedFile]]:
        rows = warehouse.query(f"warehouse/tables/loaded_files/{statement}.sql", parameters=parameters)
        return [
            (
                row["file"],
                LoadedFile(
                    row["sha256"], row["received_at"], row["order_ids"] or [], bool(row.get("was_refused"))
                ),
            )
            for row in rows
        ]

    for start in range(0, len(order_ids), IDS_PER_QUERY):
        for name, file in query("by_order", order_ids=list(order_ids[start : start + IDS_PER_QUERY])):
            before = files[name].order_ids if name in files else []
            files[name] = replace(file, order_ids=[*before, *file.order_ids])
    return files | (dict(query("by_name", files=list(names))) if names else {})


def delivered_files(oldest: date) -> list[str]:
    """As `core.read_window.Memory.delivered_files`."""
    path = "warehouse/tables/loaded_files/since_day.sql"
    return [row["file"] for row in _warehouse().query(path, oldest_day=oldest)]


def read_days(source: str, oldest: date, newest: date) -> list[date]:
    """Return the days from `oldest` to `newest` whose `source` a run has read after they had ended, in
    order."""
    path, parameters = "warehouse/tables/daily_summary/read_days.sql", {"source": source}
    rows = _warehouse().query(path, parameters=parameters, oldest_day=oldest, newest_day=newest)
    return [row["business_date"] for row in rows]


def known_orders(source: str, day: date) -> list[str]:
    """As `core.read_window.Memory.known_orders`."""
    return _order_ids("warehouse/tables/orders/order_ids.sql", source, [day])


def rejected_orders(source: str, day: date) -> list[str]:
    """As `core.read_window.Memory.rejected_orders`."""
    return _order_ids("warehouse/tables/rejected_rows/order_ids.sql", source, [day])


def refunded_orders(source: str, days: Collection[date]) -> list[str]:
    """Return the ids of orders of `source` that have only a refund under `days`."""
    return _order_ids("warehouse/tables/refunds/orders_of_other_days.sql", source, days)


def _of_orders(table: str, names: Collection[str], order_ids: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    if order_ids:
        warehouse = _warehouse()
        for start in range(0, len(order_ids), IDS_PER_QUERY):
            some = list(order_ids[start : start + IDS_PER_QUERY])
            rows += warehouse.query(f"warehouse/tables/{table}/by_order.sql", parameters={"order_ids": some})
    types = {column.name: arrow_type(column) for column in columns(table)}
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, types[name]) for name in names]))


def _order_ids(statement: str, source: str, days: Collection[date]) -> list[str]:
    rows = _warehouse().query(statement, days=days, parameters={"source": source})
    return [row["order_id"] for row in rows]


def _warehouse() -> Warehouse:
    warehouse = connect(step="audit")
    prepare_once(warehouse)
    return warehouse
