"""The amounts of the stand-in's orders: examples of real shops with known totals."""

from datetime import timedelta
from decimal import Decimal

from demo.services.shopify import (
    AdjustmentFacts,
    FeeFacts,
    RefundFacts,
)
from tests.integration.shopify.orders import line, off, paid, shipping, tip, unit
from tests.unit.demo.shopify_shop import NOW, make_order, shop_amount

LATER = NOW + timedelta(days=2)


def refund(*lines, **facts):
    return RefundFacts(LATER, list(lines), **facts)


EXAMPLES = {
    "an edit removes a unit": (
        {"lines": [line("100", 2, rate="0.13", removed=1)]},
        "totalPrice 226.0, originalTotalPrice 226.0, currentTotalPrice 113.0",
    ),
    "an edit adds a discount": (
        {"lines": [line("100", discounts=[off("20", by_edit=True)])]},
        "subtotalPrice 80.0, totalPrice 80.0, originalTotalPrice 100.0",
    ),
    "an edit adds an item": (
        {"lines": [line("10"), line("5", added=True)]},
        "totalPrice 15.0, originalTotalPrice 10.0, totalReceived 10.0",
    ),
    "a code is off the subtotal": (
        {"lines": [line("30", discounts=[off("5", code="A", order_level=True)])]},
        "subtotalPrice 25.0, totalDiscounts 5.0",
    ),
    "another currency": (
        {
            "lines": [line("13.50")],
            "currency": "CAD",
            "presentment_currency": "USD",
            "exchange_rate": Decimal("1.5"),
            "payments": [paid("12.77", kind="SALE", presentment=Decimal(9))],
            "refunds": [refund(transactions=[paid("7.10", presentment=Decimal(5))])],
        },
        "totalPrice 13.5, totalReceived 12.77, totalRefunded 7.1",
    ),
    "prices with tax": (
        {"lines": [line("121", rate="0.21", off="24.20")], "taxes_included": True},
        "totalPrice 96.8, totalTax 16.8",
    ),
    "the tax of shipping is in that of the order": (
        {"lines": [line("24", rate="0.10")], "shipping": [shipping("5", "0.10")]},
        "totalTax 2.9, totalPrice 31.9",
    ),
    "shipping that was removed": (
        {"shipping": [shipping("5", removed=True), shipping("4", discount=1)]},
        "totalPrice 13.0, totalShippingPrice 3.0",
    ),
    "cancelled and paid back": (
        {"cancelled_at": LATER, "refunds": [refund(unit(restock_type="CANCEL"))]},
        "totalPrice 10.0, totalRefunded 10.0, currentTotalPrice 0.0",
    ),
    "an exchange": (
        {
            "lines": [line("100"), line("250", added=True)],
            "refunds": [refund(unit(), transactions=[], exchanged=[1])],
        },
        "totalPrice 350.0, currentTotalPrice 250.0, totalRefunded 0.0",
    ),
    "a line and its shipping paid back": (
        {
            "shipping": [shipping("5")],
            "refunds": [refund(unit(), shipping=Decimal(5))],
        },
        "totalRefunded 15.0, totalRefundedShipping 5.0, currentTotalPrice 0.0",
    ),
    "goodwill": (
        {"refunds": [refund(adjustments=[AdjustmentFacts(Decimal(-3))])]},
        "totalRefunded 3.0, refundDiscrepancy -3.0, currentTotalPrice 10.0",
    ),
    "a payment that failed": (
        {"refunds": [refund(unit(), transactions=[paid("10", status="FAILURE")])]},
        "totalRefunded 0.0, currentTotalPrice 0.0",
    ),
    "units paid back one by one": (
        {
            "lines": [line("3.33", 3, rate="0.07", off="0.50")],
            "refunds": [refund(unit()) for _ in range(3)],
        },
        "totalPrice 10.15, totalRefunded 10.15, currentTotalPrice 0.0",
    ),
    "a gift card, a tip, a duty and a fee": (
        {
            "lines": [
                line("50", gift_card=True),
                line("10", rate="0.10", duty="2"),
                tip("3"),
            ],
            "fees": [FeeFacts("Bag", Decimal(1))],
        },
        "totalPrice 67.0, totalTipReceived 3.0, subtotalPrice 60.0, "
        "originalTotalDuties 2.0, originalTotalAdditionalFees 1.0",
    ),
    "yen": (
        {"lines": [line("1000", rate="0.081")], "currency": "JPY"},
        "totalTax 81.0",
    ),
    "dinars": (
        {"lines": [line("1.2345", rate="0.05")], "currency": "KWD"},
        "totalTax 0.062",
    ),
}


def test_orders_have_the_totals_of_real_ones():
    found = {}
    expected = {}
    for name, (facts, text) in EXAMPLES.items():
        order = make_order(**facts)
        expected[name] = dict(each.split() for each in text.split(", "))
        found[name] = {
            field: shop_amount(order[f"{field}Set"]) for field in expected[name]
        }
    assert found == expected
