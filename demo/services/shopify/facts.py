"""The facts of an order, from which `builder` derives the order of the API.

Amounts are in the shop's currency, and include tax in an order with `taxes_included`. Instants are aware.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass
class DiscountFacts:
    """The part of a discount that is allocated to one line; an automatic discount has no code."""

    amount: Decimal
    code: str | None = None


@dataclass
class TaxFacts:
    """A tax of a line; `amount` is computed from `rate`, as in `Decimal("0.13")`, where it is None."""

    rate: Decimal
    amount: Decimal | None = None


@dataclass
class LineFacts:
    """A line item.

    Attributes:
        sku: the SKU, which also identifies product and variant; None for an item without one.
        price: the price of one unit before discounts.
        quantity: the units ordered, including those removed later.
        unit_cost: what the product costs the shop today.
        gift_card: it sells a gift card.
        tip: it is a tip, without product and variant.
        custom: a custom item, without product and variant.
        deleted_product: its product and variant no longer exist.
        duty: the duty of the line.
        removed: the units that an order edit removed, without a refund record.
    """

    sku: str | None
    price: Decimal
    quantity: int = 1
    title: str | None = None
    product_type: str = ""
    category: str | None = None
    unit_cost: Decimal | None = None
    discounts: list[DiscountFacts] = field(default_factory=list)
    taxes: list[TaxFacts] = field(default_factory=list)
    gift_card: bool = False
    tip: bool = False
    custom: bool = False
    deleted_product: bool = False
    duty: Decimal | None = None
    removed: int = 0


@dataclass
class ShippingFacts:
    """A shipping line; a removed one is not part of the totals."""

    price: Decimal
    discount: Decimal = Decimal(0)
    taxes: list[TaxFacts] = field(default_factory=list)
    removed: bool = False


@dataclass
class FeeFacts:
    """An additional fee of an order."""

    name: str
    amount: Decimal
    tax: Decimal = Decimal(0)


@dataclass
class TransactionFacts:
    """A movement of money.

    Attributes:
        gateway: by default that of the order.
        at: when it was processed, by default the instant of its order or refund.
        test: it was made in test mode.
        fee: withheld by the gateway.
    """

    amount: Decimal
    kind: str = "REFUND"
    status: str = "SUCCESS"
    gateway: str | None = None
    at: datetime | None = None
    test: bool = False
    fee: Decimal | None = None


@dataclass
class RefundLineFacts:
    """The part of a refund for one line item; `subtotal` and `tax` default to the share of the units.

    Attributes:
        line: the position of the line item in the order, from 0.
        restock_type: RETURN, CANCEL, LEGACY_RESTOCK or NO_RESTOCK.
    """

    line: int
    quantity: int = 1
    restock_type: str = "RETURN"
    subtotal: Decimal | None = None
    tax: Decimal | None = None


@dataclass
class RefundFacts:
    """A refund.

    Attributes:
        at: when it was processed.
        adjustment: an amount in the merchant's favour; a negative one is goodwill.
        transactions: by default one of everything above; an edit or exchange without payment has none.
        return_number: the number of the return that it belongs to.
        exchanged: the positions of the lines that replace the returned ones.
    """

    at: datetime
    lines: list[RefundLineFacts] = field(default_factory=list)
    shipping: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)
    duties: Decimal = Decimal(0)
    adjustment: Decimal = Decimal(0)
    transactions: list[TransactionFacts] | None = None
    note: str | None = None
    return_number: int | None = None
    exchanged: list[int] = field(default_factory=list)


@dataclass
class OrderFacts:
    """An order.

    Attributes:
        number: the id and the number in the name.
        created_at: when the shop received it.
        processed_at: its business date, by default `created_at`.
        updated_at: its last change, by default the latest instant of the facts.
        edited_at: when an order edit changed it.
        duties_place: where the duties are in the total: `own`, listed among the additional `fees` too, or in
            the `prices` of the lines.
        refund_subtotals_with_tax: subtotals of refund lines include tax, by default as `taxes_included`.
        payments: by default one SALE of the total.
        gateway: of its transactions.
        financial_status: `derived` from payments and refunds, or the status, or None.
        utm: the UTM parameters of the last visit.
    """

    number: int
    created_at: datetime
    lines: list[LineFacts]
    shipping: list[ShippingFacts] = field(default_factory=list)
    refunds: list[RefundFacts] = field(default_factory=list)
    fees: list[FeeFacts] = field(default_factory=list)
    payments: list[TransactionFacts] | None = None
    gateway: str = "shopify_payments"
    processed_at: datetime | None = None
    updated_at: datetime | None = None
    edited_at: datetime | None = None
    cancelled_at: datetime | None = None
    taxes_included: bool = False
    duties_place: str = "own"
    refund_subtotals_with_tax: bool | None = None
    test: bool = False
    financial_status: str | None = "derived"
    fulfillment_status: str = "FULFILLED"
    currency: str = "USD"
    customer_id: int | None = None
    email: str | None = None
    country: str | None = "US"
    source_name: str = "web"
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    utm: dict[str, str] | None = None
