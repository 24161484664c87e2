"""The storefront's data, and the file that holds them.

One JSON object per line, in any order:

    {"kind": "product", "id": 11, "sku": "MUG-1", "name": "Mug", "categories": ["Kitchen"],
     "modified_at": "2026-11-01T10:00:00Z"}
    {"kind": "order", "id": 101, "status": "completed", "created_at": "2026-11-02T05:30:00Z",
     "currency": "USD", "customer_id": 7, "email": "ann@example.com", "country": "US", "coupon_code": null,
     "shipping": "4.95", "fee": "0",
     "lines": [{"id": 901, "product_id": 11, "sku": "MUG-1", "name": "Mug", "quantity": "2",
                "subtotal": "20.00", "total": "18.00", "tax": "1.44"}],
     "refunds": [{"id": 102, "created_at": "2026-11-03T09:00:00Z", "amount": "9.72", "reason": "chipped",
                  "deleted": false, "shipping": "0",
                  "lines": [{"id": 903, "line_id": 901, "quantity": "1", "total": "9.00", "tax": "0.72"}]}],
     "changes": [["2026-11-02T08:00:00Z", "status"]]}

Instants are UTC. Amounts and quantities are decimal strings, positive in refunds too; an invalid number is
served as is. Fields with a default value in the classes below are optional. `changes` lists when and how an
order changed after its creation (`CHANGES`), without its refunds. Which changes update `date_modified`
depends on the WooCommerce version, so one file serves all versions. `WooStore.save` replaces the file
atomically, and a running server reloads it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pydantic import TypeAdapter

Amount = Decimal | str

CHANGES = (
    "status",
    "customer_note",
    "trash",
    "refund",
    "line",
    "meta",
    "touch",
    "other",
)
"""Kinds of change: `line` changes the order's total, `refund` is booked later than it is dated, `touch` saves
without a change, `other` updates no modified date (a note, a deleted refund or product)."""


@dataclass
class WooLine:
    """A line item; amounts exclude tax, `subtotal` is before coupons and `total` after them."""

    id: int
    product_id: int
    sku: str | None
    name: str
    quantity: Amount
    subtotal: Amount
    total: Amount
    tax: Amount = Decimal(0)


@dataclass
class WooRefundLine:
    """The part of a refund for one line item; positive."""

    id: int
    line_id: int
    quantity: Amount
    total: Amount
    tax: Amount = Decimal(0)


@dataclass
class WooRefund:
    """A refund; `amount` is positive and includes tax and `shipping`."""

    id: int
    created_at: datetime
    amount: Decimal
    reason: str = ""
    lines: list[WooRefundLine] = field(default_factory=list)
    shipping: Decimal = Decimal(0)
    deleted: bool = False


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
    changes: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """What the customer pays, before refunds."""
        return sum(
            (number(line.total) + number(line.tax) for line in self.lines),
            self.shipping + self.fee,
        )

    @property
    def remaining(self) -> Decimal:
        """The part of the total that is not refunded."""
        return self.total - sum(
            (refund.amount for refund in self.refunds if not refund.deleted), Decimal(0)
        )


@dataclass
class WooProduct:
    """A product of the catalogue."""

    id: int
    sku: str
    name: str
    categories: list[str]
    modified_at: datetime


_PRODUCT, _ORDER = TypeAdapter(WooProduct), TypeAdapter(WooOrder)


class WooStore:
    """Orders with their refunds, and products, both by id; thread-safe.

    `version` grows with every change. Instants passed to the methods must be aware.
    """

    def __init__(
        self, orders: Iterable[WooOrder] = (), products: Iterable[WooProduct] = ()
    ) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self.orders = {order.id: order for order in orders}
        self.products = {product.id: product for product in products}

    @classmethod
    def load(cls, path: Path) -> WooStore:
        """Load a file in the layout above."""
        store = cls()
        store.reload(path)
        return store

    def reload(self, path: Path) -> None:
        """Replace the data with those of the file `path`."""
        orders, products = {}, {}
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record.pop("kind") == "product":
                    products[record["id"]] = _PRODUCT.validate_python(record)
                else:
                    orders[record["id"]] = _ORDER.validate_python(record)
        with self.lock:
            self.orders, self.products = orders, products
            self.version += 1

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

    def create_order(self, order: WooOrder) -> None:
        """Add or replace an order."""
        with self.lock:
            self.orders[order.id] = order
            self.version += 1

    def change(self, order_id: int, kind: str, at: datetime) -> WooOrder:
        """Record a change of an order."""
        if kind not in CHANGES:
            raise ValueError(f"{kind!r} is not one of {CHANGES}")
        with self.lock:
            order = self.orders[order_id]
            order.changes.append((at, kind))
            self.version += 1
            return order

    def update_status(
        self, order_id: int, status: str, at: datetime, refund_id: int | None = None
    ) -> None:
        """Set the status of an order.

        Args:
            order_id: the order.
            status: the new status; `refunded` refunds the rest, as in WooCommerce.
            at: the instant of the change.
            refund_id: the id of that refund.
        """
        with self.lock:
            order = self.change(order_id, "status", at)
            order.status = status
            if status == "refunded" and order.remaining > 0:
                if refund_id is None:
                    raise ValueError(
                        "the status refunded creates a refund, which needs a refund_id"
                    )
                order.refunds.append(
                    WooRefund(refund_id, at, order.remaining, "Order fully refunded.")
                )

    def edit_line(
        self, order_id: int, line_id: int, at: datetime, **values: Amount
    ) -> None:
        """Change fields (`values`) of a line item, and with them the order's total."""
        with self.lock:
            line = next(
                line
                for line in self.change(order_id, "line", at).lines
                if line.id == line_id
            )
            for name, value in values.items():
                setattr(line, name, value)

    def remove_line(self, order_id: int, line_id: int, at: datetime) -> None:
        """Remove a line item from an order."""
        with self.lock:
            order = self.change(order_id, "line", at)
            order.lines = [line for line in order.lines if line.id != line_id]

    def add_refund(self, order_id: int, refund: WooRefund) -> None:
        """Add a refund; the status of a fully refunded order becomes `refunded`.

        Raises:
            ValueError: the refund exceeds the rest of the order.
        """
        with self.lock:
            order = self.orders[order_id]
            if refund.amount > order.remaining:
                raise ValueError(
                    f"order {order_id}: {refund.amount} exceeds the remaining {order.remaining}"
                )
            order.refunds.append(refund)
            self.version += 1
            if order.remaining == 0:
                self.update_status(order_id, "refunded", refund.created_at)

    def delete_refund(self, order_id: int, refund_id: int, at: datetime) -> None:
        """Delete a refund; no version updates the order's modified date."""
        with self.lock:
            for refund in self.change(order_id, "other", at).refunds:
                refund.deleted = refund.deleted or refund.id == refund_id

    def trash(self, order_id: int, at: datetime) -> None:
        """Move an order to the trash."""
        with self.lock:
            self.change(order_id, "trash", at).status = "trash"

    def delete_order(self, order_id: int) -> None:
        """Delete an order permanently; nothing shows that it existed."""
        with self.lock:
            del self.orders[order_id]
            self.version += 1

    def delete_product(self, product_id: int) -> None:
        """Delete a product: its line items keep their name but lose product id and SKU."""
        with self.lock:
            self.products.pop(product_id, None)
            for line in (
                line for order in self.orders.values() for line in order.lines
            ):
                if line.product_id == product_id:
                    line.product_id, line.sku = 0, None
            self.version += 1


def is_number(value: Amount) -> bool:
    """Whether `value` is a finite number."""
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def number(value: Amount) -> Decimal:
    """Return `value` as a number, 0 for an invalid one."""
    return Decimal(value) if is_number(value) else Decimal(0)
