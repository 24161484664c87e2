"""Short forms of the facts of an order, for tables of examples."""

from datetime import timedelta
from decimal import Decimal

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


def line(price, quantity=1, *, rate=None, **facts):
    """A line; `off` is a discount of it, `duty` its duty."""
    taxes = [TaxFacts(Decimal(rate))] if rate else []
    if "off" in facts:
        facts["discounts"] = [off(facts.pop("off"))]
    if "duty" in facts:
        facts["duty"] = Decimal(facts["duty"])
    sku = facts.pop("sku", "MUG")
    return LineFacts(
        sku,
        Decimal(price),
        quantity,
        **{"taxes": taxes} | facts,
    )


def tip(amount):
    """The line of a tip."""
    return LineFacts(
        None,
        Decimal(amount),
        title="Tip",
        tip=True,
    )


def off(amount, **facts):
    """A discount of a line."""
    return DiscountFacts(Decimal(amount), **facts)


def order(*lines, **facts):
    """An order of the day."""
    return OrderFacts(1, NOON, list(lines), **facts)


def shipping(price):
    """A shipping line."""
    return ShippingFacts(Decimal(price))


def refund(*lines, **facts):
    """A refund some hours after the order; amounts may be texts."""
    for name in ("shipping", "shipping_tax", "duties"):
        if name in facts:
            facts[name] = Decimal(facts[name])
    return RefundFacts(LATER, list(lines), **facts)


def unit(line=0, quantity=1, **facts):
    """Units of a line that come back."""
    return RefundLineFacts(line, quantity, **facts)


def paid(amount, **facts):
    """A payment back to the customer."""
    return TransactionFacts(Decimal(amount), **facts)
