"""The event that a week is named for: Black Friday, Christmas, or a public holiday."""

from collections.abc import Sequence
from datetime import date, timedelta

from ecommerce.core.text import clean

BLACK_FRIDAY, CHRISTMAS = "Black Friday", "Christmas"


def event(days: Sequence[date], calendar: str) -> str | None:
    """Return the event of a week; None without one, or where the calendar is unknown.

    Args:
        days: of the week, in order.
        calendar: whose public holidays are named, as in `Settings.holiday_calendar`.
    """
    if any(each == black_friday(each.year) for each in days):
        return BLACK_FRIDAY
    if any(each.month == 12 and 24 <= each.day <= 26 for each in days):
        return CHRISTMAS
    if not calendar:
        return None
    from holidays import country_holidays

    country, _, subdivision = calendar.partition("-")
    try:
        known = country_holidays(country, subdiv=subdivision or None, years={each.year for each in days})
    except NotImplementedError:  # the forecast's own run fails for it
        return None
    return next((str(known[each]) for each in days if each in known), None)


def week_name(event: str) -> str:
    """Return `Black Friday week`, `Christmas week` or, for a public holiday, `Week of Labor Day`."""
    name = clean(event)
    return f"{name} week" if name in (BLACK_FRIDAY, CHRISTMAS) else f"Week of {name}"


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
