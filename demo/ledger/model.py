"""The ledger's data model: frozen facts in plain types.

Money and quantities are Decimal, in the order's currency; instants are aware and in UTC; ids are text. Every
fact carries the instant from which on the company's own system shows it (`updated_at`, `received_at`,
`published_at`), which is what `Ledger.as_of` goes by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

SALES_DB = "sales_db"
STOREFRONT = "storefront"
PARTNER_FILES = "partner_files"
CHANNELS = (SALES_DB, STOREFRONT, PARTNER_FILES)
PARTNERS = ("alpenmarkt", "bazario")
OLD_SHOP = "old_shop"
"""What the company's former shop is called, as the source of its exported orders."""


@dataclass(frozen=True, slots=True)
class Product:
    """An article of the one catalogue all channels sell from.

    `product_id` is its id in the storefront. Two articles differ in the letter case of their `sku` only.
    """

    sku: str
    product_id: int
    name: str
    category: str | None
    price: Decimal  # list price in USD
    image_url: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """A person as the sales database's `customers` table knows them."""

    customer_id: str
    email: str | None
    country_code: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order.

    `gross` is what counts as gross sales: before discount and tax. It is quantity times unit price in the
    sales database and in partner files, and the line's own `subtotal` in the storefront, where `line_number`
    is the line item's id. `reject_reason` is empty for a valid line; otherwise it is the reason code
    for which the pipeline must reject this line (and only this line).
    """

    line_number: int
    sku: str
    product_name: str
    category: str | None
    quantity: Decimal
    unit_price: Decimal
    gross: Decimal
    discount: Decimal
    tax: Decimal
    reject_reason: str = ""

    @property
    def after_discount(self) -> Decimal:
        """What the customer paid for the merchandise, before tax."""
        return self.gross - self.discount


@dataclass(frozen=True, slots=True)
class Order:
    """One order in one state; its history is a sequence of these with growing `updated_at`.

    Attributes:
        channel: one of `CHANNELS`.
        order_id: unique in its channel; digits in the storefront. Partners' ids never collide.
        partner: which partner sold it; empty in the two other channels.
        customer_id: the channel's own id of the customer; None for guests and for partner files.
        email: as this channel spells it (letter case differs between channels; partner files may have blanks
            around it); None where the channel knows none.
        country_code: ISO 3166 alpha-2, or None.
        status: as the source spells it; letter case varies in partner files.
        is_test: only the sales database can say so.
        shipping, fee: before tax; neither is taxed, so an order's tax is the sum of its lines'.
        ordered_at: decides the business day. A correction may move it.
        updated_at: the last change of anything: status, lines, date, refunds booked, and in the sales
            database refunds deleted (WooCommerce leaves no trace of that). A version is visible from then
            on (a phone order may be entered hours after `ordered_at`); in partner files it is visible once
            a file with it is received.
        status_changed_at: the last change of `status` or creation; what a WooCommerce on posts storage
            shows as its modified date.
    """

    channel: str
    order_id: str
    partner: str
    customer_id: str | None
    email: str | None
    country_code: str | None
    currency: str
    status: str
    coupon_code: str | None
    is_test: bool
    shipping: Decimal
    fee: Decimal
    lines: tuple[Line, ...]
    ordered_at: datetime
    updated_at: datetime
    status_changed_at: datetime

    @property
    def valid_lines(self) -> tuple[Line, ...]:
        """The lines that count, flawed ones left out."""
        return tuple(line for line in self.lines if not line.reject_reason)

    @property
    def merchandise(self) -> Decimal:
        """Sum of the sound lines after discount, before tax."""
        return sum((line.after_discount for line in self.valid_lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """Sum of the sound lines' tax."""
        return sum((line.tax for line in self.valid_lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class RefundLine:
    """The part of a refund that names a line of the order; all amounts positive."""

    line_number: int
    quantity: Decimal
    merchandise: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back. Partner files have no refunds.

    Attributes:
        refund_id: unique in its channel; digits in the storefront, growing with time within one order.
        order_id: the order; in the sales database it may be one that no longer exists (an orphan).
        currency: the order's; None for an orphan.
        amount: as the channel states it. Sales database: merchandise only. Storefront: everything given back,
            with tax, shipping and fee.
        lines: what is given back for which line; empty when the refund is of the whole order or amount-only
            ("goodwill"). At most one in the sales database, whose `merchandise` is the amount.
        quantity: units given back; for refunds without lines the sales database states it here (all units
            of a whole order, 0 for amount-only).
        refunded_at: decides the business day.
        updated_at: when it was booked; days after `refunded_at` for one booked late.
        deleted_at: from then on it is gone.
    """

    channel: str
    refund_id: str
    order_id: str
    currency: str | None
    amount: Decimal
    quantity: Decimal
    lines: tuple[RefundLine, ...]
    reason: str
    refunded_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a partner file that must be rejected.

    `text` is the row without line end, with the columns of the contract; `reason` the code.
    """

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """One delivery of one partner's file of one day.

    A second delivery has the same name; it replaces the first in the drop folder, and an order that no file
    there holds any longer is gone. An order may also occur in the next day's file, in a newer state.

    Attributes:
        orders: the states it tells, in file order; every line of an order is one row.
        bad_rows: rows to be rejected, each said to be of an order that has no other row in any file.
        repeated: (order_id, line_number) of rows that occur twice, byte for byte: they count once.
        received_at: when it lies in the drop folder; also its modification time.
    """

    name: str
    partner: str
    day: date
    received_at: datetime
    orders: tuple[Order, ...]
    bad_rows: tuple[BadRow, ...]
    repeated: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """A published reference rate: units of `currency` per euro."""

    rate_date: date
    currency: str
    rate: Decimal
    published_at: datetime


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An incident: a partner's file of `day` is received at `received_at` only (None: not yet)."""

    partner: str
    day: date
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class SilentChange:
    """An incident: at `at` one order of `day` of the sales database gets another quantity, while its
    `updated_at` stays, and one of the storefront's is deleted for good."""

    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class LateRefund:
    """An incident: a line of one sales-database order of `day` is refunded as of `day`, but booked later."""

    day: date
    booked_at: datetime
