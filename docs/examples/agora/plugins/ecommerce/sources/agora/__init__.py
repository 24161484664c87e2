"""The marketplace Agora, connection `agora_api`. Off until its connection exists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from ecommerce.core.check_result import OK, Lines
from ecommerce.core.errors import ContractError
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources.agora.client import AgoraClient, Order
from ecommerce.sources.source import Extracted, Platform
from ecommerce.storage.duckdb import connect_duckdb, run_sql_file


def extract_into(conn_id: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read whole orders into `orders/*.json`, and the ids of deleted ones into `removed_orders.parquet`.

    Raises:
        PipelineError: as `AgoraClient`.
    """
    import duckdb

    client = AgoraClient(conn_id)
    read_at = datetime.now(UTC)
    with connect_duckdb() as duck:
        removed = _read_orders(client, window, folder / "orders")
        duck.execute(
            "COPY (SELECT unnest(?::VARCHAR[]) AS order_id) TO ? (FORMAT parquet)",
            [removed, str(folder / "removed_orders.parquet")],
        )
        duck.execute("SET VARIABLE pages = ?", [f"{folder}/orders/*.json"])
        try:
            [totals] = run_sql_file(duck, "extract/agora/control_totals")
        except duckdb.Error:
            # Its text may quote a customer.
            raise ContractError(
                f"{conn_id}: GET /orders: an order has another structure"
            ) from None
    return Extracted(read_at, totals["source_orders"], totals)


def _read_orders(client: AgoraClient, window: ReadWindow, folder: Path) -> list[str]:
    """Write the pages into `folder`; return the ids of known orders that were deleted."""
    numbers = count()
    read: set[str] = set()

    def write(orders: list[Order]) -> None:
        unread = []
        for order in orders:
            order_id = _id_of(client, order)
            if order_id not in read:
                read.add(order_id)
                unread.append(order)
        (folder / f"{next(numbers):06}.json").write_text(json.dumps(unread))

    folder.mkdir()
    # A day without orders has a file, too.
    write([])
    day = window.day
    for page in client.pages(created_since=day.start, created_until=day.end):
        write(page)
    since = window.changed_from
    for page in client.pages(updated_since=since, updated_until=window.changed_until):
        write(page)
    removed = []
    for order_id in sorted({*window.also_read} - read):
        order = client.order(order_id)
        if order:
            write([order])
        else:
            removed.append(order_id)
    return removed


def _id_of(client: AgoraClient, order: Order) -> str:
    """Return the id of an order; ContractError where it has none."""
    if not isinstance(order, dict) or not order.get("id"):
        raise ContractError(f"{client.conn_id}: GET /orders: an order has no id")
    return str(order["id"])


def check(conn_id: str) -> Lines:
    """Count the orders that changed in the last hour; raises as `AgoraClient`."""
    since = datetime.now(UTC) - timedelta(hours=1)
    orders = 0
    for page in AgoraClient(conn_id).pages(updated_since=since):
        orders += len(page)
    yield OK, f"orders changed in the last hour: {orders}"


AGORA = Platform(
    name="agora",
    subject="agora_api",
    extract_into=extract_into,
    check=check,
    has_shops=True,
    limits="Agora: an order that is deleted is found only by reconciliation, which "
    "compares the orders of the last {reconcile_days}.",
    # The marketplace's clock may differ from ours.
    overlap=timedelta(minutes=10),
    reconciled=True,
    synced=True,
    needs_connection=True,
)
