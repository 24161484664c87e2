"""Shopify's orders become amounts before tax: examples of real shops, with known totals."""

from dataclasses import replace
from decimal import Decimal

import pytest

from demo.services.shopify import build_order
from ecommerce.core.data_warnings import sentence
from tests.integration.shopify.orders import LATER, line, order, refund, unit
from tests.integration.shopify.reading import FIGURES
from tests.integration.shopify.returns_examples import RETURNS
from tests.integration.shopify.sales_examples import SALES
from tests.oracle_shopify import lines_of, returns_of, totals_of

EXAMPLES = SALES | {f"returned: {name}": example for name, example in RETURNS.items()}
ORDERS = {
    str(number): build_order(replace(facts, number=number))
    for number, (facts, _) in enumerate(EXAMPLES.values(), 1001)
}


def amounts(text):
    """The figures of an order that a text names; the others are 0."""
    figures = dict.fromkeys(FIGURES, Decimal(0))
    for figure in text.split(", "):
        name, _, amount = figure.partition(" ")
        figures[name] = Decimal(amount)
    return figures


@pytest.fixture(scope="module")
def loaded(load_once):
    """All examples, read and transformed at once."""
    return load_once(*ORDERS.values())


def test_examples_have_their_amounts(loaded):
    figures = loaded.figures()
    found = {}
    expected = {}
    for (name, (_, text)), order_id in zip(EXAMPLES.items(), ORDERS, strict=True):
        found[name] = figures[order_id]
        expected[name] = amounts(text)
    assert found == expected


def test_every_row_is_the_oracles(loaded):
    orders = {row["order_id"]: row for row in loaded.rows("orders")}
    lines = {}
    for row in loaded.rows("order_lines"):
        net = row["gross_amount"] - row["discount_amount"]
        found = (row["line_number"], row["quantity"], row["gross_amount"], net)
        lines.setdefault(row["order_id"], []).append((*found, row["tax_amount"]))
    names = ("line_number", "quantity", "gross", "net", "tax")
    for order_id, facts in ORDERS.items():
        totals = totals_of(facts)
        assert {name: orders[order_id][name] for name in totals} == totals
        goods = [line for line in lines_of(facts) if line["kind"] == "goods"]
        expected = [tuple(line[name] for name in names) for line in goods]
        assert lines.get(order_id, []) == expected
        returned = {row for row in returns_of(facts) if any(row[2:])}
        assert loaded.refunds()[order_id] == returned


def test_all_examples_add_up_and_are_accounted_for(loaded):
    assert loaded.accounts["warnings"] == []
    assert loaded.accounts["rows_rejected"] == 0
    assert loaded.accounts["rows_read"] == loaded.accounts["rows_accepted"]
    totals = loaded.rows("control_totals")
    assert {row["currency"] for row in totals} == {"USD", "JPY", "KWD", "CAD"}
    for row in totals:
        assert row["source_amount"] == row["loaded_amount"] > 0
    stated = loaded.raw.control_totals
    assert stated["source_lines"] == len(loaded.rows("order_lines"))
    refunds = [refund for facts in ORDERS.values() for refund in facts["refunds"]]
    assert stated["source_refunds"] == len(refunds)
    paid_back = sum(
        Decimal(refund["totalRefundedSet"]["shopMoney"]["amount"]) for refund in refunds
    )
    assert Decimal(stated["source_refund_amount"]) == paid_back


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
        facts = order(line("10", 2), refunds=[refund(unit())])
        built = build_order(replace(facts, number=number))
        built[name] = {"shopMoney": {"amount": amount, "currencyCode": "USD"}}
        if number == 1:
            built["currentTotalPriceSet"] = {"shopMoney": {"amount": "9.99"}}
        orders.append(built)
    cancelled = build_order(order(line("10"), cancelled_at=LATER))
    orders.append(cancelled | {"legacyResourceId": "6", "id": "gid://shopify/Order/6"})
    loaded = load(*orders)
    assert len(loaded.rows("orders")) == 6
    warnings = [sentence(each) for each in loaded.accounts["warnings"]]
    assert warnings == [
        f"order {number} of 2026-11-19: its parts differ from its {total} by "
        f"{difference}: the figures have the amounts of its parts"
        for number, total, difference in (
            (1, "total", "-0.01"),
            (3, "current total", "0.01"),
            (5, "total", "-0.50"),
        )
    ]
