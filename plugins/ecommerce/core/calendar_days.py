"""Days of the calendar: weeks, public holidays and Black Friday."""

from collections.abc import Mapping
from datetime import date, timedelta

from ecommerce.core.errors import ConfigurationError


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


def is_workday(day: date, calendar: str) -> bool:
    """Return whether a day is one of Monday to Friday, and none of `public_holidays`."""
    return day.weekday() < 5 and day not in public_holidays(calendar)


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
