"""Calendar weeks that are named for an event: Black Friday, Christmas or a public holiday."""

from collections.abc import Sequence
from datetime import date

from ecommerce.core import text
from ecommerce.core.calendar_days import black_friday, calendar_week, holidays_if_known

BLACK_FRIDAY = "Black Friday"
CHRISTMAS = "Christmas"


def named_week(days: Sequence[date], calendar: str) -> list[date]:
    """Return the calendar week whose event is on one of `days`, which are consecutive and at most seven;
    empty without one. `calendar` as in `event`."""
    for day in days:
        week = calendar_week(day)
        name = event(week, calendar)
        if name and name == event([day], calendar):
            return week
    return []


def event(days: Sequence[date], calendar: str) -> str | None:
    """Return the event of a week, given by its days in order: Black Friday, else Christmas, else the first
    public holiday; None without one, or where `calendar`, as in `Settings.holiday_calendar`, is unknown."""
    if black_friday(days[0].year) in days:
        return BLACK_FRIDAY
    if date(days[0].year, 12, 25) in days:
        return CHRISTMAS
    holidays = holidays_if_known(calendar)
    for day in days:
        if day in holidays:
            return holidays[day]
    return None


def week_name(event: str, week: Sequence[date]) -> str:
    """Return `Week of Black Friday …` with the first and the last day."""
    first, last = text.short_day(week[0]), text.short_day(week[-1])
    return f"Week of {text.clean(event)} ({first} {text.NOTHING} {last})"
