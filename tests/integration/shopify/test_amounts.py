"""Shopify's orders become amounts before tax: as the oracle computes them, and examples computed by hand."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from demo.services.shopify import FeeFacts, TaxFacts, build_order
from ecommerce.core.data_warnings import sentence
from tests.integration.shopify.made_up_orders import OrderMaker
from tests.integration.shopify.orders import (
    LATER,
    line,
    order,
    paid,
    refund,
    shipping,
    tip,
    unit,
)
from tests.integration.shopify.reading import FIGURES
from tests.oracle_shopify import lines_of, returns_of, totals_of

RANDOM = 200


def figures(**amounts):
    """The figures of an order; those that are not named are 0."""
    return {name: Decimal(amounts.get(name, 0)) for name in FIGURES}


EXAMPLES = [
    (  # The fifth and the seventh percent are of the price without them.
        order(
            line(
                "112",
                taxes=[TaxFacts(Decimal("0.05")), TaxFacts(Decimal("0.07"))],
            ),
            line("121", rate="0.21", off="121"),
            taxes_included=True,
        ),
        figures(gross=200, discounts=100, tax=12),
    ),
    (  # 10 * 5.61 / 6.67
        order(line("10", rate="0.19", off="3.33"), taxes_included=True),
        figures(gross="8.4108", discounts="2.8008", tax="1.06"),
    ),
    (
        order(
            line("50", gift_card=True),
            line("10", rate="0.10", duty="2"),
            tip("3"),
            line("0", custom=True),
            shipping=[shipping("5"), shipping("9", removed=True)],
            fees=[FeeFacts("Bag", Decimal(1))],
        ),
        figures(gross=10, tax=1, shipping=5, fees=6),
    ),
    (
        order(
            line("100", duty="12"), refunds=[refund(duties="12")], duties_place="fees"
        ),
        figures(gross=100, fees=12, returned_shipping=12),
    ),
    (  # 36.30 - 1.00, of 6.13 tax is 29.17 net; a third of it is removed.
        order(line("12.10", 3, rate="0.21", off="1", removed=1), taxes_included=True),
        figures(
            gross="29.9963",
            discounts="0.8263",
            tax="6.13",
            returns="9.7233",
            returned_tax="2.0433",
        ),
    ),
    (  # The third part of the tax is what two refunds have left.
        order(
            line("3.33", 3, rate="0.07", off="0.50"),
            refunds=[refund(unit()) for _ in range(3)],
        ),
        figures(
            gross="9.99",
            discounts="0.50",
            tax="0.66",
            returns="9.49",
            returned_tax="0.66",
        ),
    ),
    (
        order(
            line("50", 2, rate="0.10"),
            shipping=[shipping("5")],
            fees=[FeeFacts("Bag", Decimal(1))],
            refunds=[
                refund(unit()),
                refund(transactions=[paid("52")]),
                refund(transactions=[paid("9")]),
            ],
        ),
        figures(
            gross=100,
            tax=10,
            shipping=5,
            fees=1,
            returns=100,
            returned_tax=10,
            returned_shipping=6,
        ),
    ),
    (  # More than the order is merchandise.
        order(
            line("100", rate="0.08", off="10"),
            refunds=[refund(transactions=[paid("150")])],
        ),
        figures(
            gross=100, discounts=10, tax="7.20", returns="142.80", returned_tax="7.20"
        ),
    ),
    (
        order(
            line("50", 2, gift_card=True),
            line("10"),
            refunds=[refund(unit(), unit(1), transactions=[paid("58")])],
        ),
        figures(gross=10, returns=10),
    ),
    (
        order(
            line("100"),
            refunds=[refund(unit(), transactions=[paid("40")], return_number=1)],
        ),
        figures(gross=100, returns=40),
    ),
    (
        order(
            line("10"),
            refunds=[refund(transactions=[paid("4"), paid("3", status="PENDING")])],
        ),
        figures(gross=10, returns=4),
    ),
]


def made_up():
    maker = OrderMaker(Random(7))
    return [maker.order(number) for number in range(RANDOM)]


ORDERS = {}
for facts in [*(example for example, _ in EXAMPLES), *made_up()]:
    order_id = str(1001 + len(ORDERS))
    ORDERS[order_id] = build_order(replace(facts, number=int(order_id)))


@pytest.fixture(scope="module")
def loaded(load_once):
    """All orders, read and transformed at once."""
    return load_once(*ORDERS.values())


def test_examples_have_their_amounts(loaded):
    stored = loaded.figures()
    for order_id, (_, expected) in zip(ORDERS, EXAMPLES, strict=False):
        assert stored[order_id] == expected, order_id


def test_every_row_is_the_oracles(loaded):
    orders = {row["order_id"]: row for row in loaded.rows("orders")}
    lines = {}
    for row in loaded.rows("order_lines"):
        net = row["gross_amount"] - row["discount_amount"]
        found = (row["line_number"], row["quantity"], row["gross_amount"], net)
        lines.setdefault(row["order_id"], []).append((*found, row["tax_amount"]))
    refunds = loaded.refunds()
    names = ("line_number", "quantity", "gross", "net", "tax")
    for order_id, answer in ORDERS.items():
        totals = totals_of(answer)
        assert {name: orders[order_id][name] for name in totals} == totals
        goods = [line for line in lines_of(answer) if line["kind"] == "goods"]
        expected = [tuple(line[name] for name in names) for line in goods]
        assert lines.get(order_id, []) == expected
        assert refunds[order_id] == {row for row in returns_of(answer) if any(row[2:])}


def test_all_orders_add_up_and_are_accounted_for(loaded):
    for warning in loaded.accounts["warnings"]:
        # What a made-up order has left, where a payment failed, the stand-in does not compute.
        assert "its current total" in sentence(warning)
        assert int(warning["order"]) > 1000 + len(EXAMPLES)
    assert loaded.rows("rejected_rows") == []

    assert loaded.accounts["rows_read"] == loaded.accounts["rows_accepted"]
    totals = loaded.rows("control_totals")
    assert {row["currency"] for row in totals} == {"USD", "JPY", "KWD", "CAD"}
    for row in totals:
        assert row["source_amount"] == row["loaded_amount"] > 0
    stated = loaded.raw.control_totals
    assert stated["source_lines"] == len(loaded.rows("order_lines"))
    refunds = [refund for answer in ORDERS.values() for refund in answer["refunds"]]
    assert stated["source_refunds"] == len(refunds)
    paid_back = sum(
        Decimal(refund["totalRefundedSet"]["shopMoney"]["amount"]) for refund in refunds
    )
    assert Decimal(stated["source_refund_amount"]) == paid_back


def test_a_payment_that_is_pending_is_paid_back_where_shopify_says_so(load):
    pending = refund(transactions=[paid("3", status="PENDING")])
    built = build_order(order(line("10"), refunds=[pending]))
    built["refunds"][0]["totalRefundedSet"] = {"shopMoney": {"amount": "3.0"}}
    assert load(built).figures()["1"]["returns"] == 3


def test_an_order_that_does_not_add_up_is_loaded_with_a_warning(load):
    changes = {
        1: ("totalPriceSet", "19.99"),
        2: ("totalPriceSet", "20.0099"),
        3: ("currentTotalPriceSet", "10.01"),
        4: ("currentTotalPriceSet", "9.9901"),
        5: ("totalTaxSet", "0.50"),
    }
    orders = []
    for number, (name, amount) in changes.items():
        facts = order(
            line("10", 2),
            refunds=[refund(unit())],
        )
        built = build_order(replace(facts, number=number))
        built[name] = {"shopMoney": {"amount": amount, "currencyCode": "USD"}}
        if number == 1:
            built["currentTotalPriceSet"] = {"shopMoney": {"amount": "9.99"}}
        orders.append(built)
    cancelled = order(line("10"), cancelled_at=LATER)
    orders.append(build_order(replace(cancelled, number=6)))
    loaded = load(*orders)
    assert len(loaded.rows("orders")) == 6
    warnings = [sentence(each) for each in loaded.accounts["warnings"]]
    differences = [
        (1, "total", "-0.01"),
        (3, "current total", "0.01"),
        (5, "total", "-0.50"),
    ]
    assert warnings == [
        f"order {number} of 2026-11-19: its parts differ from its {total} by "
        f"{difference}: the figures have the amounts of its parts"
        for number, total, difference in differences
    ]
