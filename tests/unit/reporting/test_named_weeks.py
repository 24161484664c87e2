from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.calendar_days import black_friday, calendar_week
from ecommerce.reporting.named_weeks import event, named_week, usual_week, week_name


@pytest.mark.parametrize(
    ("year", "day"), [(2024, 29), (2025, 28), (2026, 27), (2029, 23), (2030, 29)]
)
def test_black_friday_is_the_day_after_the_fourth_thursday(year, day):
    assert black_friday(year) == date(year, 11, day)


@pytest.mark.parametrize(
    ("first", "calendar", "name"),
    [
        ("2026-11-23", "US", "Black Friday"),
        ("2026-12-21", "", "Christmas"),
        ("2026-12-27", "US", "New Year's Day"),
        ("2026-12-27", "", None),
        ("2026-12-27", "XX", None),
        ("2026-12-01", "US", None),
    ],
)
def test_a_week_is_named_for_its_event(first, calendar, name):
    monday = date.fromisoformat(first)
    week = [monday + timedelta(days=day) for day in range(7)]
    assert event(week, calendar) == name


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
    days = [date.fromisoformat(first) + timedelta(days=later) for later in range(7)]
    week = named_week(days, "US")
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
