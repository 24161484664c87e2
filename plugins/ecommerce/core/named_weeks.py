"""The event that a week is named for: Black Friday, Christmas, or a public holiday."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.text import clean

BLACK_FRIDAY, CHRISTMAS = "Black Friday", "Christmas"


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
        holidays: Mapping[date, str] = country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        raise ConfigurationError(
            f"HOLIDAYS={calendar!r} is not a calendar of the package `holidays`: use a country code such as "
            "US, or a subdivision such as DE-BY; `none` for no holidays"
        ) from None
    return holidays


def week_name(event: str) -> str:
    """Return `Black Friday week`, `Christmas week` or, for a public holiday, `Week of Labor Day`."""
    name = clean(event)
    return f"{name} week" if name in (BLACK_FRIDAY, CHRISTMAS) else f"Week of {name}"


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
