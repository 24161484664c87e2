"""Days of the calendar: weeks, public holidays and Black Friday."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

from ecommerce.core.business_day import days_between
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

WEEK = timedelta(weeks=1)
FORMER_HOLIDAYS = timedelta(days=400)
"""A public holiday is compared with those of so many days before: Easter may be a month later in the year."""


def calendar_week(day: date) -> list[date]:
    """Return the days of the week of `day`, Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=later) for later in range(7)]


def public_holidays(calendar: str) -> Mapping[date, str]:
    """Return the English names of the public holidays of any year by day. `calendar` is a country code,
    optionally with a subdivision (`US`, `DE-BY`), empty for no holidays; ConfigurationError where it
    is unknown."""
    from holidays import country_holidays

    if not calendar:
        return {}
    country, _, subdivision = calendar.partition("-")
    try:
        return country_holidays(country, subdiv=subdivision or None, language="en_US")
    except NotImplementedError:
        raise ConfigurationError(
            f"HOLIDAYS={calendar!r} is not a calendar of the package `holidays`: use a country code such as "
            "US, or a subdivision such as DE-BY; `none` for no holidays"
        ) from None


def holidays_if_known(calendar: str) -> Mapping[date, str]:
    """Return `public_holidays`; none where `calendar` is unknown, for which the forecast's own run fails."""
    try:
        return public_holidays(calendar)
    except ConfigurationError:
        return {}


def is_workday(day: date, calendar: str) -> bool:
    """Return whether a day is one of Monday to Friday, and none of `public_holidays`."""
    return day.weekday() < 5 and day not in public_holidays(calendar)


def former_holidays(settings: Settings, days: Collection[date]) -> Mapping[date, str]:
    """Return the names of the public holidays among `days` and of those that they are compared with, by
    day."""
    holidays = holidays_if_known(settings.holiday_calendar)
    judged = sorted(filter(holidays.__contains__, days))
    if not judged:
        return {}
    span = days_between(judged[0] - FORMER_HOLIDAYS, judged[-1])
    return {day: holidays[day] for day in span if day in holidays}


def days_compared_with(settings: Settings, changed: Collection[date]) -> set[date]:
    """Return the days whose comparison changes with the orders of the `changed` days: these, the four weeks
    after each, and the public holidays that are compared with a changed one or with the day a week before
    it."""
    holidays = holidays_if_known(settings.holiday_calendar)
    compared: set[date] = set()
    for day in changed:
        compared.update(days_between(day, day + 4 * WEEK))
        if day in holidays or day + WEEK in holidays:
            later = days_between(day, day + WEEK + FORMER_HOLIDAYS)
            compared.update(filter(holidays.__contains__, later))
    return compared


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
