"""A panel: daily gross sales of several series up to an origin, and what is known of the days after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

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

    def until(self, days: int) -> Panel:
        """Return the panel as it was when `days` days were known: a past forecast is made from this alone."""
        return replace(
            self,
            values=self.values[:days],
            promotions=self.promotions[: days + HORIZON],
            holidays=self.holidays[: days + HORIZON],
            market=None if self.market is None else self.market[:days],
        )

    def last(self, days: int) -> Panel:
        """Return the last `days` days of the panel."""
        skipped = max(0, self.days - days)
        return replace(
            self,
            first_day=self.first_day + timedelta(days=skipped),
            values=self.values[skipped:],
            promotions=self.promotions[skipped:],
            holidays=self.holidays[skipped:],
            market=None if self.market is None else self.market[skipped:],
        )
