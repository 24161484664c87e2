"""Cost of goods and gross margin of days, from a shop with and without costs; unknown is never zero."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.check_result import HINT, OK
from ecommerce.warehouse.check_access import check_costs
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.rows import column_of

TUESDAY = MONDAY + timedelta(days=1)
NOON = at("2026-03-02 17:00")
NEXT_NOON = at("2026-03-03 17:00")
POT = ("Pots", "1", "50")
LAMP = ("Lamps", "1", "30")
VASE = (
    "Vases",
    "1",
    "870",
)

UNKNOWN = ("r1", NEXT_NOON, "200", 1)
KNOWN = ("r1", NEXT_NOON, "99", 1, "1")
"""Refunds without and with a cost that they give back."""


@pytest.fixture
def sold(shop):
    """Load orders, read by runs of Monday and Tuesday; return the shop."""

    def load(*orders):
        shop.ran([MONDAY, TUESDAY])
        shop.load(Folder(orders, read_at=at("2026-03-04 11:00")), day=TUESDAY)
        return shop

    return load


def test_half_of_the_sales_with_a_cost_are_a_coverage_and_no_margin(sold):
    refunds = [("r1", NEXT_NOON, "50", 1, "20")]
    order = Order(
        "1",
        NOON,
        [POT, LAMP],
        unit_costs=["20", None],
        line_refunds=refunds,
    )
    shop = sold(order)
    monday = shop.report(MONDAY)
    assert monday.margin.coverage == Decimal("0.625")
    assert monday.margin.rate is None
    # Nothing but returns: no part of it can be a margin.
    assert shop.report(TUESDAY).margin is None


def test_nearly_all_sales_with_a_cost_have_a_margin(sold):
    order = Order(
        "1",
        NOON,
        [POT, VASE],
        unit_costs=["20", "440"],
        discount="10",
    )
    shop = sold(order, Order("2", NOON, [LAMP]))
    report = shop.report(MONDAY)
    assert report.costs["cost_of_goods"].value == 460
    assert report.costs["gross_profit"].value == 450
    margin = report.margin
    assert margin.coverage == Decimal(910) / 940 // Decimal("1e-6") * Decimal("1e-6")
    assert margin.rate == pytest.approx(Decimal(450) / 910, abs=Decimal("1e-6"))


def test_a_shop_without_costs_has_none_anywhere(sold):
    refunds = [("r1", NEXT_NOON, "30", 1)]
    shop = sold(Order("1", NOON, [POT], line_refunds=refunds))
    costs = shop.tuples("daily_summary", "cost_of_goods", "sales_with_cost")
    assert costs == [(None, None)] * 2
    for row in shop.rows("daily_sales"):
        costs = [value for name, value in row.items() if "cost" in name]
        assert costs == [None] * 4
    assert column_of(shop.rows("order_lines"), "cost_amount") == [None]
    assert column_of(shop.rows("refunds"), "cost_amount") == [None]
    assert shop.report(MONDAY).margin is None


@pytest.mark.parametrize(
    ("costs", "refunds", "percent", "state"),
    [
        (["20", "400"], (), 100, OK),
        ([None, "400"], (), 94, HINT),
        (["20", None], (), 5, HINT),
        # The lamp's return leaves less than the sales with a cost, or less than nothing of them.
        (["20", "400"], [UNKNOWN], 72, HINT),
        (["20", None], [KNOWN], 0, HINT),
    ],
)
def test_make_check_reports_how_much_has_a_cost(costs, refunds, percent, state, sold):
    order = Order(
        "1",
        NEXT_NOON,
        [POT, VASE],
        unit_costs=costs,
    )
    returned = Order("2", NOON, [LAMP], line_refunds=refunds)
    text = (
        f"{percent} % of net sales of {TUESDAY} have a cost of goods; the report shows a gross margin from "
        "95 %"
    )
    assert list(check_costs(sold(order, returned).warehouse)) == [(state, text)]


def test_make_check_reports_a_day_without_costs(sold):
    text = f"no sale of {TUESDAY} has a cost of goods: no gross margin is shown"
    shop = sold(Order("1", NEXT_NOON, [POT]))
    assert list(check_costs(shop.warehouse)) == [(OK, text)]


def test_make_check_has_nothing_to_say_of_costs_before_the_first_day(shop):
    assert list(check_costs(shop.warehouse)) == []
