"""What is coming, in one sentence."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.text import MINUS
from ecommerce.sales.report.figures import upcoming
from ecommerce.sales.report.findings.sentences import sentences
from tests.unit.sales.report import samples
from tests.unit.sales.report.samples import make_figures

D = Decimal


def said(
    last: date, *, gross: str = "100000", complete: bool = True, days: int = 7, calendar: str = "US"
) -> str:
    """The sentence of the report of `last`, of whose last seven days each sold a seventh of `gross`."""
    row = {"gross_sales": D(gross) / 7, "complete": True}
    before = {last - timedelta(days=back): row for back in range(7)}
    before[last - timedelta(days=3)] = {**row, "complete": complete}
    found = upcoming.in_context(samples.outlook(last, days), last, before, calendar)
    return sentences(make_figures(findings=[], outlook=found))[-1]


@pytest.mark.parametrize(
    ("last", "beginning"),
    [
        ("2026-11-20", "Black Friday week: "),
        ("2026-11-26", "Black Friday week: "),
        ("2026-11-27", "Next 7 days: "),
        ("2026-12-20", "Week of Christmas Day: "),
        ("2026-12-28", "Week of New Year's Day: "),
        ("2026-11-01", "Next 7 days: "),
    ],
)
def test_the_coming_week_is_named_for_what_is_in_it(last, beginning):
    if last == "2026-11-01":
        assert said(date.fromisoformat(last), calendar="").startswith(beginning)
    else:
        assert said(date.fromisoformat(last)).startswith(beginning)


def test_it_is_compared_with_the_last_seven_days():
    last = date(2026, 11, 20)
    assert said(last) == "Black Friday week: 125,000 USD gross sales expected, +25.0 % vs the last 7 days."
    assert said(last, gross="200000").endswith(f"{MINUS}37.5 % vs the last 7 days.")


def test_without_seven_complete_days_or_a_whole_week_ahead_there_is_no_comparison():
    last = date(2026, 12, 5)
    assert said(last, complete=False) == "Next 7 days: 125,000 USD gross sales expected."
    assert said(last, days=3) == "Next 3 days: 50,400 USD gross sales expected."
    assert said(last, days=1) == "Sun 6 Dec: 20,500 USD gross sales expected."


def test_without_a_forecast_nothing_is_said():
    assert sentences(make_figures(findings=[], outlook=None)) == []
    assert upcoming.in_context(None, date(2026, 11, 20), {}, "US") is None


@pytest.mark.parametrize(("year", "day"), [(2024, 29), (2025, 28), (2026, 27), (2029, 23), (2030, 29)])
def test_black_friday_is_the_day_after_the_fourth_thursday(year, day):
    assert upcoming.black_friday(year) == date(year, 11, day)
