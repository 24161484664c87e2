"""The coming days, and the week of an event among them."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import Mock

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.report.figures import outlook
from tests.unit.sales.report.parts import MONDAY, D
from tests.unit.sales.report.texts.answers import Answers

WEEK = (15100, 14800, 15600, 17000, 19900, 22100, 20500)
"""Forecast gross sales of Monday to Sunday; net sales are 1,000 less."""


def outlook_of(last, days=7):
    """The outlook of the report of `last`, from a forecast of the six days before it to `days` after it."""
    rows = []
    for ahead in range(-6, days + 1):
        day = last + timedelta(days=ahead)
        row = {"made_at": MONDAY, "model": "blend", "day": day}
        row["net_sales"] = D(10_000) if day <= last else None
        for figure in outlook.FIGURES:
            row[figure] = D(WEEK[day.weekday()])
            row[f"net_{figure}"] = row[figure] - 1000
        rows.append(row)
    return outlook.read(Answers.of(last, outlook=rows)).outlook


@pytest.mark.parametrize(
    ("last", "days", "event", "expected"),
    [
        ("2026-11-22", 7, "Black Friday", 118_000),
        # Four days are known, and three are forecast.
        ("2026-11-26", 7, "Black Friday", 40_000 + 59_500),
        ("2026-11-27", 7, "", 0),
        ("2026-12-20", 7, "Christmas", 118_000),
        ("2026-11-21", 7, "", 0),
        ("2026-11-21", 8, "Black Friday", 118_000),
    ],
)
def test_the_week_of_a_coming_event(last, days, event, expected):
    """A week that the forecast does not cover is not named."""
    found = outlook_of(date.fromisoformat(last), days)
    assert (found.event or "") == event
    gross = sum(day.forecast for day in found.event_week)
    net = sum(day.forecast for day in found.net_event_week)
    assert (gross, net) == ((125_000, 118_000) if event else (0, 0))
    assert not event or found.named_week.net_sales == expected


def test_the_outlook_begins_when_the_day_ends_also_where_clocks_change(monkeypatch):
    rows = Mock(return_value=[])
    monkeypatch.setattr(Answers, "rows", rows)
    # It has 25 hours.
    window = day_window(date(2026, 11, 1), "America/New_York")
    assert outlook.read(Answers(Answers.of().warehouse, window)).outlook is None
    rows.assert_called_once_with(
        "outlook",
        {"ends_at": datetime(2026, 11, 2, 5, tzinfo=UTC)},
        first=date(2026, 11, 2),
        last=date(2026, 11, 8),
    )
