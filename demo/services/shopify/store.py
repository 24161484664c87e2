"""The shop's data, and the file that holds them.

One JSON object per line, in any order:

    {"kind": "shop", "name": "Demo", "currencyCode": "USD", "ianaTimezone": "America/New_York",
     "taxesIncluded": false, "plan": {"publicDisplayName": "Basic"}, "accessScopes": ["read_orders"],
     "protectedData": ["customer", "email"]}
    {"kind": "order", "id": "gid://shopify/Order/101", "legacyResourceId": "101", "lineItems": [{"id": …}], …}
    {"kind": "event", "id": "gid://shopify/BasicEvent/1", "action": "destroy", "subjectType": "ORDER", …}

Orders have the keys of the GraphQL schema, so orders captured from a real shop can be loaded unchanged. A
connection is a list, or still has its wrapper: `{"nodes": […]}` or `{"edges": [{"node": …}]}`. Missing keys
are null, empty, or an amount of 0. An object with only an `id` refers to the order's object with that id.
`ShopifyStore.save` replaces the file atomically, and a running server reloads it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.services.shopify.clock import Clock, stamp, system_clock

Record = dict[str, Any]
"""An object with the keys of the GraphQL schema."""

SCOPES = (
    "read_orders",
    "read_all_orders",
    "read_customers",
    "read_products",
    "read_returns",
)
PROTECTED_DATA = ("customer", "name", "email", "phone", "address")
SHOP: Record = {
    "id": "gid://shopify/Shop/1",
    "name": "Demo",
    "myshopifyDomain": "demo.myshopify.com",
    "currencyCode": "USD",
    "ianaTimezone": "America/New_York",
    "taxesIncluded": False,
    "taxShipping": False,
    "plan": {
        "publicDisplayName": "Basic",
        "partnerDevelopment": False,
        "shopifyPlus": False,
    },
    "accessScopes": list(SCOPES),
    "protectedData": list(PROTECTED_DATA),
}
"""The shop of an empty store; its app has every scope and all levels of protected customer data."""
_EVER = datetime.min.replace(tzinfo=UTC)


def nodes_of(connection: Any) -> list[Record]:
    """Return the items of a stored connection."""
    if isinstance(connection, dict):
        edges = connection.get("edges") or ()
        return list(connection.get("nodes") or [edge["node"] for edge in edges])
    return list(connection or ())


def gid_number(gid: str) -> int:
    """Return the number at the end of a global id, 0 without one."""
    digits = gid.rpartition("/")[2].partition("?")[0]
    return int(digits) if digits.isdecimal() else 0


class ShopifyStore:
    """The shop, its orders by global id, and its events; thread-safe.

    `version` grows with every change. Replace orders, never change them in place: the search index keeps the
    older ones.
    """

    def __init__(
        self,
        orders: Iterable[Record] = (),
        shop: Record | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.version = 0
        self.shop: Record = SHOP | (shop or {})
        self.orders: dict[str, Record] = {}
        self.events: list[Record] = []
        self._owners: dict[str, str] = {}
        self._changes: dict[str, list[tuple[datetime, Record | None]]] = {}
        for order in orders:
            self._replace(order["id"], order, _EVER)

    @classmethod
    def load(cls, path: Path, clock: Clock = system_clock) -> ShopifyStore:
        """Load a file in the layout above."""
        store = cls(clock=clock)
        store.reload(path)
        return store

    def reload(self, path: Path) -> None:
        """Replace the data with those of the file `path`."""
        shop, orders, events = SHOP, {}, []
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                kind = record.pop("kind")
                if kind == "shop":
                    shop = SHOP | record
                elif kind == "event":
                    events.append(record)
                else:
                    orders[record["id"]] = record
        with self.lock:
            at = self.clock() if self.version else _EVER
            for order_id in [
                *self.orders,
                *(each for each in orders if each not in self.orders),
            ]:
                if self.orders.get(order_id) != orders.get(order_id):
                    self._replace(order_id, orders.get(order_id), at)
            self.shop, self.events = shop, events
            self.version += 1

    def save(self, path: Path) -> None:
        """Write the file atomically."""
        partial = path.with_name(f".{path.name}.partial")
        with self.lock, partial.open("w", encoding="utf-8") as stream:
            lines = [{"kind": "shop", **self.shop}]
            lines += [{"kind": "event", **event} for event in self.events]
            for record in lines + [
                {"kind": "order", **order} for order in self.orders.values()
            ]:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        partial.replace(path)

    def put_order(self, order: Record) -> None:
        """Add or replace an order."""
        with self.lock:
            self._replace(order["id"], order, self.clock())

    def update_order(
        self, order_id: str, updated_at: datetime | None = None, **fields: Any
    ) -> None:
        """Set `fields` of an order, and its `updatedAt` to `updated_at` or now."""
        with self.lock:
            updated = {"updatedAt": stamp(updated_at or self.clock())}
            self.put_order(self.orders[order_id] | updated | fields)

    def delete_order(self, order_id: str) -> None:
        """Delete an order; only an event shows that it existed."""
        with self.lock:
            self._replace(order_id, None, self.clock())
            self.events.append(
                {
                    "__typename": "BasicEvent",
                    "id": f"gid://shopify/BasicEvent/{len(self.events) + 1}",
                    "action": "destroy",
                    "subjectId": order_id,
                    "subjectType": "ORDER",
                    "createdAt": stamp(self.clock()),
                    "message": "The order was deleted.",
                }
            )

    def owner(self, gid: str) -> Record | None:
        """Return the order that contains the object `gid`, or is it."""
        return self.orders.get(self._owners.get(gid, gid))

    def find(self, gid: str) -> Record | None:
        """Return the order with the id `gid`, or an object inside an order."""
        owner = self.owner(gid)
        found = [each for each in _objects(owner) if each["id"] == gid] if owner else []
        return max(found, key=len, default=None)

    def indexed(self, lag: timedelta) -> dict[str, Record]:
        """Return the orders as the search index has them: as they were `lag` ago."""
        if not lag:
            return self.orders
        limit = self.clock() - lag
        orders = {}
        for order_id, changes in self._changes.items():
            past = [order for at, order in changes if at <= limit]
            if past and past[-1] is not None:
                orders[order_id] = past[-1]
        return orders

    def _replace(self, order_id: str, order: Record | None, at: datetime) -> None:
        if order is None:
            self.orders.pop(order_id, None)
        else:
            self.orders[order_id] = order
            self._owners.update((each["id"], order_id) for each in _objects(order))
        self._changes.setdefault(order_id, []).append((at, order))
        self.version += 1


def _objects(value: Any) -> Iterator[Record]:
    """Yield `value` and the objects below it that have an id."""
    if isinstance(value, dict):
        if value.get("id"):
            yield value
        for name, child in value.items():
            if isinstance(child, dict | list) and not name.endswith(
                "Set"
            ):  # amounts have no id
                yield from _objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from _objects(child)
