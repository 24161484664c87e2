"""Calendar weeks: the event that a week is named for (Black Friday, Christmas, or a public holiday), what a
usual one sells, and the sentence on a coming one, the same in all reports."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from ecommerce.core import text
from ecommerce.core.errors import ConfigurationError

BLACK_FRIDAY, CHRISTMAS = "Black Friday", "Christmas"
USUAL_WEEKS = 8
"""Weeks that a usual one is the median of: a mean would rise with a season under way."""


def calendar_week(day: date) -> list[date]:
    """Return the days of the week of `day`, Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=later) for later in range(7)]


def named_week(days: Sequence[date], calendar: str) -> list[date]:
    """Return the calendar week whose event begins on one of `days`, which are consecutive and at most seven;
    empty without one. `calendar` as in `event`."""
    for edge in (days[0], days[-1]):
        week = calendar_week(edge)
        name = event(week, calendar)
        event_days = [day for day in week if event([day], calendar) == name]
        if name and event_days[0] in days:
            return week
    return []


def usual_week(sales: Mapping[date, Decimal | None], day: date) -> Decimal | None:
    """Return the median of the eight calendar weeks before that of `day`. A week with a day whose sales are
    not known is left out; None without any other."""
    sums = []
    for back in range(1, USUAL_WEEKS + 1):
        week = calendar_week(day - timedelta(weeks=back))
        amounts = [sales.get(each) for each in week]
        known = [amount for amount in amounts if amount is not None]
        if len(known) == len(week):
            sums.append(sum(known, Decimal(0)))
    return median(sums) if sums else None


def week_sentence(
    when: str, expected: Decimal, usual: Decimal | None, currency: str
) -> str:
    """Return, for example, `Next 7 days: 125,000 USD gross sales expected, +2.0 % vs a usual week.`; without
    the change where there is no usual week."""
    versus = text.versus(expected, usual, "a usual week")
    return f"{when}: {text.count(expected)} {currency} gross sales expected{versus}."


def event(days: Sequence[date], calendar: str) -> str | None:
    """Return the event of a week, given by its days in order; None without one, or where `calendar`, as in
    `Settings.holiday_calendar`, is unknown."""
    if any(each == black_friday(each.year) for each in days):
        return BLACK_FRIDAY
    if any(each.month == 12 and 24 <= each.day <= 26 for each in days):
        return CHRISTMAS
    try:
        known = public_holidays(calendar)
    except ConfigurationError:  # the forecast's own run fails for it
        return None
    return next((str(known[each]) for each in days if each in known), None)


def public_holidays(calendar: str) -> Mapping[date, str]:
    """Return the names of the public holidays of any year by day. `calendar` is a country code, optionally
    with a subdivision (`US`, `DE-BY`), empty for no holidays; ConfigurationError where it is unknown."""
    if not calendar:
        return {}
    from holidays import country_holidays

    country, _, subdivision = calendar.partition("-")
    try:
        holidays: Mapping[date, str] = country_holidays(
            country, subdiv=subdivision or None
        )
    except NotImplementedError:
        raise ConfigurationError(
            f"HOLIDAYS={calendar!r} is not a calendar of the package `holidays`: use a country code such as "
            "US, or a subdivision such as DE-BY; `none` for no holidays"
        ) from None
    return holidays


def week_name(event: str, week: Sequence[date]) -> str:
    """Return `Black Friday week` or, for a public holiday, `Week of Labor Day`, followed by its first and
    last day."""
    name = text.clean(event)
    name = f"{name} week" if name in (BLACK_FRIDAY, CHRISTMAS) else f"Week of {name}"
    return (
        f"{name} ({text.short_day(week[0])} {text.NOTHING} {text.short_day(week[-1])})"
    )


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
