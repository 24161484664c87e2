"""Extract of Shopify: whole orders into staging. docs/SOURCES.md describes the raw folder, and which changes
are never read.

The search index only says which orders to read; each is then read by its id, as it is at that moment, with
all lines and refunds. So an order that changes while the lists are read is in its newest state, and one that
the index does not have yet is read by the next run, whose window overlaps.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from more_itertools import chunked

from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    TransientError,
)
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Json
from ecommerce.sources.shopify.bulk import read_in_bulk
from ecommerce.sources.shopify.client import (
    COSTS,
    ShopifyClient,
    between,
)
from ecommerce.sources.shopify.payments import read_payments
from ecommerce.sources.source import Extracted
from ecommerce.storage.duckdb import (
    connect_duckdb,
    query_column,
    run_sql_file,
    set_variables,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ORDER_GID = "gid://shopify/Order/"
"""What an order's global id begins with, before its `legacyResourceId`."""
PER_REQUEST = 100
"""Orders in one request: Shopify allows 250, which are slower to make than to send twice."""
IN_BULK = 20_000
"""More orders than these are read by a bulk operation, which then takes less time."""
COST_SCOPE = "read_inventory"
"""The access scope of the cost of products."""
REACH = timedelta(days=60)
"""How far back an app without the scope `read_all_orders` sees orders."""
MOST = 250
"""Objects of a connection that the documents ask for, the most that Shopify gives at once."""
BATCH = 1000
"""Orders of a bulk operation in one file."""
LOOKS = 4
"""How often an order is read that changes between its pages."""
NUMBERED = {"lineItems": "order_lines", "refundLineItems": "refund_lines"}
"""Connections that are read on, and by which document; the others never have more than `MOST` objects."""
REFUND_CONNECTIONS = ("refundLineItems", "refundShippingLines", "transactions")


