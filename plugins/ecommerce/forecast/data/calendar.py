"""Public holidays, as numbers that a panel holds."""

from __future__ import annotations

import zlib
from datetime import date, timedelta

import numpy as np

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.data.panel import Ints


def holidays_of(calendar: str, first_day: date, days: int) -> Ints:
    """A number for the name of each day's holiday, 0 where there is none, [days]. A name has the same number
    in every year, whatever period is asked for.

    Args:
        calendar: a country's code, and after a dash one of its subdivisions: `US`, `DE-BY`; empty: no
            holidays.
        first_day: the first of the days.
        days: how many.

    Raises:
        ConfigurationError: there is no such calendar.
    """
    found = np.zeros(days, dtype=np.int64)
    if not calendar:
        return found
    from holidays import country_holidays

    last_day = first_day + timedelta(days=days - 1)
    country, _, subdivision = calendar.partition("-")
    try:
        years = range(first_day.year, last_day.year + 1)
        known = country_holidays(country, subdiv=subdivision or None, years=years)
    except NotImplementedError:
        raise ConfigurationError(
            f"HOLIDAYS={calendar!r} is no calendar of the package `holidays`: give a country's code, such as "
            "US, or one of its subdivisions, such as DE-BY; `none` for no holidays"
        ) from None
    for day, name in known.items():
        if first_day <= day <= last_day:
            found[(day - first_day).days] = 1 + zlib.crc32(name.encode())
    return found
