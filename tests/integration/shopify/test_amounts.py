"""Shopify's orders become amounts before tax: each test is an example of a real shop, with known totals."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from demo.services.shopify import (
    AdjustmentFacts,
    DiscountFacts,
    FeeFacts,
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
    taxes = [TaxFacts(Decimal(rate))] if rate else []
    return LineFacts(
        facts.pop("sku", "MUG"), Decimal(price), quantity, taxes=taxes, **facts
    )


def off(amount: str, **facts: Any) -> DiscountFacts:
    return DiscountFacts(Decimal(amount), **facts)


def order(*lines: LineFacts, **facts: Any) -> OrderFacts:
    return OrderFacts(1001, NOON, list(lines), **facts)


def shipping(price: str, rate: str | None = None) -> list[ShippingFacts]:
    return [
        ShippingFacts(Decimal(price), taxes=[TaxFacts(Decimal(rate))] if rate else [])
    ]


def refund(*lines: RefundLineFacts, **facts: Any) -> RefundFacts:
    return RefundFacts(LATER, list(lines), **facts)


EXAMPLES: dict[str, tuple[OrderFacts, dict[str, str]]] = {
    "a refund line of 0, and 15 that were paid back": (
        order(
            line("10"),
            shipping=shipping("5"),
            refunds=[
                refund(
                    RefundLineFacts(
                        0,
                        restock_type="NO_RESTOCK",
                        subtotal=Decimal(0),
                        tax=Decimal(0),
                    ),
                    shipping=Decimal(5),
                    transactions=[TransactionFacts(Decimal(15))],
                )
            ],
        ),
        {"gross": "10", "returns": "10", "net": "0", "refunded_shipping": "5"},
    ),
    "a unit taken off by an edit": (
        order(line("100", 2, rate="0.13", removed=1), edited_at=LATER),
        {
            "gross": "200",
            "returns": "100",
            "net": "100",
            "tax": "26",
            "refunded_tax": "13",
        },
    ),
    "a discount added by an edit": (
        order(line("100", discounts=[off("20", by_edit=True)]), edited_at=LATER),
        {"gross": "100", "discounts": "20", "net": "80"},
    ),
    "an item added by an edit": (
        order(line("10"), line("5", added=True), edited_at=LATER),
        {"gross": "15", "net": "15"},
    ),
    "a code that is already off the subtotal": (
        order(line("30", discounts=[off("5", code="SAVE5", order_level=True)])),
        {"gross": "30", "discounts": "5", "net": "25"},
    ),
    "an order paid in another currency": (
        order(
            line("13.50"),
            currency="CAD",
            presentment_currency="USD",
            exchange_rate=Decimal("1.5"),
            payments=[
                TransactionFacts(Decimal("12.77"), "SALE", presentment=Decimal("9.00"))
            ],
            refunds=[
                refund(
                    transactions=[
                        TransactionFacts(Decimal("7.10"), presentment=Decimal("5.00"))
                    ]
                )
            ],
        ),
        {"gross": "13.50", "returns": "7.10", "net": "6.40"},
    ),
    "a price with tax, a fifth off": (
        order(line("121", rate="0.21", discounts=[off("24.20")]), taxes_included=True),
        {"gross": "100", "discounts": "20", "net": "80", "tax": "16.80"},
    ),
    "a price with tax, all of it off": (
        order(line("121", rate="0.21", discounts=[off("121")]), taxes_included=True),
        {"gross": "100", "discounts": "100", "net": "0", "tax": "0"},
    ),
    "tax of lines and shipping": (
        order(line("24", rate="0.10"), shipping=shipping("5", "0.10")),
        {"gross": "24", "tax": "2.90", "shipping": "5"},
    ),
    "shipping with tax": (
        order(
            line("110", rate="0.10"),
            shipping=shipping("5.50", "0.10"),
            taxes_included=True,
        ),
        {"gross": "100", "tax": "10.50", "shipping": "5"},
    ),
    "cancelled, and paid back": (
        order(
            line("20"),
            cancelled_at=LATER,
            refunds=[refund(RefundLineFacts(0, restock_type="CANCEL"))],
        ),
        {"gross": "20", "returns": "20", "net": "0"},
    ),
    "an exchange for something dearer": (
        order(
            line("100"),
            line("250", added=True),
            refunds=[
                refund(
                    RefundLineFacts(0), transactions=[], return_number=1, exchanged=[1]
                )
            ],
            payments=[
                TransactionFacts(Decimal(100), "SALE"),
                TransactionFacts(Decimal(150), "SALE"),
            ],
        ),
        {"gross": "350", "returns": "100", "net": "250"},
    ),
    "a line and its shipping paid back": (
        order(
            line("10"),
            shipping=shipping("5"),
            refunds=[refund(RefundLineFacts(0), shipping=Decimal(5))],
        ),
        {"gross": "10", "returns": "10", "net": "0", "refunded_shipping": "5"},
    ),
    "goodwill": (
        order(line("10"), refunds=[refund(adjustments=[AdjustmentFacts(Decimal(-3))])]),
        {"gross": "10", "returns": "3", "net": "7"},
    ),
    "a part kept as a fee": (
        order(
            line("10"),
            refunds=[
                refund(RefundLineFacts(0), adjustments=[AdjustmentFacts(Decimal(4))])
            ],
        ),
        {"gross": "10", "returns": "6", "net": "4"},
    ),
    "a refund whose payment failed": (
        order(
            line("10"),
            refunds=[
                refund(
                    RefundLineFacts(0),
                    transactions=[TransactionFacts(Decimal(10), status="FAILURE")],
                )
            ],
        ),
        {"gross": "10", "returns": "10", "net": "0"},
    ),
    "a refund whose payment is pending": (
        order(
            line("10"),
            refunds=[
                refund(
                    RefundLineFacts(0),
                    transactions=[TransactionFacts(Decimal(10), status="PENDING")],
                )
            ],
        ),
        {"gross": "10", "returns": "10", "net": "0"},
    ),
    "a refund without a payment": (
        order(line("10", 2), refunds=[refund(RefundLineFacts(0), transactions=[])]),
        {"gross": "20", "returns": "10", "net": "10"},
    ),
    "goodwill whose payment failed": (
        order(
            line("10"),
            refunds=[
                refund(
                    adjustments=[AdjustmentFacts(Decimal(-3))],
                    transactions=[TransactionFacts(Decimal(3), status="FAILURE")],
                )
            ],
        ),
        {"gross": "10", "returns": "0", "net": "10"},
    ),
    "a gift card, a duty, a tip and a fee": (
        order(
            line("50", gift_card=True),
            line("10", rate="0.10", duty=Decimal(2)),
            LineFacts(None, Decimal(3), title="Tip", tip=True),
            shipping=shipping("5"),
            fees=[FeeFacts("Bag", Decimal(1))],
        ),
        {"gross": "10", "net": "10", "tax": "1", "shipping": "5", "fees": "6"},
    ),
    "duties that are listed among the fees": (
        order(
            line("100", duty=Decimal(12)),
            shipping=shipping("15"),
            fees=[FeeFacts("Bag", Decimal(5))],
            duties_place="fees",
        ),
        {"gross": "100", "shipping": "15", "fees": "17"},
    ),
    "duties in the prices": (
        order(
            line("100", duty=Decimal(12)),
            fees=[FeeFacts("Bag", Decimal(12))],
            duties_place="prices",
        ),
        {"gross": "100", "net": "100", "fees": "12"},
    ),
    "a fee with tax in its price": (
        order(
            line("11", rate="0.10"),
            fees=[FeeFacts("Bag", Decimal("1.10"), tax=Decimal("0.10"))],
            taxes_included=True,
        ),
        {"gross": "10", "tax": "1.10", "fees": "1"},
    ),
    "duties paid back with the goods": (
        order(
            line("100", duty=Decimal(12)),
            shipping=shipping("15"),
            refunds=[refund(RefundLineFacts(0), duties=Decimal(12))],
        ),
        {"fees": "12", "returns": "100", "net": "0"},
    ),
    "duties that are listed among the fees, paid back alone": (
        order(
            line("100", duty=Decimal(12)),
            refunds=[refund(duties=Decimal(12))],
            duties_place="fees",
        ),
        {"fees": "12", "returns": "0", "net": "100"},
    ),
    "a gift card paid back": (
        order(
            line("50", gift_card=True), line("10"), refunds=[refund(RefundLineFacts(0))]
        ),
        {"gross": "10", "returns": "0", "net": "10"},
    ),
    "a part of a gift card kept as a fee": (
        order(
            line("50", 2, gift_card=True),
            line("10"),
            refunds=[
                refund(
                    RefundLineFacts(0),
                    RefundLineFacts(1),
                    transactions=[TransactionFacts(Decimal(58))],
                ),
                refund(
                    RefundLineFacts(0), transactions=[TransactionFacts(Decimal("0.50"))]
                ),
            ],
        ),
        {"gross": "10", "returns": "10", "net": "0"},
    ),
    "three units paid back one by one": (
        order(
            line("3.33", 3, rate="0.07", discounts=[off("0.50")]),
            refunds=[refund(RefundLineFacts(0)) for _ in range(3)],
        ),
        {
            "gross": "9.99",
            "discounts": "0.50",
            "returns": "9.49",
            "net": "0",
            "refunded_tax": "0.66",
        },
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_its_amounts_and_adds_up(name: str, load) -> None:
    facts, expected = EXAMPLES[name]
    loaded = load(facts)
    sums = loaded.sums()
    assert {key: sums[key] for key in expected} == {
        key: Decimal(value) for key, value in expected.items()
    }
    assert loaded.accounts["warnings"] == []
    assert loaded.accounts["rows_rejected"] == 0


@pytest.mark.parametrize("with_tax", [True, False])
def test_a_refund_of_a_price_with_tax_is_read_as_it_adds_up(
    with_tax: bool, load
) -> None:
    loaded = load(
        order(
            line("121", 2, rate="0.21"),
            taxes_included=True,
            refund_subtotals_with_tax=with_tax,
            refunds=[refund(RefundLineFacts(0))],
        )
    )
    sums = loaded.sums()
    assert (sums["returns"], sums["refunded_tax"], sums["net"]) == (
        Decimal(100),
        Decimal(21),
        Decimal(100),
    )
    assert loaded.accounts["warnings"] == []
