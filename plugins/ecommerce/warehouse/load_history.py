"""The warehouse's records of earlier reads: when they began, refunds, partner files, orders. Each function
creates the warehouse's tables on first use, and raises as `schema.prepare`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import columns, in_few_ranges
from ecommerce.warehouse.schema import arrow_schema, prepare_once

IDS_PER_QUERY = 10_000
"""Fit into the 10 MB of a query's parameters."""


def last_read(source: str) -> datetime | None:
    """Return when the last successful read without upper bound began (UTC); None before the first."""
    [row] = _query("load_audit/last_read", parameters={"source": source})
    return row["last_read"]


def was_read(source: str, day: date) -> bool:
    """Return whether a run for the business day `day` has read `source` without upper bound."""
    [row] = _query(
        "load_audit/has_open_read", parameters={"source": source}, business_date=day
    )
    return bool(row["was_read"])


def known_refunds(source: str, order_ids: Sequence[str]) -> Any:
    """Return the rows of the table `refunds` for orders of a source, as an Arrow table."""
    return _of_orders(
        "refunds",
        "refunds",
        [column.name for column in columns("refunds")],
        source,
        order_ids,
    )


def known_lines(source: str, order_ids: Sequence[str]) -> Any:
    """Return order_id, line_number, sku and category of the stored lines of orders of a source."""
    names = ["order_id", "line_number", "sku", "category"]
    return _of_orders("order_lines", "orders", names, source, order_ids)


def loaded_files(
    source: str, names: Sequence[str], order_ids: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Return sha256, received_at, order_ids and was_refused (a later delivery was invalid) of loaded files of
    a source by name, and of files with orders of `order_ids`, listing these only."""
    files: dict[str, dict[str, Any]] = {}
    for row in _by_order("loaded_files", source, order_ids):
        file = files.setdefault(
            row["file"], row | {"order_ids": [], "was_refused": False}
        )
        file["order_ids"] += row["order_ids"]
    parameters = {"source": source, "files": list(names)}
    by_name = _query("loaded_files/by_name", parameters=parameters) if names else []
    return files | {row["file"]: row for row in by_name}


def delivered_files(source: str, oldest: date) -> list[str]:
    """Return the names of the files of a source that runs for `oldest` and later days have loaded."""
    rows = _query(
        "loaded_files/since_day", parameters={"source": source}, oldest_day=oldest
    )
    return [row["file"] for row in rows]


def read_days(source: str, oldest: date, newest: date) -> list[date]:
    """Return the days from `oldest` to `newest` whose `source` a run has read after they had ended, in
    order."""
    parameters = {"source": source}
    rows = _query(
        "daily_summary/read_days",
        parameters=parameters,
        oldest_day=oldest,
        newest_day=newest,
    )
    return [row["business_date"] for row in rows]


def known_orders(source: str, day: date) -> list[str]:
    """Return the ids of the orders of `source` that are stored under `day`, or have a refund there."""
    return _order_ids("orders/order_ids", source, [day])


def rejected_orders(source: str, day: date) -> list[str]:
    """Return the ids of orders with rows that runs for `day` rejected, and no later run accepted."""
    return _order_ids("rejected_rows/order_ids", source, [day])


def refunded_orders(source: str, days: Collection[date]) -> list[str]:
    """Return the ids of orders of `source` that have only a refund under `days`."""
    return _order_ids("refunds/orders_of_other_days", source, days)


def _opened() -> Warehouse:
    warehouse = connect(step="audit")
    prepare_once(warehouse)
    return warehouse


def _query(statement: str, **arguments: Any) -> list[dict[str, Any]]:
    return _opened().query(f"warehouse/tables/{statement}.sql", **arguments)


def _order_ids(statement: str, source: str, days: Collection[date]) -> list[str]:
    return [
        row["order_id"]
        for row in _query(statement, days=days, parameters={"source": source})
    ]


def _by_order(
    table: str, source: str, order_ids: Sequence[str], days_of: str = ""
) -> list[dict[str, Any]]:
    """Return the rows of `table` for orders of a source.

    With `days_of`, `orders` or `refunds`, the query reads only the days on which that table has rows of the
    orders.
    """
    warehouse = _opened()
    rows: list[dict[str, Any]] = []
    for start in range(0, len(order_ids), IDS_PER_QUERY):
        batch = list(order_ids[start : start + IDS_PER_QUERY])
        parameters = {"source": source, "order_ids": batch}
        days = None
        if days_of:
            days = _days_of_orders(warehouse, days_of, parameters)
            if not days:
                continue
        statement = f"warehouse/tables/{table}/by_order.sql"
        rows += warehouse.query(statement, days=days or [], parameters=parameters)
    return rows


def _days_of_orders(
    warehouse: Warehouse, kind: str, parameters: Mapping[str, Any]
) -> list[date]:
    rows = warehouse.query(
        "warehouse/tables/orders/days_of_orders.sql", parameters=parameters
    )
    return in_few_ranges([row["business_date"] for row in rows if row["kind"] == kind])


def _of_orders(
    table: str,
    days_of: str,
    names: Collection[str],
    source: str,
    order_ids: Sequence[str],
) -> Any:
    import pyarrow as pa

    rows = _by_order(table, source, order_ids, days_of)
    return pa.Table.from_pylist(rows, schema=arrow_schema(table, names))
