"""Fees, contribution margin and payouts in the figures of a day's report."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, Payment, Payout, at

NOON = at("2026-03-02 17:00")
FRIDAY = MONDAY + timedelta(days=4)
PAID = Payment("p1", "1", NOON, "95", "3", payout_id="payout 1")
ORDER = Order(
    "1",
    NOON,
    [("Toys", "1", "95")],
    unit_costs=["40"],
    source="shopify",
)
OTHER = Order(
    "2",
    NOON,
    [("Cups", "1", "5")],
    source="shopify",
)


@pytest.fixture
def report(shop):
    """Load orders, payments and payouts of one shop; return the report of a day."""

    def load(orders, payments=(), payouts=(), day=MONDAY):
        shop.ran([MONDAY, FRIDAY])
        folder = Folder(
            orders,
            source="shopify",
            payments=payments,
            payouts=payouts,
        )
        shop.load(folder)
        return shop.report(day)

    return load


def test_fees_and_contribution_margin_of_nearly_all_sales(report):
    margin = report([ORDER, OTHER], [PAID]).contribution_margin
    assert margin.fees == 3
    assert margin.sales_with_fees == margin.covered_sales == 95
    assert margin.contribution == 52
    assert margin.coverage == Decimal("0.95")
    assert margin.rate == Decimal("0.547368")


@pytest.mark.parametrize(
    ("gross", "fee", "coverage"),
    [
        ("5.01", "3", "0.949905"),
        ("23.75", "3", "0.8"),
        ("5", None, None),
    ],
)
def test_too_few_sales_with_cost_and_fees_have_no_margin(report, gross, fee, coverage):
    other = replace(OTHER, lines=[("Cups", "1", gross)])
    figures = report([ORDER, other], [replace(PAID, fee=fee)])
    margin = figures.contribution_margin
    if coverage is None:
        assert margin is None
    else:
        assert margin.coverage == Decimal(coverage)
        assert margin.rate is None


def test_payouts_of_the_day_then_unexplained_ones_of_two_weeks(report):
    payouts = [
        Payout("payout 1", MONDAY, "92"),
        Payout("payout 2", MONDAY - timedelta(days=13), "12"),
        Payout("payout 3", MONDAY - timedelta(days=13), "0"),
        Payout("payout 4", MONDAY - timedelta(days=14), "12"),
        Payout(
            "payout 5",
            MONDAY - timedelta(days=13),
            "12",
            status="failed",
        ),
        Payout("payout 6", MONDAY + timedelta(days=1), "12"),
    ]
    figures = report([ORDER], [PAID], payouts)
    [explained, unexplained] = figures.payouts
    assert explained.payout_id == "payout 1"
    assert (explained.amount, explained.orders) == (92, 1)
    assert (explained.charges, explained.cost, explained.unexplained) == (95, 3, 0)
    assert unexplained.payout_id == "payout 2"
    assert unexplained.unexplained == 12
    [*_, last] = figures.summary.sentences
    assert last == (
        "Shopify payout payout 2 is 12.00 USD more than its payments add up to."
    )


def test_a_payout_of_the_day_that_has_not_arrived_is_no_unexplained_one(report):
    """One that the bank declined is no payout of the day."""
    payouts = [
        Payout("scheduled", MONDAY, "12", status="scheduled"),
        Payout("failed", MONDAY, "12", status="failed"),
        Payout("canceled", MONDAY, "12", status="canceled"),
    ]
    figures = report([ORDER], [PAID], payouts)
    [payout] = figures.payouts
    assert (payout.payout_id, payout.unexplained) == ("scheduled", 12)
    assert figures.unexplained == []
    assert not any("payout" in each for each in figures.summary.sentences)


def test_commissions_are_costs_of_a_payout(report):
    commission = Payment(
        "c", "1", NOON, "-9.50", "0", payout_id="payout 1", kind="commission"
    )
    payments = [replace(PAID, fee="0"), commission]
    figures = report(
        [ORDER],
        payments,
        [Payout("payout 1", date(2026, 3, 2), "85.5")],
    )
    [payout] = figures.payouts
    assert (payout.cost, payout.unexplained) == (Decimal("9.5"), 0)
    assert figures.contribution_margin.fees == Decimal("9.5")


def test_a_shop_without_payments_has_neither(report):
    figures = report([ORDER])
    assert figures.contribution_margin is None
    assert figures.payouts == []
