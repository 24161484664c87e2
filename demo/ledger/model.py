"""The ledger's data model: immutable records of plain types.

Money and quantities are Decimal, in the order's currency; instants are aware and in UTC; ids are strings.
`Ledger.as_of` selects records by the instant from which the company's systems show them (`updated_at`,
`received_at`, `published_at`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

SALES_DB = "sales_db"
STOREFRONT = "storefront"
SHOPIFY = "shopify"
PARTNER_FILES = "partner_files"
CHANNELS = (SALES_DB, STOREFRONT, SHOPIFY, PARTNER_FILES)
PARTNERS = ("alpenmarkt", "bazario")
OLD_SHOP = "old_shop"
"""The name of the company's former shop, as the source of its exported orders."""
SECOND_SHOP = "eu"
"""The name of the company's second Shopify shop in SHOPS."""
SECOND_SOURCE = f"{SHOPIFY}_{SECOND_SHOP}"
"""The name of that shop in the warehouse."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the catalogue that all channels share.

    `product_id` is its id in the storefront. The SKUs of two products differ in letter case only.
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
    """A row of the sales database's `customers` table."""

    customer_id: str
    email: str | None
    country_code: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order.

    `gross` counts as gross sales, before discount and tax. It is quantity times unit price in the
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
        """The price of the merchandise after discount, before tax."""
        return self.gross - self.discount

    @property
    def unit_cost(self) -> Decimal:
        """What one unit costs the shop, in the order's currency: 40 to 64 % of its price, by SKU."""
        percent = 40 + sum(self.sku.encode()) % 25
        # The price has no decimals where the currency has none.
        unit = Decimal("0.01") if self.unit_price.as_tuple().exponent else Decimal(1)
        return (self.unit_price * percent / 100).quantize(unit)


@dataclass(frozen=True, slots=True)
class Order:
    """A version of an order; its history is a sequence of versions with growing `updated_at`.

    Attributes:
        channel: one of `CHANNELS`.
        shop: the name of the company's other shop that sold it; empty for the channel's first one.
        order_id: unique in its channel and over all partners; digits in the storefront and in Shopify.
        partner: the partner that sold it; in Shopify, `web` or `pos` (the till); empty in the other channels.
        customer_id: the channel's customer id; None for guests and in partner files.
        email: in the channel's spelling (letter case differs; partner files may add spaces); None where the
            channel has none.
        country_code: ISO 3166 alpha-2, or None.
        status: in the source's spelling; letter case varies in partner files.
        coupon_code: the coupon's code; in the storefront in lower case. In the storefront and in Shopify,
            some orders have two codes, joined by a comma. None in partner files, which have the discount
            only.
        is_test: True in the sales database only.
        shipping, fee: before tax, and untaxed: an order's tax is the sum of its lines' tax.
        ordered_at: determines the business day. A correction may move it.
        updated_at: the last change of status, lines, date or refunds (WooCommerce does not record the
            deletion of a refund). The version is visible from then on, possibly hours after `ordered_at` (a
            phone order); in partner files, from the receipt of a file that contains it.
        status_changed_at: the creation or the last change of `status`: the modified date that WooCommerce
            shows with posts storage.
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
    shop: str = ""

    @property
    def source(self) -> str:
        """The name of its shop in the warehouse."""
        return _source(self.channel, self.shop)

    @property
    def valid_lines(self) -> tuple[Line, ...]:
        """The lines that the pipeline must not reject."""
        return tuple(line for line in self.lines if not line.reject_reason)

    @property
    def merchandise(self) -> Decimal:
        """The sum of the valid lines after discount, before tax."""
        return sum((line.after_discount for line in self.valid_lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """The sum of the valid lines' tax."""
        return sum((line.tax for line in self.valid_lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class RefundLine:
    """The part of a refund for one order line; all amounts are positive."""

    line_number: int
    quantity: Decimal
    merchandise: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund. Partner files have none.

    Attributes:
        refund_id: unique in its channel; digits in the storefront and in Shopify, growing with time within
            one order.
        order_id: the order; in the sales database it may no longer exist (an orphan).
        currency: the order's currency; None for an orphan.
        amount: sales database: merchandise only; storefront and Shopify: the total with tax, shipping and
            fee.
        lines: the refunded lines; empty for a refund of the whole order or of an amount ("goodwill"). At most
            one in the sales database, whose `merchandise` is the amount.
        quantity: the refunded units; without lines, all units of a whole order or 0 for an amount.
        refunded_at: determines the business day.
        updated_at: the instant of booking, possibly days after `refunded_at`.
        deleted_at: the instant of its deletion.
        shop: as in `Order`.
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
    shop: str = ""

    @property
    def source(self) -> str:
        """The name of its shop in the warehouse."""
        return _source(self.channel, self.shop)


def _source(channel: str, shop: str) -> str:
    return f"{channel}_{shop}" if shop else channel


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a partner file that must be rejected.

    `text` is the row without line end, with the columns of the contract; `reason` is the reason code.
    """

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """A delivery of a partner's file of one day.

    A second delivery has the same name and replaces the first in the drop folder. The next day's file may
    contain a newer version of an order.

    Attributes:
        orders: the orders in file order, a row per line.
        bad_rows: rows to be rejected; no other row in any file has their order ids.
        repeated: (order_id, line_number) of rows that occur twice; they count once.
        received_at: the instant of delivery, and the file's modification time.
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
    """A published reference rate, in units of `currency` per euro."""

    rate_date: date
    currency: str
    rate: Decimal
    published_at: datetime


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An incident: a partner's file of `day` is delivered late, at `received_at` (None: not yet)."""

    partner: str
    day: date
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class SilentChange:
    """An incident: at `at`, an order of `day` in the sales database gets another quantity but no new
    `updated_at`, and an order in the storefront is deleted permanently."""

    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class LateRefund:
    """An incident: a refund of an order in the sales database is dated `day`, but booked later."""

    day: date
    booked_at: datetime
