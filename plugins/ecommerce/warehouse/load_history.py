"""The warehouse's records of earlier reads: when they began, refunds, partner files, orders. Each function
creates the warehouse's tables on first use, and raises as `schema.prepare`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from more_itertools import chunked

from ecommerce.core.read_window import EarlierRuns, LoadedFile
from ecommerce.core.values import Row
from ecommerce.warehouse.column_types import parquet_schema
from ecommerce.warehouse.rendering import columns, days_to_read
from ecommerce.warehouse.schema import open_prepared

if TYPE_CHECKING:
    import pyarrow as pa

IDS_PER_QUERY = 10_000
"""Fit into the 10 MB of a query's parameters."""


def earlier_runs(source: str, day: date) -> EarlierRuns:
    """Return what successful runs of a source have read (instants in UTC), and which orders runs for the
    business day `day` have rejected: one query, because a job of BigQuery takes a second."""
    [row] = _query("load_audit/earlier_runs", source, days=[day])
    return EarlierRuns(**row)


def refunded_channels(source: str) -> list[str]:
    """Return the channels of a source that have refunds."""
    return _column("channel", "refunds/channels", source)


def known_lines(source: str, order_ids: Sequence[str]) -> pa.Table:
    """Return order_id, line_number, sku, category, quantity and cost_amount of stored lines of a source, by
    orders."""
    lines = stored_rows("order_lines", source, order_ids, "known_lines")
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
            name = row.pop("file")
            if name in files:
                files[name].order_ids.extend(row["order_ids"])
            else:
                files[name] = LoadedFile(**row)
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
    parameters = {"source": source, **(lists or {})}
    path = f"warehouse/tables/{statement}.sql"
    return open_prepared("audit").query(path, parameters=parameters, **template)


def _column(name: str, statement: str, source: str, **template: Any) -> list[Any]:
    """Return the values of a column of a query; arguments as for `_query`."""
    return [row[name] for row in _query(statement, source, **template)]


def stored_rows(
    table: str, source: str, order_ids: Sequence[str], statement: str = "by_order"
) -> pa.Table:
    """Return the rows of `orders`, `order_lines` or `refunds` for orders of a source. Only days are read
    under which `refunds`, or else `orders`, has rows of the orders."""
    import pyarrow as pa

    kind = "refunds" if table == "refunds" else "orders"
    rows = []
    for batch in chunked(order_ids, IDS_PER_QUERY):
        lists = {"order_ids": batch}
        stored = _query("orders/days_of_orders", source, lists)
        days = [row["business_date"] for row in stored if row["kind"] == kind]
        if days:
            days = days_to_read(days)
            rows += _query(f"{table}/{statement}", source, lists, days=days)
    return pa.Table.from_pylist(rows, schema=parquet_schema(columns(table)))
