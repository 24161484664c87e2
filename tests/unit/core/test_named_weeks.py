from datetime import date, timedelta

import pytest

from ecommerce.core.named_weeks import black_friday, event, week_name


@pytest.mark.parametrize(("year", "day"), [(2024, 29), (2025, 28), (2026, 27), (2029, 23), (2030, 29)])
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
    found = event([date.fromisoformat(first) + timedelta(days=day) for day in range(7)], calendar)
    assert (week_name(found) if found else None) == name
