"""Calendar weeks: the event that a week is named for (Black Friday or a public holiday), what a
usual one sells, and the sentence on a coming one, the same in all reports."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from ecommerce.core import text
from ecommerce.core.calendar_days import black_friday, calendar_week, public_holidays
from ecommerce.core.errors import ConfigurationError

BLACK_FRIDAY = "Black Friday"
CHRISTMAS = "Christmas"
USUAL_WEEKS = 8
"""Weeks that a usual one is the median of: a mean would rise with a season under way."""


def named_week(days: Sequence[date], calendar: str) -> list[date]:
    """Return the calendar week whose event is on one of `days`, which are consecutive and at most seven;
    empty without one. `calendar` as in `event`."""
    for day in days:
        week = calendar_week(day)
        name = event(week, calendar)
        if name and name == event([day], calendar):
            return week
    return []


def usual_week(sales: Mapping[date, Decimal | None], day: date) -> Decimal | None:
    """Return the median of the eight calendar weeks before that of `day`. A week with a day whose sales are
    not known is left out; None without any other."""
    totals = []
    for back in range(1, USUAL_WEEKS + 1):
        total = Decimal(0)
        for past_day in calendar_week(day - timedelta(weeks=back)):
            amount = sales.get(past_day)
            if amount is None:
                break
            total += amount
        else:
            totals.append(total)
    return median(totals) if totals else None


def week_sentence(
    when: str, expected: Decimal, usual: Decimal | None, currency: str
) -> str:
    """Return, for example, `Next 7 days: 125,000 USD gross sales expected, +2.0 % vs a usual week.`; without
    the change where there is no usual week."""
    versus = text.versus(expected, usual, "a usual week")
    return f"{when}: {text.count(expected)} {currency} gross sales expected{versus}."


def event(days: Sequence[date], calendar: str) -> str | None:
    """Return the event of a week, given by its days in order: Black Friday, else Christmas, else the first
    public holiday; None without one, or where `calendar`, as in `Settings.holiday_calendar`, is unknown."""
    if black_friday(days[0].year) in days:
        return BLACK_FRIDAY
    if date(days[0].year, 12, 25) in days:
        return CHRISTMAS
    try:
        holidays = public_holidays(calendar)
    except ConfigurationError:  # the forecast's own run fails for it
        return None
    for day in days:
        if day in holidays:
            return holidays[day]
    return None


def week_name(event: str, week: Sequence[date]) -> str:
    """Return `Week of Black Friday …` with the first and the last day."""
    first, last = text.short_day(week[0]), text.short_day(week[-1])
    return f"Week of {text.clean(event)} ({first} {text.NOTHING} {last})"
