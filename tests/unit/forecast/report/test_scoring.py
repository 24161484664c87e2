"""The edges of the rules of drift."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.forecast.report import scoring
from ecommerce.forecast.report.figures import Score
from tests.oracle_forecasts import scores

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
    complete = [row["target_date"] for row in rows]
    score = Score.model_validate(scores(rows, complete)[0])
    found = scoring.drift(score, usual and Decimal(usual))
    assert found.reasons == reasons
    assert found.usual_error == (usual and Decimal(usual))
