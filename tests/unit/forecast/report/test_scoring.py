"""Scores by hand, and the edges of the rule that says what drifts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ecommerce.forecast.report import scoring
from ecommerce.forecast.report.figures import Drift

AS_OF = date(2026, 11, 16)
Row = dict[str, Any]


def made(
    back: int, forecast: str, actual: str, series: str = "total", **changes: Any
) -> Row:
    """A forecast of the day `back` days before `AS_OF`; its intervals reach 10 and 20 to either side."""
    said = Decimal(forecast)
    facts = {
        "series": series,
        "target_date": AS_OF - timedelta(days=back),
        "actual": Decimal(actual),
        "forecast": said,
        "lower_80": said - 10,
        "upper_80": said + 10,
        "lower_95": said - 20,
        "upper_95": said + 20,
    }
    return facts | changes


def test_of_three_days_by_hand() -> None:
    found = scoring.score(
        "total", [made(3, "110", "100"), made(2, "80", "105"), made(1, "100", "95")]
    )
    assert (found.periods, found.forecast, found.actual) == (
        3,
        Decimal(290),
        Decimal(300),
    )
    assert found.error == Decimal("0.133333"), "(10 + 25 + 5) / 300"
    assert found.bias == Decimal("-0.033333"), "290 / 300 - 1"
    assert found.covered_80 == Decimal("0.666667"), "105 is above 90"
    assert found.covered_95 == Decimal("0.666667"), "and above 100"


def test_a_day_on_the_bound_of_its_interval_lies_in_it() -> None:
    found = scoring.score(
        "total",
        [made(1, "100", "110"), made(2, "100", "90"), made(3, "100", "110.0001")],
    )
    assert found.covered_80 == Decimal("0.666667")
    assert found.covered_95 == 1


def test_a_closed_day_is_in_the_error_and_in_no_interval() -> None:
    nothing = dict.fromkeys(
        ("lower_80", "upper_80", "lower_95", "upper_95"), Decimal(0)
    )
    closed = made(1, "0", "0", **nothing)
    found = scoring.score("total", [closed, made(2, "100", "150")])
    assert (found.periods, found.covered_80, found.covered_95) == (2, 0, 0)
    alone = scoring.score("total", [closed])
    assert (alone.error, alone.bias, alone.covered_80) == (None, None, None)


def test_kinds_are_pooled() -> None:
    rows = [
        made(1, "100", "100"),
        made(56, "100", "50"),
        made(1, "60", "50", "category:a"),
        made(1, "30", "50", "category:b"),
        made(1, "90", "100", "channel:x"),
    ]
    found = {each.of: each for each in scoring.scores(rows)}
    assert list(found) == ["total", "category", "channel"]
    assert (found["total"].periods, found["total"].actual) == (2, 150)
    assert (found["category"].series, found["category"].error) == (
        2,
        Decimal("0.300000"),
    )
    assert found["category"].bias == Decimal("-0.100000")


def test_articles_are_scored_by_whole_weeks() -> None:
    # One piece is sold a week, on a day that nobody can know.
    week = [
        made(back, "10", "70" if back == 3 else "0", "sku:A") for back in range(1, 8)
    ]
    part = [
        made(back, "10", "0", "sku:A") for back in range(9, 15)
    ]  # the eighth day is missing
    other = [made(back, "10", "5", "sku:B") for back in range(8, 15)]
    (found,) = scoring.scores([*week, *part, *other])
    assert (found.of, found.series, found.periods) == ("sku", 2, 2)
    assert (found.forecast, found.actual) == (140, 105)
    assert found.error == Decimal("0.333333"), "(0 + 35) / 105"
    assert found.covered_80 is None


def drift(*rows: Row, usual: str | None = "0.2") -> Drift:
    return scoring.drift(rows, usual and Decimal(usual))


def days(forecast: str, count: int = 28) -> list[Row]:
    return [made(back, forecast, "100") for back in range(1, count + 1)]


def test_thirteen_days_are_too_few_to_judge() -> None:
    found = drift(*days("200", 13))
    assert found.reasons == []
    assert len(drift(*days("200", 14)).reasons) == 3


@pytest.mark.parametrize(
    ("said", "drifts"), [("110", False), ("110.1", True), ("90", False), ("89.9", True)]
)
def test_a_bias_of_more_than_ten_percent_is_drift(said: str, drifts: bool) -> None:
    wide = {
        "lower_80": Decimal(0),
        "upper_80": Decimal(300),
        "lower_95": Decimal(0),
        "upper_95": Decimal(400),
    }
    reasons = drift(*((each | wide) for each in days(said))).reasons
    assert bool(reasons) == drifts
    if drifts:
        assert reasons[0] in (
            "forecasts were 10.1 % too high (limit 10.0 %)",
            "forecasts were 10.1 % too low (limit 10.0 %)",
        )


@pytest.mark.parametrize(("outside", "drifts"), [(8, False), (9, True)])
def test_fewer_than_sixty_percent_of_days_in_their_interval_are_drift(
    outside: int, drifts: bool
) -> None:
    # Of 20 days; so many too high as too low, that there is no bias.
    rows = days("100", 20)
    for place in range(outside):
        rows[place] = made(place + 1, "111" if place % 2 else "89", "100")
    reasons = drift(*rows, usual="1").reasons
    assert bool(reasons) == drifts
    if drifts:
        assert reasons == [
            "only 55.0 % of days were within their 80 % interval (limit 60.0 %)"
        ]


@pytest.mark.parametrize(
    ("usual", "drifts"), [("0.06", False), ("0.059", True), (None, False)]
)
def test_an_error_of_more_than_half_again_the_usual_one_is_drift(
    usual: str | None, drifts: bool
) -> None:
    rows = [made(back, "109" if back % 2 else "91", "100") for back in range(1, 29)]
    assert drift(*rows, usual=usual).score.error == Decimal("0.09")
    assert bool(drift(*rows, usual=usual).reasons) == drifts
