"""The shop's data, and the file that holds them.

One JSON object per line, in any order:

    {"kind": "shop", "name": "Demo", "currencyCode": "USD", "ianaTimezone": "America/New_York",
     "accessScopes": ["read_orders"], "protectedData": ["customer", "email"]}
    {"kind": "order", "id": "gid://shopify/Order/101", "legacyResourceId": "101", "lineItems": [{"id": …}], …}
    {"kind": "balanceTransaction", "id": "gid://shopify/ShopifyPaymentsBalanceTransaction/9", …}
    {"kind": "payout", "id": "gid://shopify/ShopifyPaymentsPayout/20261127", …}

They have the keys of the GraphQL schema; a connection is a list, and a missing key is null. Instants are
in UTC and full seconds: `2026-11-02T05:30:00Z`. `ShopifyStore.save` replaces the file atomically, and a
running server reloads it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from demo.services.shopify.clock import Clock, stamp, system_clock

Record = dict[str, Any]
"""An object with the keys of the GraphQL schema."""

SCOPES = (
    "read_orders",
    "read_all_orders",
    "read_customers",
    "read_inventory",
    "read_products",
    "read_returns",
    "read_shopify_payments_accounts",
    "read_shopify_payments_payouts",
)
PROTECTED_DATA = ("customer", "email", "address")
SHOP: Record = {
    "name": "Demo",
    "currencyCode": "USD",
    "ianaTimezone": "America/New_York",
    "accessScopes": list(SCOPES),
    "protectedData": list(PROTECTED_DATA),
    "hasShopifyPayments": True,
}
"""The shop of an empty store; its app has every scope and all levels of protected customer data."""
REACH = timedelta(days=60)
"""Orders that were created earlier are invisible without the scope read_all_orders."""


class ShopifyStore:
    """The shop, its orders by global id, its balance transactions and payouts; thread-safe.

    Replace records, never change them in place: another thread may be reading them. What `shop`
    has replaces the shop's data in files.
    """

    def __init__(
        self,
        orders: Iterable[Record] = (),
        shop: Record | None = None,
        clock: Clock = system_clock,
        balance_transactions: Iterable[Record] = (),
        payouts: Iterable[Record] = (),
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self._fixed = shop or {}
        self.shop: Record = SHOP | self._fixed
        self.orders: dict[str, Record] = {order["id"]: order for order in orders}
        self.balance_transactions = list(balance_transactions)
        self.payouts = list(payouts)

    def reload(self, path: Path) -> None:
        """Replace the data with those of the file `path`."""
        shop: Record = {}
        records: dict[str, list[Record]] = {}
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                kind = record.pop("kind")
                if kind == "shop":
                    shop = record
                else:
                    records.setdefault(kind, []).append(record)
        with self.lock:
            self.shop = SHOP | shop | self._fixed
            self.orders = {order["id"]: order for order in records.get("order", [])}
            self.balance_transactions = records.get("balanceTransaction", [])
            self.payouts = records.get("payout", [])

    def save(self, path: Path) -> None:
        """Write the file atomically."""
        partial = path.with_name(f".{path.name}.partial")
        with self.lock, partial.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps({"kind": "shop", **self.shop}) + "\n")
            for kind, records in (
                ("order", self.orders.values()),
                ("balanceTransaction", self.balance_transactions),
                ("payout", self.payouts),
            ):
                for record in records:
                    stream.write(json.dumps({"kind": kind, **record}) + "\n")
        partial.replace(path)

    def is_visible(self, order: Record) -> bool:
        """Whether the app may see an order."""
        if "read_all_orders" in self.shop["accessScopes"]:
            return True
        return bool(order["createdAt"] >= stamp(self.clock() - REACH))

    def visible_orders(self) -> list[Record]:
        """Return the orders that the app may see."""
        return [order for order in self.orders.values() if self.is_visible(order)]

    def visible_order(self, gid: str) -> Record | None:
        """Return the order with a global id, if the app may see it."""
        order = self.orders.get(gid)
        return order if order and self.is_visible(order) else None

    def visible_transaction(self, gid: str) -> Record | None:
        """Return the order transaction with a global id, if the app may see its order."""
        for order in self.visible_orders():
            transactions: list[Record] = order["transactions"]
            for transaction in transactions:
                if transaction["id"] == gid:
                    return transaction
        return None

    def visible_refund(self, gid: str) -> Record | None:
        """Return the refund with a global id, if the app may see its order."""
        for order in self.visible_orders():
            refunds: list[Record] = order["refunds"]
            for refund in refunds:
                if refund["id"] == gid:
                    return refund
        return None
