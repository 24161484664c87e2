"""The warehouse's records of earlier reads: when they began, refunds, partner files, orders. Each function
creates the warehouse's tables on first use, and raises as `schema.prepare`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from ecommerce.core.read_window import LoadedFile
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.rendering import columns
from ecommerce.warehouse.schema import arrow_schema, prepare_once

IDS_PER_QUERY = 10_000
"""Fit into the 10 MB of a query's parameters."""


def last_read(source: str) -> datetime | None:
    """As `core.read_window.Memory.last_read`."""
    [row] = _query("load_audit/last_read", parameters={"source": source})
    return row["last_read"]


def was_read(source: str, day: date) -> bool:
    """As `core.read_window.Memory.was_read`."""
    [row] = _query("load_audit/has_open_read", parameters={"source": source}, business_date=day)
    return bool(row["was_read"])


def known_refunds(order_ids: Sequence[str]) -> Any:
    """As `core.read_window.Memory.known_refunds`."""
    return _of_orders("refunds", [column.name for column in columns("refunds")], order_ids)


def known_lines(order_ids: Sequence[str]) -> Any:
    """As `core.read_window.Memory.known_lines`."""
    return _of_orders("order_lines", ["order_id", "line_number", "sku", "category"], order_ids)


def loaded_files(names: Sequence[str], order_ids: Sequence[str] = ()) -> Mapping[str, LoadedFile]:
    """As `core.read_window.Memory.loaded_files`."""
    files: dict[str, LoadedFile] = {}
    for row in _by_order("loaded_files", order_ids):
        name, file = row["file"], _file(row)
        before = files[name].order_ids if name in files else []
        files[name] = replace(file, order_ids=[*before, *file.order_ids])
    by_name = _query("loaded_files/by_name", parameters={"files": list(names)}) if names else []
    return files | {row["file"]: _file(row) for row in by_name}


def delivered_files(oldest: date) -> list[str]:
    """As `core.read_window.Memory.delivered_files`."""
    return [row["file"] for row in _query("loaded_files/since_day", oldest_day=oldest)]


def read_days(source: str, oldest: date, newest: date) -> list[date]:
    """Return the days whose `source` a run has read after they had ended, in order.

    Args:
        source: its name.
        oldest: the first day of the search.
        newest: the last one.
    """
    parameters = {"source": source}
    rows = _query("daily_summary/read_days", parameters=parameters, oldest_day=oldest, newest_day=newest)
    return [row["business_date"] for row in rows]


def known_orders(source: str, day: date) -> list[str]:
    """As `core.read_window.Memory.known_orders`."""
    return _order_ids("orders/order_ids", source, [day])


def rejected_orders(source: str, day: date) -> list[str]:
    """As `core.read_window.Memory.rejected_orders`."""
    return _order_ids("rejected_rows/order_ids", source, [day])


def refunded_orders(source: str, days: Collection[date]) -> list[str]:
    """Return the ids of orders of `source` that have only a refund under `days`."""
    return _order_ids("refunds/orders_of_other_days", source, days)


def _query(statement: str, **arguments: Any) -> list[dict[str, Any]]:
    warehouse = connect(step="audit")
    prepare_once(warehouse)
    return warehouse.query(f"warehouse/tables/{statement}.sql", **arguments)


def _order_ids(statement: str, source: str, days: Collection[date]) -> list[str]:
    return [row["order_id"] for row in _query(statement, days=days, parameters={"source": source})]


def _by_order(table: str, order_ids: Sequence[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for start in range(0, len(order_ids), IDS_PER_QUERY):
        some = list(order_ids[start : start + IDS_PER_QUERY])
        rows += _query(f"{table}/by_order", parameters={"order_ids": some})
    return rows


def _of_orders(table: str, names: Collection[str], order_ids: Sequence[str]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(_by_order(table, order_ids), schema=arrow_schema(table, names))


def _file(row: Mapping[str, Any]) -> LoadedFile:
    refused = bool(row.get("was_refused"))
    return LoadedFile(row["sha256"], row["received_at"], row["order_ids"] or [], refused)
