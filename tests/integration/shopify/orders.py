"""Short forms of the facts of an order, for tables of examples."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from demo.services.shopify import (
    DiscountFacts,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    TaxFacts,
    TransactionFacts,
)
from tests.integration.shopify.reading import NOON

LATER = NOON + timedelta(hours=3)


def line(
    price: str, quantity: int = 1, *, rate: str | None = None, **facts: Any
) -> LineFacts:
    """A line; `off` is a discount of it, `duty` its duty."""
    taxes = [TaxFacts(Decimal(rate))] if rate else []
    if "off" in facts:
        facts["discounts"] = [off(facts.pop("off"))]
    if "duty" in facts:
        facts["duty"] = Decimal(facts["duty"])
    sku = facts.pop("sku", "MUG")
    return LineFacts(sku, Decimal(price), quantity, **{"taxes": taxes} | facts)


def tip(amount: str) -> LineFacts:
    """The line of a tip."""
    return LineFacts(None, Decimal(amount), title="Tip", tip=True)


def off(amount: str, **facts: Any) -> DiscountFacts:
    """A discount of a line."""
    return DiscountFacts(Decimal(amount), **facts)


def order(*lines: LineFacts, **facts: Any) -> OrderFacts:
    """An order of the day."""
    return OrderFacts(1, NOON, list(lines), **facts)


def shipping(price: str, rate: str | None = None, **facts: Any) -> ShippingFacts:
    """A shipping line."""
    taxes = [TaxFacts(Decimal(rate))] if rate else []
    return ShippingFacts(Decimal(price), taxes=taxes, **facts)


def refund(*lines: RefundLineFacts, **facts: Any) -> RefundFacts:
    """A refund some hours after the order; amounts may be texts."""
    for name in ("shipping", "shipping_tax", "duties"):
        if name in facts:
            facts[name] = Decimal(facts[name])
    return RefundFacts(LATER, list(lines), **facts)


def unit(line: int = 0, quantity: int = 1, **facts: Any) -> RefundLineFacts:
    """Units of a line that come back."""
    return RefundLineFacts(line, quantity, **facts)


def paid(amount: str, **facts: Any) -> TransactionFacts:
    """A payment back to the customer."""
    return TransactionFacts(Decimal(amount), **facts)
