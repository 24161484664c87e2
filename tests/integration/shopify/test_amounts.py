"""Shopify's orders become amounts before tax, as the oracle computes them."""

from dataclasses import replace
from decimal import Decimal
from random import Random

from demo.services.shopify import build_order
from ecommerce.core.data_warnings import sentence
from tests.integration.shopify.made_up_orders import OrderMaker
from tests.integration.shopify.orders import (
    LATER,
    line,
    order,
    paid,
    refund,
    unit,
)
from tests.integration.shopify.reading import assert_oracle
from tests.oracle_shopify import lines_of
from tests.rows import column_of

RANDOM = 200


def numbered(orders):
    """Orders as the API has them, by id."""
    answers = {}
    for number, facts in enumerate(orders, 1001):
        answer = build_order(replace(facts, number=number))
        if number % 5 == 0:
            pay_in_another_currency(answer)
        answers[str(number)] = answer
    return answers


def pay_in_another_currency(answer):
    """Let the payment have an exchange rate of its own, which is 4 % below that of the order."""
    received = answer["totalReceivedSet"]
    for amounts in (answer["totalPriceSet"], received):
        charged = Decimal(amounts["shopMoney"]["amount"]) * Decimal("1.25")
        amounts["presentmentMoney"]["amount"] = str(charged)
    settled = Decimal(received["shopMoney"]["amount"]) * Decimal("0.96")
    received["shopMoney"]["amount"] = str(settled)


def test_made_up_orders_have_the_rows_of_the_oracle_and_add_up(load):
    maker = OrderMaker(Random(7))
    answers = numbered(maker.order(number) for number in range(RANDOM))
    loaded = load(*answers.values())
    orders = {row["order_id"]: row for row in loaded.rows("orders")}
    assert_oracle(answers, orders, loaded.refunds())
    lines = {order_id: [] for order_id in answers}
    for row in loaded.rows("order_lines"):
        net = row["gross_amount"] - row["discount_amount"]
        found = (
            row["line_number"],
            row["quantity"],
            row["gross_amount"],
            net,
        )
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
    assert set(column_of(totals, "currency")) == {"USD", "JPY", "KWD", "CAD"}
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
    [row] = load(built).rows("refunds")
    assert row["merchandise_amount"] == 3


def received(amount, *lines, back=None, **facts):
    """An order for which an amount was received, and for whose first line one was paid back."""
    if back:
        facts["refunds"] = [refund(unit(), transactions=[paid(back)])]
    return order(*lines, payments=[paid(amount, kind="SALE")], **facts)


MUG, CUP = line("100"), line("60", sku="CUP")
CANCELLED = {"cancelled_at": LATER}
NET_SALES = {
    "a fee that the shop keeps": (received("100", MUG, back="90"), 10),
    "an item that an edit added in exchange": (
        received("100", MUG, CUP, back="40"),
        60,
    ),
    "an added item that is not paid": (received("100", MUG, CUP, back="70"), 60),
    "a deposit that is paid back": (received("40", MUG, back="40", **CANCELLED), 0),
    "half a deposit that is paid back": (
        received("40", MUG, back="20", **CANCELLED),
        20,
    ),
    "a deposit that the shop keeps": (received("40", MUG, CUP, **CANCELLED), 40),
}
"""Orders, and what remains of them."""


def test_a_shop_keeps_no_more_than_it_received(load):
    answers = []
    for number, (facts, _) in enumerate(NET_SALES.values()):
        answers.append(build_order(replace(facts, number=number)))
    loaded = load(*answers)
    net_sales = {}
    for row in loaded.rows("orders"):
        net_sales[row["order_id"]] = row["gross_amount"]
    for row in loaded.rows("refunds"):
        net_sales[row["order_id"]] -= row["merchandise_amount"]
    for number, (name, (_, expected)) in enumerate(NET_SALES.items()):
        assert net_sales[str(number)] == expected, name
    assert loaded.accounts["warnings"] == []


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
        built[name]["shopMoney"]["amount"] = amount
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
