"""From what the run left to figures, by what the warehouse would answer."""

from decimal import Decimal
from statistics import median

import pytest
from more_itertools import chunked

from ecommerce.core import text
from ecommerce.forecast.partner_ftp.files import Promotion
from ecommerce.forecast.report.figures import ForecastFigures, figures_hash
from ecommerce.forecast.report.steps import last_known_day
from ecommerce.forecast.report.view import page_texts
from tests.unit.forecast.report.samples import (
    ALL_DAYS,
    AS_OF,
    day,
    history,
    made,
    make_figures,
    names,
)


def test_what_is_incomplete_unknown_or_old_is_not_scored():
    forecasts = [made("total", day(-2), 100)]
    for back in (1, 3, 27, 28, 29, 56):
        forecasts.append(made("total", day(-back), 100, 100))
    complete = [known for known in ALL_DAYS if known != day(-3)]
    figures = make_figures(forecasts=forecasts, complete=complete)
    assert figures.scores[0].periods == 5
    assert figures.drift.score.periods == 3, "the last four weeks"


def test_promotions_are_those_of_the_forecast_days_whatever_their_order():
    promotions = []
    for first, last, sku in (
        (28, 30, "later"),
        (27, 40, "last day"),
        (0, 3, "b"),
        (0, 3, "a"),
        (0, 3, None),
        (-9, 0, "first day"),
        (-9, -1, "over"),
    ):
        promotions.append(
            Promotion(
                day(first),
                day(last),
                sku,
                Decimal(10),
            )
        )
    figures = make_figures(promotions=promotions)
    skus = [promotion.sku for promotion in figures.promotions]
    assert skus == ["first day", None, "a", "b", "last day"]


def test_the_hash_is_of_the_figures_without_their_provenance():
    figures = make_figures()
    copy = ForecastFigures.model_validate_json(figures.model_dump_json())
    assert copy == figures
    by_hand = figures.provenance.model_copy(update={"run_id": "manual"})
    later = figures.model_copy(update={"provenance": by_hand})
    assert figures_hash(later) == figures_hash(figures)
    other = figures.model_copy(update={"warnings": ["other"]})
    assert figures_hash(other) != figures_hash(figures)


@pytest.mark.parametrize(
    ("today", "ahead"), [(0, -1), (1, 0), (6, 5), (7, -1), (70, -1)]
)
def test_actual_sales_count_while_the_first_week_is_under_way(today, ahead):
    assert last_known_day(AS_OF, day(today)) == day(ahead)


def sales_of_last_week(figures):
    """The sum of the week, as the report shows it."""
    sections = {section["id"]: section for section in page_texts(figures)["sections"]}
    return sections["last-week"]["rows"][-1][2]


def test_last_week_and_the_days_outside_their_intervals():
    figures = make_figures(complete=ALL_DAYS[:-3])
    assert [past.day for past in figures.last_week] == ALL_DAYS[-7:]
    sold = list(history(names())["total"].values())
    assert sales_of_last_week(figures) == text.count(sum(sold[-7:]))
    # The day that is outside 95 % is not complete.
    assert [past.outside for past in figures.past] == [None] * 51 + [80] + [None] * 4
    gap = make_figures(unknown={day(-3)})
    assert sales_of_last_week(gap) == text.NOTHING


@pytest.mark.parametrize(
    ("actual", "mark"),
    [
        ("90", None),
        ("89.9999", 80),
        ("110.0001", 80),
        ("80", 80),
        ("79.9999", 95),
        ("120.0001", 95),
    ],
)
def test_the_bounds_belong_to_the_interval(actual, mark):
    figures = make_figures(forecasts=[made("total", day(-1), 100, 100)])
    last = figures.past[-1].model_copy(update={"actual": Decimal(actual)})
    assert last.outside == mark


def usual_week(**changes):
    return make_figures(**changes).total.usual_week


def test_a_usual_week_is_the_median_of_the_known_and_complete_weeks():
    sold = list(history(names())["total"].values())
    weeks = [sum(week) for week in chunked(sold, 7)]
    assert usual_week() == median(weeks)
    assert usual_week(unknown={day(-3)}) == median(weeks[:-1])
    assert usual_week(unknown=ALL_DAYS[::7]) is None
    # A day without sales counts although no run has completed it: the shop was closed.
    complete = ALL_DAYS[:-1]
    assert usual_week(complete=complete) == median(weeks[:-1])
    weeks[-1] -= sold[-1]
    assert usual_week(complete=complete, closed={day(-1)}) == median(weeks)
