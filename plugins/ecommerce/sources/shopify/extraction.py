"""Extract of Shopify: whole orders into staging. docs/SOURCES.md describes the raw folder, and which changes
are never read.

The search index only says which orders to read; each is then read by its id, as it is at that moment, with
all lines and refunds. So an order that changes while the lists are read is in its newest state, and one that
the index does not have yet is read by the next run, whose window overlaps.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from ecommerce.core.data_warnings import data_warning
from ecommerce.core.errors import ConfigurationError, ContractError, TransientError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources.shopify.bulk import bulk_orders, read_in_bulk
from ecommerce.sources.shopify.client import (
    CONNECTION,
    ShopifyClient,
    TooExpensiveError,
)
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query

SQL = "extract/shopify"
PER_REQUEST = 100
"""Orders in one request: Shopify allows 250, which are slower to make than to send twice."""
IN_BULK = 20_000
"""More orders than these are read by a bulk operation, which then takes less time."""
REACH = timedelta(days=60)
"""How far back an app without the scope `read_all_orders` sees orders."""
LINES, FEW, MOST = 50, 10, 250
"""Objects of a connection that are read with their order; the most that Shopify gives at once."""
LOOKS = 4
"""How often an order is read that changes between its pages."""
SORT_KEYS = {"created": "PROCESSED_AT", "changed": "UPDATED_AT"}
NUMBERED = {"lineItems": "order_lines", "refundLineItems": "refund_lines"}
"""Connections that are read on, and by which document; the others never have more than `MOST` objects."""
COLUMNS = (
    "legacyResourceId test processedAt updatedAt cancelledAt displayFinancialStatus displayFulfillmentStatus "
    "taxesIncluded currencyCode discountCodes email customer totalPriceSet currentTotalPriceSet totalTaxSet "
    "additionalFees shippingLines lineItems refunds"
)

Order = dict[str, Any]


def extract(window: ReadWindow) -> staging.Manifest:
    """Read the orders dated in the window's day, or changed in the window, or known, into its folder.

    Raises:
        ConfigurationError: the app may not see orders as old as the window's.
        PipelineError: as `ShopifyClient.ask`.
    """
    client = ShopifyClient.connect()
    read_at = datetime.now(UTC)
    searches = _searches(window, read_at)
    facts = client.ask("shop", **searches)
    check_reach(facts, window.day.start, read_at)
    with staging.publish(window.folder) as draft, connect_duckdb() as duck:
        reader = OrderReader(client, draft.path / "orders")
        is_small = max(facts[name]["count"] for name in searches) <= IN_BULK
        if (
            is_small or reader.with_metafields
        ):  # which the document of a bulk operation cannot ask for
            reader.read(_ids(client, searches))
        else:
            # Without the time of this attempt, so that the next one finds the operation by its text.
            for search in _searches(window, None).values():
                read_at = min(
                    read_at,
                    read_in_bulk(client, search, duck, draft.path / "bulk.jsonl"),
                )
                reader.keep(bulk_orders(duck, with_refunds=False))
                refunded = bulk_orders(duck, with_refunds=True)
                reader.read(order["id"] for orders in refunded for order in orders)
        missing = reader.read(map(_gid, window.known_orders))
        visible_from = _visible_from(client)
        removed = [order_id for order_id in missing if int(order_id) >= visible_from]
        duck.execute(
            "COPY (SELECT unnest(?::VARCHAR[]) AS order_id) TO ? (FORMAT parquet)",
            [sorted(removed), str(draft.path / "removed_orders.parquet")],
        )
        duck.execute("SET VARIABLE pages = ?", [f"{draft.path}/orders/*.json"])
        in_doubt = [
            row["order_id"] for row in query(duck, f"{SQL}/orders_without_product")
        ]
        [totals] = query(duck, f"{SQL}/control_totals")
        _write_known_lines(window, in_doubt, draft.path)
        hidden = ", ".join(sorted(client.hidden))
        warnings = [data_warning("fields_hidden", fields=hidden)] if hidden else []
        draft.seal(
            **window.facts(read_at),
            rows=totals.pop("records"),
            columns={
                "orders/*.json": COLUMNS.split(),
                "removed_orders.parquet": ["order_id"],
            }
            | {"known_lines.parquet": ["order_id", "line_number", "sku", "category"]},
            control_totals=totals
            | {"visible_from": visible_from, "warnings": warnings},
        )
    return staging.read_manifest(window.folder)


def _searches(window: ReadWindow, until: datetime | None) -> dict[str, str]:
    """The two searches: by the date of an order, and by that of its last change, which ends at `until` where
    the window is open. Without quotes, Shopify cuts an instant at its colons and finds something else."""

    start, end = _instant(window.day.start), _instant(window.day.end)
    changed = f"updated_at:>='{_instant(window.changed_from)}'"
    changed_until = window.changed_until or until
    if changed_until:
        changed += f" updated_at:<='{_instant(changed_until)}'"
    return {
        "created": f"processed_at:>='{start}' processed_at:<='{end}'",
        "changed": changed,
    }


def _instant(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def check_reach(facts: dict[str, Any], oldest: datetime, now: datetime) -> None:
    """Raise a ConfigurationError where the app does not see orders as old as `oldest`."""
    if "read_all_orders" not in scopes(facts) and oldest < now - REACH:
        raise ConfigurationError(
            f"{CONNECTION}: without the access scope read_all_orders, Shopify shows the app only orders of "
            f"the last {REACH.days} days: request that scope; until then, set RECONCILE_DAYS to "
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
    return min(
        (int(order["legacyResourceId"]) for order in facts["orders"]["nodes"]),
        default=sys.maxsize,
    )


def scopes(facts: dict[str, Any]) -> set[str]:
    """Return the granted access scopes."""
    return {
        scope["handle"] for scope in facts["currentAppInstallation"]["accessScopes"]
    }


def _ids(client: ShopifyClient, searches: dict[str, str]) -> list[str]:
    """Return the ids of the orders that the searches find, each once."""
    ids = []
    for name, search in searches.items():
        after = None
        while True:
            page = client.ask(
                "order_ids", search=search, sort=SORT_KEYS[name], after=after
            )["orders"]
            ids += [node["id"] for node in page["nodes"]]
            after = next_cursor(page, after, f"{CONNECTION}: the list of {name} orders")
            if not after:
                break
    return list(dict.fromkeys(ids))


def next_cursor(page: dict[str, Any], after: str | None, what: str) -> str | None:
    """Return the cursor of the next page of `what`, None after the last one; a TransientError where the page
    after the cursor `after` ends with it again, which would never end."""
    if not page["pageInfo"]["hasNextPage"]:
        return None
    cursor: str = page["pageInfo"]["endCursor"]
    if cursor == after:
        raise TransientError(f"{what} does not go on")
    return cursor


class OrderReader:
    """Reads whole orders by id, each once, and writes them into files of `folder`."""

    def __init__(self, client: ShopifyClient, folder: Path) -> None:
        self._client, self._folder = client, folder
        self._read: set[str] = set()
        self._files = 0
        parts = [name.partition("__") for name in load_settings().order_attributes]
        wanted = [
            f"{namespace}.{key}" for namespace, _, key in parts if namespace and key
        ]
        self.with_metafields = bool(wanted)
        self._options: dict[str, Any] = {
            "metafields": wanted,
            "with_metafields": bool(wanted),
        }
        folder.mkdir()
        (folder / "000000.json").write_text("[]")

    def read(self, ids: Iterable[str]) -> set[str]:
        """Read the orders of `ids` that were not read before; return the order ids of those that the shop
        does not have."""
        missing, rest = set[str](), iter(ids)
        while some := list(islice(rest, PER_REQUEST)):
            batch = [each for each in dict.fromkeys(some) if each not in self._read]
            self._read.update(batch)
            orders = self._orders(batch)
            self._write([self._completed(order) for order in orders if order])
            missing |= {
                gid.rpartition("/")[2]
                for gid, order in zip(batch, orders, strict=True)
                if not order
            }
        return missing

    def keep(self, batches: Iterable[Sequence[Order]]) -> None:
        """Write orders that are whole, unless they were read before."""
        for orders in batches:
            self._write([order for order in orders if order["id"] not in self._read])
            self._read.update(order["id"] for order in orders)

    def _write(self, orders: Sequence[Order]) -> None:
        self._files += 1
        text = json.dumps(orders, ensure_ascii=False)
        (self._folder / f"{self._files:06}.json").write_text(text, encoding="utf-8")

    def _orders(self, ids: Sequence[str]) -> list[Order | None]:
        """The orders of `ids`, in fewer requests where that is not too expensive."""
        try:
            answer = self._client.ask(
                "orders_by_id", ids=ids, lines=LINES, few=FEW, **self._options
            )
        except (TooExpensiveError, TransientError):
            if len(ids) == 1:
                raise
            half = len(ids) // 2
            return self._orders(ids[:half]) + self._orders(ids[half:])
        orders: list[Order | None] = answer["nodes"]
        return orders

    def _completed(self, order: Order) -> Order:
        """The order with all objects of its connections."""
        for _ in range(LOOKS):
            if not _cut(order):
                return order
            larger = {"lines": MOST, "few": MOST}
            [whole] = self._client.ask(
                "orders_by_id", ids=[order["id"]], **larger, **self._options
            )["nodes"]
            if whole is None:
                raise TransientError(
                    f"{CONNECTION}: the order {order['name']} was deleted while it was read"
                )
            order = whole
            if all(self._read_on(order, holder, name) for holder, name in _cut(order)):
                return order
        raise TransientError(
            f"{CONNECTION}: the order {order['name']} changed whenever it was read"
        )

    def _read_on(self, order: Order, holder: dict[str, Any], name: str) -> bool:
        """Add what a connection has beyond `MOST` objects; return whether the order stayed the same."""
        what = f"{CONNECTION}: the list of {name} of the order {order['name']}"
        if name not in NUMBERED:
            raise ContractError(f"{what} has more than {MOST} entries")
        nodes = holder[name]["nodes"]
        after = holder[name]["pageInfo"]["endCursor"]
        while after:
            answer = self._client.ask(
                NUMBERED[name], order=order["id"], id=holder["id"], after=after
            )
            if (
                not answer["order"]
                or answer["order"]["updatedAt"] != order["updatedAt"]
            ):
                return False
            page = answer["holder"][name]
            known = {node.get("id") for node in nodes}
            nodes += [
                node
                for node in page["nodes"]
                if "id" not in node or node["id"] not in known
            ]
            after = next_cursor(page, after, what)
        return True


def _cut(order: Order) -> list[tuple[dict[str, Any], str]]:
    """Return the connections that have more than was read: the objects that hold them, and their names. The
    refunds are a list without pages: a full one is an error."""
    if len(order["refunds"]) >= MOST:
        raise ContractError(
            f"{CONNECTION}: the order {order['name']} has {MOST} refunds or more"
        )
    cut = []
    for holder in (order, *order["refunds"]):
        for name, value in holder.items():
            if (
                isinstance(value, dict)
                and "pageInfo" in value
                and value["pageInfo"]["hasNextPage"]
            ):
                cut.append((holder, name))
    return cut


def _gid(order_id: str) -> str:
    return f"gid://shopify/Order/{order_id}"


def _write_known_lines(window: ReadWindow, order_ids: list[str], folder: Path) -> None:
    from pyarrow.parquet import write_table

    write_table(
        window.memory.known_lines(window.source, order_ids),
        folder / "known_lines.parquet",
    )
