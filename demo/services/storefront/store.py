"""The storefront's data, and the file that holds them.

One JSON object per line, in any order:

    {"kind": "product", "id": 11, "sku": "MUG-1", "name": "Mug", "categories": ["Kitchen"],
     "modified_at": "2026-11-01T10:00:00Z"}
    {"kind": "order", "id": 101, "status": "completed", "created_at": "2026-11-02T05:30:00Z",
     "currency": "USD", "customer_id": 7, "email": "ann@example.com", "country": "US", "coupon_code": null,
     "shipping": "4.95", "fee": "0", "paid_at": "2026-11-02T05:31:00Z", "payment_method": "stripe",
     "meta": {"_stripe_fee": "0.84"},
     "lines": [{"id": 901, "product_id": 11, "sku": "MUG-1", "name": "Mug", "quantity": "2",
                "subtotal": "20.00", "total": "18.00", "tax": "1.44"}],
     "refunds": [{"id": 102, "created_at": "2026-11-03T09:00:00Z", "amount": "9.72", "reason": "chipped",
                  "deleted": false,
                  "lines": [{"id": 903, "line_id": 901, "quantity": "1", "total": "9.00", "tax": "0.72"}]}],
     "changes": [["2026-11-02T08:00:00Z", "status"]]}

`coupon_code` has several codes joined by commas. Instants are UTC. Amounts and quantities are decimal
strings, positive in refunds too. Fields with a default value in the classes below are optional. `changes`
lists when an order changed after its creation, without its refunds: its `status`, or a `line` and with it the
total. Which changes update `date_modified` depends on the WooCommerce version, so one file serves all
versions. `WooStore.save` replaces the file atomically, and a running server reloads it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter


@dataclass
class WooLine:
    """A line item; amounts exclude tax, `subtotal` is before coupons and `total` after them."""

    id: int
    product_id: int
    sku: str | None
    name: str
    quantity: Decimal
    subtotal: Decimal
    total: Decimal
    tax: Decimal = Decimal(0)
    cost: Decimal | None = None
    """Cost of goods sold; None where the shop has not switched this on."""


@dataclass
class WooRefundLine:
    """The part of a refund for one line item; positive."""

    id: int
    line_id: int
    quantity: Decimal
    total: Decimal
    tax: Decimal = Decimal(0)


@dataclass
class WooRefund:
    """A refund; `amount` is positive and includes tax."""

    id: int
    created_at: datetime
    amount: Decimal
    reason: str = ""
    lines: list[WooRefundLine] = field(default_factory=list)
    deleted: bool = False
    by_gateway: bool = False
    """Whether WooCommerce had the provider pay it back."""


@dataclass
class WooOrder:
    """An order; `created_at` is None for a draft without date."""

    id: int
    created_at: datetime | None
    status: str = "processing"
    lines: list[WooLine] = field(default_factory=list)
    refunds: list[WooRefund] = field(default_factory=list)
    currency: str = "USD"
    customer_id: int = 0
    email: str = ""
    country: str = ""
    coupon_code: str | None = None
    shipping: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    paid_at: datetime | None = None
    payment_method: str = "cod"
    meta: dict[str, Any] = field(default_factory=dict)
    """The values of `meta_data` by their keys."""
    changes: list[tuple[datetime, Literal["status", "line"]]] = field(
        default_factory=list
    )

    @property
    def total(self) -> Decimal:
        """What the customer pays, before refunds."""
        total = self.shipping + self.fee
        for line in self.lines:
            total += line.total + line.tax
        return total


@dataclass
class WooProduct:
    """A product of the catalogue."""

    id: int
    sku: str
    name: str
    categories: list[str]
    modified_at: datetime


_PRODUCT = TypeAdapter(WooProduct)
_ORDER = TypeAdapter(WooOrder)


class WooStore:
    """Orders with their refunds, and products, both by id."""

    def __init__(
        self,
        orders: Iterable[WooOrder] = (),
        products: Iterable[WooProduct] = (),
    ) -> None:
        self.lock = threading.RLock()
        self.orders = {order.id: order for order in orders}
        self.products = {product.id: product for product in products}

    def reload(self, path: Path) -> None:
        """Replace the data with those of the file `path`."""
        orders = {}
        products = {}
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record.pop("kind") == "product":
                    products[record["id"]] = _PRODUCT.validate_python(record)
                else:
                    orders[record["id"]] = _ORDER.validate_python(record)
        with self.lock:
            self.orders = orders
            self.products = products

    def save(self, path: Path) -> None:
        """Write the file atomically."""
        partial = path.with_name(f".{path.name}.partial")
        with self.lock, partial.open("w", encoding="utf-8") as stream:
            for product in self.products.values():
                record = _PRODUCT.dump_python(product, mode="json")
                stream.write(json.dumps({"kind": "product", **record}) + "\n")
            for order in self.orders.values():
                record = _ORDER.dump_python(order, mode="json")
                stream.write(json.dumps({"kind": "order", **record}) + "\n")
        partial.replace(path)
