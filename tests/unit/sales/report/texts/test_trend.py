"""The last 28 days: which are missing, and the chart's words."""

import pytest

from tests.unit.sales.report.parts import D
from tests.unit.sales.report.readable import section
from tests.unit.sales.report.samples import before, make_figures, trend_with

NOT_LOADED = {"net_sales": None, "orders": None, "complete": False}


def chart_of(figures):
    return section(figures, "trend")["chart"]


def test_the_chart_marks_missing_and_incomplete_days():
    days = trend_with({24: NOT_LOADED, 23: {"complete": False}})
    chart = chart_of(make_figures(trend=days))
    drawn = chart["days"]
    assert [day["missing"] for day in drawn[3:6]] == [True, False, False]
    assert [day["complete"] for day in drawn[3:6]] == [False, False, True]
    assert drawn[-1]["label"] == "Thu 19 Nov"
    assert chart["average_name"] == "28-day average"


@pytest.mark.parametrize(("first", "is_gap"), [(9, False), (10, True), (400, True)])
def test_only_days_after_the_first_that_was_loaded_are_missing(first, is_gap):
    days = trend_with(dict.fromkeys(range(9, 28), NOT_LOADED))
    figures = make_figures(trend=days, first_loaded=before(first))
    missing = [day["label"] for day in chart_of(figures)["days"] if day["missing"]]
    assert bool(missing) is is_gap


def test_a_day_that_is_loaded_in_part_is_not_the_lowest():
    days = trend_with({24: {"net_sales": D(1), "complete": False}})
    words = chart_of(make_figures(trend=days))["alt"]
    assert "lowest 14,874.00 on Tue 17 Nov" in words
