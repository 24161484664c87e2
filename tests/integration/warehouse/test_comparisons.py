"""What a day is compared with: the views on random histories, and the examples of docs/DEFINITIONS.md."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures import headline
from ecommerce.warehouse.check_access import check_costs
from tests.integration.comparison_views import (
    ALL_FIGURES,
    SPANS,
    assert_same,
    by_key,
    check_comparisons,
)
from tests.integration.warehouse.loadable import daily_summary
from tests.integration.warehouse.random_history import (
    LAST,
    MOVED,
    insert_history,
    random_history,
)
from tests.oracle_comparisons import days_of
from tests.rows import column_of

COMPARISONS = "report/daily_sales/comparisons.sql"
MONTHS = "report/daily_sales/months.sql"
DAYS = "report/daily_sales/days.sql"


@pytest.fixture(
    scope="module",
    params=[1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))],
)
def random_shop(request, lend_shop):
    """A warehouse with a random history."""
    history = random_history(request.param)
    with lend_shop() as shop:
        insert_history(shop, history)
        yield shop, history


def test_views_compare_each_day_of_a_random_history(random_shop):
    shop, history = random_shop
    check_comparisons(shop.rows, history)


def test_the_report_has_the_comparisons_of_the_views(random_shop):
    shop, history = random_shop
    figures = shop.report(LAST)
    averaged = history.comparable(LAST)
    assert figures.averaged_days == averaged["averaged_days"]
    without_sales = averaged["averaged_days_without_sales"]
    assert figures.averaged_days_without_sales == without_sales
    for day in (MOVED, LAST):
        rows = shop.warehouse.query(COMPARISONS, spec=ORDERS, report_day=day)
        expected = {}
        for figure in ALL_FIGURES:
            expected[figure,] = history.comparison(figure, day)
        assert_same(by_key(rows, "figure"), expected)
        assert_margin(shop, history, day)
    leap_day = date(2024, 2, 29)
    for day in (leap_day, MOVED, date(2025, 3, 31), LAST):
        rows = shop.warehouse.query(MONTHS, spec=ORDERS, report_day=day)
        for row in rows:
            row["first_day"] = row.pop("first")
            row["last_day"] = row.pop("last")
        expected = {(span,): history.month(span, day) for span in SPANS}
        assert_same(by_key(rows, "span"), expected)
        rows = shop.warehouse.query(DAYS, spec=ORDERS, report_day=day)
        assert column_of(rows, "business_date") == days_of(
            day - timedelta(days=62), day
        )
        for row in rows:
            row["is_complete"] = row["complete"]
            row["weekday_average"] = row["weekday_mean"]
            of_day = row["business_date"]
            columns = history.comparable(of_day)
            figures = history.days.get(of_day, {})
            for name in ("net_sales", "gross_sales", "orders"):
                columns[name] = figures.get(name)
            assert {name: row[name] for name in columns} == columns


def assert_margin(shop, history, day):
    """The report of a day has the costs of the oracle."""
    window = day_window(day, "America/New_York")
    found = headline.read(DayQueries(shop.warehouse, window))
    coverage = history.cost_coverage(day)
    assert bool(found.costs) == (coverage is not None and coverage * 100 >= 95)
    if coverage is None:
        assert found.margin is None
    else:
        row = history.days[day]
        costs = {name: row[name] for name in ("sales_with_cost", "cost_of_goods")}
        assert found.margin.model_dump() == {**costs, "coverage": coverage}


TEXTS_OF_COSTS = {
    None: "no sale of {day} has a cost of goods: ",
    60: "60.0 % of net sales of {day} ",
    D("94.9999"): "94.9 % of net sales of {day} ",
    104: "96.0 % of net sales of {day} ",
    220: "0.0 % of net sales of {day} ",
    100: "100.0 % of net sales of {day} ",
}
"""What `make check` says of the newest complete day, by the part of net sales of 100.00 that has a cost."""


def test_make_check_reports_the_part_of_net_sales_that_has_a_cost(shop):
    shop.insert("daily_summary", [daily_summary(LAST, 100, complete=False)])
    day = LAST - timedelta(days=30)
    for with_cost, expected in TEXTS_OF_COSTS.items():
        day += timedelta(days=1)
        row = daily_summary(day, 100, sales_with_cost=with_cost)
        shop.insert("daily_summary", [row])
        [(_, text)] = check_costs(shop.warehouse)
        assert text.startswith(expected.format(day=day))


def test_a_weekday_that_sold_four_weeks_before_was_not_closed(shop):
    saturday = date(2026, 2, 14)
    sunday = saturday + timedelta(days=1)
    days = [saturday, sunday + timedelta(days=2)]
    shop.insert("daily_summary", [daily_summary(day, 100) for day in days])
    shop.exported("old_shop", saturday - timedelta(days=60), saturday)
    assert sunday in shop.by("known_days", "business_date", "is_complete")
    open_sunday = sunday - timedelta(weeks=4)
    shop.insert("daily_summary", [daily_summary(open_sunday, 100)])
    assert sunday not in shop.by("known_days", "business_date", "is_complete")
