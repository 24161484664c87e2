from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.named_weeks import (
    black_friday,
    calendar_week,
    event,
    named_week,
    usual_week,
    week_name,
)


@pytest.mark.parametrize(
    ("year", "day"), [(2024, 29), (2025, 28), (2026, 27), (2029, 23), (2030, 29)]
)
def test_black_friday_is_the_day_after_the_fourth_thursday(year, day):
    assert black_friday(year) == date(year, 11, day)


@pytest.mark.parametrize(
    ("first", "calendar", "name"),
    [
        ("2026-11-23", "US", "Black Friday week"),
        ("2026-12-18", "", "Christmas week"),
        ("2026-12-26", "DE", "Christmas week"),
        ("2026-12-27", "US", "Week of New Year's Day"),
        ("2026-12-27", "", None),
        ("2026-12-27", "XX", None),
        ("2026-12-01", "US", None),
    ],
)
def test_a_week_is_named_for_its_event(first, calendar, name):
    found = event(
        [date.fromisoformat(first) + timedelta(days=day) for day in range(7)], calendar
    )
    assert (week_name(found, [date(2026, 1, 1)]) if found else "").partition(" (")[
        0
    ] == (name or "")


@pytest.mark.parametrize(
    ("first", "monday"),
    [
        ("2026-11-20", None),  # up to Thursday the 26th
        ("2026-11-21", "2026-11-23"),
        ("2026-11-24", "2026-11-23"),
        ("2026-11-27", "2026-11-23"),
        ("2026-11-28", None),
        ("2026-12-24", "2026-12-21"),
        ("2026-12-25", None),  # Christmas has begun
        ("2026-12-26", "2026-12-28"),  # New Year's Day
    ],
)
def test_a_named_week_is_a_calendar_week_whose_event_is_still_to_come(first, monday):
    days = [date.fromisoformat(first) + timedelta(days=later) for later in range(7)]
    country = "" if days[0].day == 20 or days[0].day == 25 else "US"
    week = named_week(days, country)
    assert [*map(str, week[:1])] == ([monday] if monday else [])
    assert len(week) in (0, 7)


def test_a_usual_week_is_the_median_of_the_eight_before_without_those_that_lack_a_day():
    monday = date(2026, 11, 23)
    sales = {}
    for back, amount in enumerate(
        (260, 240, 173, 172, 171, 170, 168, 172, 999), start=1
    ):
        for day in calendar_week(monday - timedelta(weeks=back)):
            sales[day] = Decimal(amount) / 7
    assert (
        round(usual_week(sales, monday), 6)
        == round(usual_week(sales, date(2026, 11, 29)), 6)
        == 172
    )
    del sales[monday - timedelta(days=1)], sales[monday - timedelta(days=8)]
    assert round(usual_week(sales, monday), 6) == Decimal("171.5")
    assert usual_week({}, monday) is None