def extract_into(conn_id: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read the orders dated in the window's day, or changed in the window, or known, and the payments of the
    window, into the raw folder.

    Raises:
        ConfigurationError: the app may not see orders as old as the window's.
        PipelineError: as `ShopifyClient.ask`.
    """
    import pyarrow as pa
    from pyarrow.parquet import write_table

    client = ShopifyClient.connect(conn_id)
    read_at = datetime.now(UTC)
    day = window.day
    searches = {
        "created": between("processed_at", day.start, day.end),
        "changed": between("updated_at", window.changed_from, window.changed_until),
    }
    facts = client.ask("shop", **searches)
    check_reach(client, facts, day.start, read_at)
    with connect_duckdb() as duck:
        reader = OrderReader(client, folder / "orders")
        count = max(facts[name]["count"] for name in searches)
        # A bulk operation cannot ask for metafields, and fails where a field is hidden.
        is_whole = COST_SCOPE in scopes(facts) and not reader.metafields
        if is_whole and count > IN_BULK:
            # A field may be hidden although the app has its scope.
            with suppress(CredentialsError):
                for search in searches.values():
                    file = folder / "bulk.jsonl"
                    began = read_in_bulk(client, search, duck, file)
                    read_at = min(read_at, began)
                    reader.keep_whole_orders(duck)
                searches = {}
        ids = [f"{ORDER_GID}{order_id}" for order_id in window.also_read]
        for name, search in searches.items():
            page = facts[f"{name}_orders"]
            for nodes in client.pages(page, "order_ids", search, "orders"):
                ids += [node["id"] for node in nodes]
        reader.read(ids)
        currency = facts["shop"]["currencyCode"]
        warnings = read_payments(client, window, currency, folder)
        visible_from = _visible_from(client)
        removed = pa.array(
            _removed(window, reader.order_ids, visible_from), pa.string()
        )
        table = pa.table({"order_id": removed})
        write_table(table, folder / "removed_orders.parquet")
        # The transform needs stored lines for the category of a product that the shop no longer has, or never
        # had; and for the cost of their first read, because Shopify has the cost of today only.
        order_ids = sorted(reader.order_ids)
        lines = window.earlier_reads.known_lines(window.source, order_ids)
        write_table(lines, folder / "known_lines.parquet")
        set_variables(duck, pages=f"{folder}/orders/*.json")
        [totals] = run_sql_file(duck, "extract/shopify/control_totals")
    if personal := client.hidden - COSTS:
        hidden = ", ".join(sorted(personal))
        warnings.append(data_warning("fields_hidden", fields=hidden))
    if client.hidden & COSTS:
        warnings.append(data_warning("costs_hidden"))
    rows = totals.pop("records")
    totals |= {"visible_from": visible_from, "warnings": warnings}
    return Extracted(read_at, rows, totals)


def _removed(
    window: ReadWindow, order_ids: Collection[str], visible_from: int
) -> list[str]:
    """Return the orders of `window.also_read` that the app would see, and that are not among `order_ids`, the
    orders read."""
    missing = {*window.also_read}.difference(order_ids)
    return sorted(order_id for order_id in missing if int(order_id) >= visible_from)


def check_reach(
    client: ShopifyClient,
    facts: Json,
    oldest: datetime,
    now: datetime,
) -> None:
    """Raise a ConfigurationError where the app does not see orders as old as `oldest`."""
    if "read_all_orders" not in scopes(facts) and oldest < now - REACH:
        raise ConfigurationError(
            f"{client.conn_id}: without the access scope read_all_orders, Shopify shows the app only orders "
            f"of the last {REACH.days} days: request that scope; until then, set RECONCILE_DAYS to "
            f"{REACH.days - 1} at most, and the source to optional for runs of older days (Variable "
            "source_policy)"
        )


def _visible_from(client: ShopifyClient) -> int:
    """Return the least order id that the app sees. Ids grow, and an app without the scope `read_all_orders`
    sees no older order: asked for by its id, it is missing like one that was deleted. Asked after the orders,
    because the scope may be withdrawn, and an order grow too old, while they are read."""
    facts = client.ask("oldest_order")
    if "read_all_orders" in scopes(facts):
        return 0
    for oldest in facts["orders"]["nodes"]:
        return int(oldest["legacyResourceId"])
    return sys.maxsize


def scopes(facts: Json) -> set[str]:
    """Return the granted access scopes."""
    return {
        scope["handle"] for scope in facts["currentAppInstallation"]["accessScopes"]
    }


class OrderReader:
    """Reads whole orders by global id, each once, and writes them into files of `folder`."""

    def __init__(
        self,
        client: ShopifyClient,
        folder: Path,
    ) -> None:
        self._client = client
        self._folder = folder
        self._read: set[str] = set()
        self.order_ids: set[str] = set()
        """The orders written, by their `legacyResourceId`."""
        self._numbers = itertools.count()
        self.metafields = []
        for name in load_settings().order_attributes:
            namespace, _, key = name.partition("__")
            if namespace and key:
                self.metafields.append(f"{namespace}.{key}")
        folder.mkdir()
        self._write("[]")

    def read(self, ids: Iterable[str]) -> None:
        """Read the orders of `ids` that were not read before, and that the shop has."""
        new_ids = [gid for gid in dict.fromkeys(ids) if gid not in self._read]
        for batch in chunked(new_ids, PER_REQUEST):
            orders = map(self._completed, self._ask(batch))
            present = list(filter(None, orders))
            self._write(json.dumps(present, ensure_ascii=False))
            self.order_ids.update(order["legacyResourceId"] for order in present)
        self._read.update(new_ids)

    def keep_whole_orders(self, duck: DuckDBPyConnection) -> None:
        """Write the orders of the table bulk_orders that were not read before; read those with refunds."""
        orders = duck.execute("SELECT id, json FROM bulk_orders WHERE NOT has_refunds")
        while rows := orders.fetchmany(BATCH):
            new = {gid: text for gid, text in rows if gid not in self._read}
            self._write(f"[{','.join(new.values())}]")
            self._read.update(new)
            self.order_ids.update(gid.removeprefix(ORDER_GID) for gid in new)
        self.read(query_column(duck, "extract/shopify/refunded_orders"))

    def _write(self, orders: str) -> None:
        file = self._folder / f"{next(self._numbers):06}.json"
        file.write_text(orders, encoding="utf-8")

    def _ask(self, ids: Sequence[str]) -> list[Json | None]:
        """Return the orders of `ids`, in smaller requests where Shopify does not answer one of this size."""
        try:
            answer = self._client.ask(
                "orders_by_id",
                ids=ids,
                metafields=self.metafields,
                with_metafields=bool(self.metafields),
            )
        except TransientError:
            if len(ids) == 1:
                raise
            half = len(ids) // 2
            return self._ask(ids[:half]) + self._ask(ids[half:])
        return answer["nodes"]

    def _completed(self, order: Json | None) -> Json | None:
        """Return the order with all its lines, read again where it changes meanwhile; None where the shop
        does not have it."""
        for _ in range(LOOKS):
            if order is None or self._add_lines(order):
                return order
            name = order["name"]
            [order] = self._ask([order["id"]])
        raise TransientError(
            f"{self._client.conn_id}: the order {name} changed whenever it was read"
        )

    def _add_lines(self, order: Json) -> bool:
        """Add what the connections of an order and its refunds have beyond `MOST` objects; return whether it
        is still the same version of the order."""
        what = f"{self._client.conn_id}: the order {order['name']} cannot be read: it has {MOST} or more"
        # The refunds are a list without pages.
        if len(order["refunds"]) >= MOST:
            raise ContractError(f"{what} refunds")
        connections = [(order, "lineItems"), (order, "shippingLines")]
        for refund in order["refunds"]:
            connections += [(refund, name) for name in REFUND_CONNECTIONS]
        for holder, name in connections:
            page = holder[name]
            nodes = page["nodes"]
            while page["pageInfo"]["hasNextPage"]:
                if name not in NUMBERED:
                    raise ContractError(f"{what} {name}")
                answer = self._client.ask(
                    NUMBERED[name],
                    order=order["id"],
                    id=holder["id"],
                    after=page["pageInfo"]["endCursor"],
                )
                current = answer["order"]
                if current is None or current["updatedAt"] != order["updatedAt"]:
                    return False
                page = answer["holder"][name]
                nodes += page["nodes"]
        return True
