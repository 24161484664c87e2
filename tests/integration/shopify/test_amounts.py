"""Shopify's orders become amounts before tax: as the oracle computes them, and examples computed by hand."""

from dataclasses import replace
from decimal import Decimal
from random import Random

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
from tests.integration.shopify.reading import FIGURES, assert_oracle
from tests.oracle_shopify import lines_of

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
]


def numbered(orders):
    """Orders as the API has them, by id."""
    answers = {}
    for number, facts in enumerate(orders, 1001):
        answers[str(number)] = build_order(replace(facts, number=number))
    return answers


def test_examples_have_their_amounts(load):
    answers = numbered(example for example, _ in EXAMPLES)
    stored = load(*answers.values()).figures()
    for order_id, (_, expected) in zip(answers, EXAMPLES, strict=True):
        assert stored[order_id] == expected, order_id


def test_made_up_orders_have_the_rows_of_the_oracle_and_add_up(load):
    maker = OrderMaker(Random(7))
    answers = numbered(maker.order(number) for number in range(RANDOM))
    loaded = load(*answers.values())
    orders = {row["order_id"]: row for row in loaded.rows("orders")}
    assert_oracle(answers, orders, loaded.refunds())
    lines = {order_id: [] for order_id in answers}
    for row in loaded.rows("order_lines"):
        net = row["gross_amount"] - row["discount_amount"]
        found = (row["line_number"], row["quantity"], row["gross_amount"], net)
        lines[row["order_id"]].append((*found, row["tax_amount"]))
    names = ("line_number", "quantity", "gross", "net", "tax")
    for order_id, answer in answers.items():
        goods = [line for line in lines_of(answer) if line["kind"] == "goods"]
        assert lines[order_id] == [
            tuple(line[name] for name in names) for line in goods
        ]

    for warning in loaded.accounts["warnings"]:
        # What a made-up order has left, where a payment failed, the stand-in does not compute.
        assert "its current total" in sentence(warning)
    assert loaded.rows("rejected_rows") == []
    assert loaded.accounts["rows_read"] == loaded.accounts["rows_accepted"]
    totals = loaded.rows("control_totals")
    assert {row["currency"] for row in totals} == {"USD", "JPY", "KWD", "CAD"}
    for row in totals:
        assert row["source_amount"] == row["loaded_amount"] > 0
    stated = loaded.raw.control_totals
    assert stated["source_lines"] == len(loaded.rows("order_lines"))
    refunds = [refund for answer in answers.values() for refund in answer["refunds"]]
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
