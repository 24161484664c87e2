"""The headline: the rows of the comparisons as figures, the changes that tiles show, and the gross margin."""

import pytest

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.sales.report.figures import headline
from ecommerce.sales.report.figures.headline import COSTS, RATES
from ecommerce.sales.report.texts.headline import changes
from ecommerce.sales.report.texts.page import page_texts
from tests.unit.sales.report import readable
from tests.unit.sales.report.parts import D, figure
from tests.unit.sales.report.samples import make_figures
from tests.unit.sales.report.texts.answers import Answers

BASES = dict.fromkeys(("day_before", "week_before", "average", "year_before"))
PARTS = ("gross_sales_with_discounts", "gross_sales_with_returns")


def headline_of(today=(), currencies=(), **days):
    """Return the fields of the section from rows of comparisons.sql, each with a value of 5 and 28 averaged
    days; `days` are those of other figures."""
    rows = []
    for name in (*HEADLINE, *RATES, *COSTS, *PARTS):
        row = {"figure": name, "value": D(5), "averaged_days": days.get(name, 28)}
        rows.append(BASES | row)
    breakdowns = [{"dimension": "currency", "name": "EUR", "orders": 0}]
    breakdowns += [
        {"dimension": "currency", "name": name, "orders": 3} for name in currencies
    ]
    queries = Answers.of(today=today, comparisons=rows, breakdowns=breakdowns)
    return headline.read(queries)


def test_an_average_of_fewer_days_has_their_number():
    found = headline_of(returns=12)
    assert found.averaged_days == 28
    assert found.headline["returns"].days == 12
    assert found.headline["net_sales"].days is None


@pytest.mark.parametrize(("days", "is_stated"), [(1, False), (2, True)])
def test_one_day_is_no_average_of_a_figure(days, is_stated):
    returns = figure("5", average="4").model_copy(update={"days": days})
    headline_figures = make_figures().headline | {"returns": returns}
    stated = changes(make_figures(headline=headline_figures), "returns")
    assert ("average" in stated) is is_stated


@pytest.mark.parametrize(
    ("currencies", "note"),
    [
        ("BRL CHF", "without orders in BRL and CHF, which have no exchange rate"),
        (
            "A B C D E F",
            "without orders in A, B, C and 3 other currencies, which have no exchange rate",
        ),
        ("", None),  # refunds in EUR alone
    ],
)
def test_the_average_order_says_which_orders_are_not_in_it(currencies, note):
    figures = headline_of(currencies=currencies.split()).headline
    notes = {name: entry.note for name, entry in figures.items() if entry.note}
    assert notes == ({"average_order_value": note} if note else {})


@pytest.mark.parametrize(
    ("sales_with_cost", "coverage", "rate"),
    [
        ("1000", "1", "0.400000"),
        ("950", "0.95", "0.368421"),
        ("949.99", "0.94999", None),
        ("0", "1", None),
    ],
)
def test_the_gross_margin_of_sales_that_have_a_cost(sales_with_cost, coverage, rate):
    today = {"sales_with_cost": D(sales_with_cost), "cost_of_goods": D(600)}
    margin = headline_of(today | {"coverage": D(coverage)}).margin
    assert margin.rate == (rate and D(rate))
    assert headline_of(today | {"coverage": None}).margin is None
    assert headline_of().margin is None


def test_one_day_is_no_average():
    headline_figures = dict.fromkeys(HEADLINE, figure("20642.52", average="55"))
    figures = make_figures(headline=headline_figures, averaged_days=1)
    assert "average" not in str(page_texts(figures)["tiles"])
    trend = readable.section(figures, "trend")
    assert trend["chart"]["average"] is None
