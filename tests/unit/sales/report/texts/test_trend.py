"""The last 28 days: which are missing, and the chart's words."""

import pytest

from ecommerce.core.text import in_locale
from tests.rows import column_of
from tests.unit.sales.report.readable import section
from tests.unit.sales.report.samples import before, make_figures, trend_with

NOT_LOADED = {"net_sales": None, "orders": None, "complete": False}


def chart_of(figures):
    return section(figures, "trend")["chart"]


def test_the_chart_marks_missing_and_incomplete_days():
    days = trend_with({24: NOT_LOADED, 23: {"complete": False}})
    chart = chart_of(make_figures(trend=days))
    drawn = chart["days"]
    assert column_of(drawn[3:6], "missing") == [True, False, False]
    assert column_of(drawn[3:6], "complete") == [False, False, True]
    assert drawn[-1]["label"] == "Thu 19 Nov"
    assert chart["average_name"] == "28-day average"


def test_a_sentence_that_ends_with_a_day_has_one_full_stop():
    figures = make_figures(trend=trend_with({0: {"net_sales": 99_000}}))
    with in_locale("de_DE"):
        assert chart_of(figures)["alt"].endswith("on Do., 19. Nov.")


@pytest.mark.parametrize(("first", "is_gap"), [(9, False), (10, True), (400, True)])
def test_only_days_after_the_first_that_was_loaded_are_missing(first, is_gap):
    days = trend_with(dict.fromkeys(range(9, 28), NOT_LOADED))
    figures = make_figures(trend=days, first_loaded=before(first))
    missing = [day["label"] for day in chart_of(figures)["days"] if day["missing"]]
    assert bool(missing) is is_gap
