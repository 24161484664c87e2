from datetime import date, timedelta

import pytest

from ecommerce.core.calendar_days import black_friday, calendar_week
from ecommerce.core.named_weeks import event, named_week, week_name


def week_from(first):
    """Seven days from a day on."""
    return [date.fromisoformat(first) + timedelta(days=day) for day in range(7)]


def test_black_friday_is_the_day_after_the_fourth_thursday():
    days = {2024: 29, 2025: 28, 2026: 27, 2029: 23, 2030: 29}
    assert {year: black_friday(year).day for year in days} == days
    assert black_friday(2026).month == 11


@pytest.mark.parametrize(
    ("first", "calendar", "name"),
    [
        ("2026-11-23", "US", "Black Friday"),
        ("2026-12-21", "", "Christmas"),
        ("2026-12-27", "US", "New Year's Day"),
        ("2026-12-27", "GB", "Boxing Day (observed)"),  # before New Year's Day
        ("2026-12-27", "", None),
        ("2026-12-27", "XX", None),
        ("2026-12-01", "US", None),
    ],
)
def test_a_week_is_named_for_its_event(first, calendar, name):
    assert event(week_from(first), calendar) == name


def test_the_name_of_a_week_has_its_days():
    name = week_name("Black Friday", calendar_week(date(2026, 11, 27)))
    assert name == "Week of Black Friday (Mon 23 Nov \N{EN DASH} Sun 29 Nov)"


@pytest.mark.parametrize(
    ("first", "monday"),
    [
        ("2026-11-20", None),  # up to Thursday the 26th
        ("2026-11-21", "2026-11-23"),
        ("2026-11-24", "2026-11-23"),
        ("2026-11-27", "2026-11-23"),
        ("2026-11-28", None),
        ("2026-12-24", "2026-12-21"),
        ("2026-12-26", "2026-12-28"),  # New Year's Day
    ],
)
def test_a_named_week_is_a_calendar_week_whose_event_is_still_to_come(first, monday):
    expected = week_from(monday) if monday else []
    assert list(named_week(week_from(first), "US")) == expected
