"""Cost of goods and gross margin of days, from a shop with and without costs; unknown is never zero."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.check_result import HINT, OK
from ecommerce.core.text import MINUS
from ecommerce.sales.report.texts import headline
from ecommerce.sales.report.texts.figures_csv import figures_csv
from ecommerce.warehouse.check_access import check_costs
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at

TUESDAY = MONDAY + timedelta(days=1)
NOON = at("2026-03-02 17:00")
NEXT_NOON = at("2026-03-03 17:00")
COSTS = ("cost_of_goods", "sales_with_cost")
COST_FIGURES = ("cost_of_goods", "gross_profit", "gross_margin")
POT, LAMP, VASE = ("Pots", "1", "50"), ("Lamps", "1", "30"), ("Vases", "1", "870")

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


def daily_costs(shop, table="daily_summary"):
    rows = shop.rows(table, "business_date", *COSTS)
    return [(row["business_date"], *(row[name] for name in COSTS)) for row in rows]


def labels(figures):
    return [tile["label"] for tile in headline.small_tiles(figures)]


def test_half_of_the_sales_with_a_cost_are_a_coverage_and_no_margin(sold):
    refunds = [("r1", NEXT_NOON, "50", 1, "20")]
    order = Order("1", NOON, [POT, LAMP], unit_costs=["20", None], line_refunds=refunds)
    shop = sold(order)
    expected = [(MONDAY, 20, 50), (TUESDAY, -20, -50)]
    assert daily_costs(shop) == expected
    by_category = shop.rows("daily_sales", "business_date", "category", *COSTS)
    assert [tuple(row.values()) for row in by_category] == [
        (MONDAY, "Lamps", None, None),
        (MONDAY, "Pots", 20, 50),
        (TUESDAY, "Pots", -20, -50),
    ]
    monday = shop.report(MONDAY)
    assert (monday.margin.coverage, monday.margin.rate) == (Decimal("0.625"), None)
    assert "Gross margin" not in labels(monday)
    remark = "No gross margin: 62.5 % of net sales have a cost, and 95 % are needed."
    assert remark in repr(headline.tables(monday))
    # Nothing but returns: no part of it can be a margin.
    assert shop.report(TUESDAY).margin is None


def test_nearly_all_sales_with_a_cost_have_a_margin(sold):
    order = Order("1", NOON, [POT, VASE], unit_costs=["20", "440"], discount="10")
    shop = sold(order, Order("2", NOON, [LAMP]))
    margin = shop.report(MONDAY).margin
    assert margin.coverage == Decimal(910) / 940 // Decimal("1e-6") * Decimal("1e-6")
    assert margin.rate == pytest.approx(Decimal(450) / 910, abs=Decimal("1e-6"))
    assert "Gross margin" in labels(shop.report(MONDAY))


def test_a_shop_without_costs_has_none_anywhere(sold):
    refunds = [("r1", NEXT_NOON, "30", 1)]
    shop = sold(Order("1", NOON, [POT], line_refunds=refunds))
    assert daily_costs(shop) == [(MONDAY, None, None), (TUESDAY, None, None)]
    for row in shop.rows("daily_sales"):
        costs = [value for name, value in row.items() if "cost" in name]
        assert costs == [None] * 4
    assert [row["cost_amount"] for row in shop.rows("order_lines")] == [None]
    assert [row["cost_amount"] for row in shop.rows("refunds")] == [None]
    figures = shop.report(MONDAY)
    assert figures.margin is None
    assert "argin" not in repr(headline.tables(figures))
    assert labels(figures)
    assert "Gross margin" not in labels(figures)
    assert "margin" not in figures_csv(figures)


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
    order = Order("1", NEXT_NOON, [POT, VASE], unit_costs=costs)
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


def test_figures_of_costs_are_compared_with_days_that_have_enough_costs(sold):
    shop = sold(
        Order("1", NOON, [POT], unit_costs=["20"]),
        Order("2", NEXT_NOON, [POT, POT], unit_costs=["20", "25"]),
    )
    figures = shop.report(TUESDAY)
    tiles = {}
    for tile in headline.small_tiles(figures):
        changes = [change["words"] for change in tile["changes"]]
        tiles[tile["label"]] = (tile["value"], *changes)
    assert tiles["Cost of goods"] == ("45.00", "+125.0 %")
    assert tiles["Gross profit"] == ("55.00", "+83.3 %")
    assert tiles["Gross margin"] == ("55.0 %", f"{MINUS}5 pp")
    assert "Gross profit', '55.00', '30.00', '+83.3 %'" in repr(
        headline.tables(figures)
    )
    assert ",margin,,gross_profit,55," in figures_csv(figures)


def test_figures_of_costs_are_not_compared_with_a_day_of_few_costs(sold):
    shop = sold(
        Order("1", NOON, [POT, LAMP], unit_costs=["20", None]),
        Order("2", NEXT_NOON, [POT], unit_costs=["20"]),
    )
    rows = shop.rows("day_comparisons")
    values = {}
    for row in rows:
        if row["business_date"] == TUESDAY:
            values[row["figure"]] = (row["value"], row["day_before"])
        elif row["figure"] in COST_FIGURES:
            assert row["value"] is None
    assert [values[name] for name in COST_FIGURES] == [
        (20, None),
        (30, None),
        (Decimal("0.6"), None),
    ]
    assert shop.report(TUESDAY).costs["gross_profit"].day_before is None
