"""A panel: daily gross sales of several series up to an origin, and what is known of the days after it."""

import zlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.weeks import HORIZON

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Several series of the same days.

    `values` [days, series]: gross sales of each day, NaN in gaps. `promotions` [days + HORIZON, series]: the
    share of a series that is on promotion (0 to 1). `holidays` [days + HORIZON, series]: a number for each
    holiday's name, 0 on other days. `market` [days]: the market index known on each day, NaN without one.
    """

    first_day: date
    series: tuple[str, ...]
    values: Floats
    promotions: Floats
    holidays: Ints
    market: Floats | None = None

    @property
    def days(self) -> int:
        """The number of known days; the forecast begins after them."""
        return len(self.values)

    @property
    def origin(self) -> date:
        """The last known day."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def dates(self) -> NDArray[np.datetime64]:
        """Every day of the panel and the horizon."""
        return np.datetime64(self.first_day) + np.arange(self.days + HORIZON)

    @property
    def weekdays(self) -> Ints:
        """The weekday of each of these days, Monday is 0."""
        return (self.first_day.weekday() + np.arange(self.days + HORIZON)) % 7

    def until(self, days: int) -> "Panel":
        """Return the panel as it was when `days` days were known: a past forecast is made from this alone."""
        return self._part(0, days)

    def last(self, days: int) -> "Panel":
        """Return the last `days` days of the panel."""
        return self._part(max(0, self.days - days), self.days)

    def _part(self, first: int, end: int) -> "Panel":
        return replace(
            self,
            first_day=self.first_day + timedelta(days=first),
            values=self.values[first:end],
            promotions=self.promotions[first : end + HORIZON],
            holidays=self.holidays[first : end + HORIZON],
            market=None if self.market is None else self.market[first:end],
        )


def holidays_of(calendar: str, first_day: date, days: int) -> Ints:
    """Return a number for the name of each day's holiday, the same in every year; 0 on other days.

    Args:
        calendar: a country code, optionally with a subdivision (`US`, `DE-BY`); empty for no holidays.
        first_day: the first day.
        days: the number of days.

    Raises:
        ConfigurationError: the calendar is unknown.
    """
    numbers = np.zeros(days, dtype=np.int64)
    if not calendar:
        return numbers
    from holidays import country_holidays

    country, _, subdivision = calendar.partition("-")
    years = range(first_day.year, (first_day + timedelta(days=days - 1)).year + 1)
    try:
        holidays = country_holidays(country, subdiv=subdivision or None, years=years)
    except NotImplementedError:
        raise ConfigurationError(
            f"HOLIDAYS={calendar!r} is not a calendar of the package `holidays`: use a country code such as "
            "US, or a subdivision such as DE-BY; `none` for no holidays"
        ) from None
    for day, name in holidays.items():
        if 0 <= (place := (day - first_day).days) < days:
            numbers[place] = 1 + zlib.crc32(name.encode())
    return numbers
