"""Scores by hand, and the edges of the rule that says what drifts."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from ecommerce.forecast.report import scoring

AS_OF = date(2026, 11, 16)


def made(back, forecast, actual, series="total", **changes):
    """A forecast of the day `back` days before `AS_OF`; its intervals reach 10 and 20 to either side."""
    expected = Decimal(forecast)
    facts = {
        "series": series,
        "target_date": AS_OF - timedelta(days=back),
        "actual": Decimal(actual),
        "forecast": expected,
        "lower_80": expected - 10,
        "upper_80": expected + 10,
        "lower_95": expected - 20,
        "upper_95": expected + 20,
    }
    return facts | changes


def score(*days):
    return scoring.score("total", pd.DataFrame(days))


def test_a_day_on_the_bound_of_its_interval_lies_in_it():
    found = score(
        made(1, "100", "110"), made(2, "100", "90"), made(3, "100", "110.0001")
    )
    assert found.covered_80 == Decimal("0.666667")
    assert found.covered_95 == 1
    outside = score(made(1, "100", "120.0001"))
    assert (outside.covered_95, outside.bias) == (0, Decimal("-0.166667"))


def test_a_closed_day_is_in_the_error_and_in_no_interval():
    nothing = dict.fromkeys(
        ("lower_80", "upper_80", "lower_95", "upper_95"), Decimal(0)
    )
    closed = made(1, "0", "0", **nothing)
    found = score(closed, made(2, "100", "150"))
    assert (found.periods, found.covered_80, found.covered_95) == (2, 0, 0)
    alone = score(closed)
    assert (alone.error, alone.covered_80) == (None, None)


def test_kinds_are_pooled():
    rows = [
        made(1, "100", "100"),
        made(56, "100", "50"),
        made(1, "60", "50", "category:a"),
        made(1, "30", "50", "category:b"),
        made(1, "90", "100", "channel:x"),
    ]
    found = {each.of: each for each in scoring.scores(pd.DataFrame(rows))}
    assert list(found) == ["total", "category", "channel"]
    assert (found["total"].periods, found["total"].actual) == (2, 150)
    assert (found["category"].series, found["category"].error) == (
        2,
        Decimal("0.300000"),
    )
    assert found["category"].bias == Decimal("-0.100000")


def test_articles_are_scored_by_whole_weeks():
    # One piece is sold a week, on a day that nobody can know.
    week = [
        made(back, "10", "70" if back == 3 else "0", "sku:A") for back in range(1, 8)
    ]
    part = [
        made(back, "10", "0", "sku:A") for back in range(9, 15)
    ]  # the eighth day is missing
    other = [made(back, "10", "5", "sku:B") for back in range(8, 15)]
    (found,) = scoring.scores(pd.DataFrame([*week, *part, *other]))
    assert (found.of, found.series, found.periods) == ("sku", 2, 2)
    assert (found.forecast, found.actual) == (140, 105)
    assert found.error == Decimal("0.333333"), "(0 + 35) / 105"
    assert found.covered_80 is None


def days(forecasts, **changes):
    """Days with sales of 100 each."""
    return [
        made(back, each, "100", **changes) for back, each in enumerate(forecasts, 1)
    ]


WIDE = {"lower_80": 0, "upper_80": 300, "lower_95": 0, "upper_95": 400}
COVERED = "only 55.0 % of days were within their 80 % interval (limit 60.0 %)"


@pytest.mark.parametrize(
    ("rows", "usual", "reasons"),
    [
        (days(["200"] * 13), None, []),
        (
            days(["200"] * 14, **WIDE),
            None,
            ["the bias of the forecasts was +100.0 % (limit ±10.0 %)"],
        ),
        (days(["110"] * 28, **WIDE), None, []),
        (
            days(["110.1"] * 28, **WIDE),
            None,
            ["the bias of the forecasts was +10.1 % (limit ±10.0 %)"],
        ),
        (
            days(["89.9"] * 28, **WIDE),
            None,
            ["the bias of the forecasts was \N{MINUS SIGN}10.1 % (limit ±10.0 %)"],
        ),
        # Of 20 days, as many too high as too low.
        (days(["111", "89"] * 4 + ["100"] * 12), "1", []),
        (days(["111", "89"] * 4 + ["111"] + ["100"] * 11), "1", [COVERED]),
        (days(["109", "91"] * 14), "0.06", []),
        (
            days(["109", "91"] * 14),
            "0.059",
            [
                "the error was 9.0 % of sales, more than 1.5 times the 5.9 % of the back-test"
            ],
        ),
        (days(["200"] * 28, series="category:a"), None, []),
    ],
)
def test_drift(rows, usual, reasons):
    found = scoring.drift(pd.DataFrame(rows), usual and Decimal(usual))
    assert found.reasons == reasons
    assert found.usual_error == (usual and Decimal(usual))
