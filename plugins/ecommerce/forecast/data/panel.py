"""A panel: daily gross sales of several series up to an origin, and what is known of the days after it; and
its cleaning for training by the rules of docs/DEFINITIONS.md: closed days, outliers, vanished series."""

import zlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from ecommerce.core.named_weeks import public_holidays
from ecommerce.forecast.weeks import DAYS, HORIZON

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_WEEKDAY_WEEKS = 13
_CLOSED = 0.85
_RARE = 0.08
YEAR = 364
"""Days; the same weekday a year ago."""
_TRUNCATED, _MOST_TRUNCATED = 0.4, 3
_CAPPED = 2.5
_ABSURD = 5.0
_VANISHED_DAYS, _REPLACED_DAYS, _SOLD_BEFORE = 28, 7, 20
_RARELY = 0.5
_CLOSED_DAYS = range(3, 32)


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

    @property
    def days_of_month(self) -> Ints:
        """The day of the month of each of these days, from 1."""
        return (self.dates - self.dates.astype("datetime64[M]")).astype(np.int64) + 1

    def until(self, days: int, first: int = 0) -> "Panel":
        """Return the panel as it was when `days` days were known, without those before the day number
        `first`: a past forecast is made from this alone."""
        return replace(
            self,
            first_day=self.first_day + timedelta(days=first),
            values=self.values[first:days],
            promotions=self.promotions[first : days + HORIZON],
            holidays=self.holidays[first : days + HORIZON],
            market=None if self.market is None else self.market[first:days],
        )


def holidays_of(calendar: str, first_day: date, days: int) -> Ints:
    """Return a number for the name of each day's holiday, the same in every year; 0 on other days. `calendar`
    and errors are those of `public_holidays`."""
    known = public_holidays(calendar)
    names = (known.get(first_day + timedelta(days=day)) for day in range(days))
    return np.array(
        [1 + zlib.crc32(name.encode()) if name else 0 for name in names], dtype=np.int64
    )


def clean(panel: Panel) -> tuple[Floats, Bools]:
    """Return the training data [days, series], NaN elsewhere, and the days to forecast as 0 [days + HORIZON,
    series], by what is known at the panel's origin."""
    values, days = panel.values.copy(), panel.days
    _drop_truncated(values)
    values[~np.maximum.accumulate(values > 0, axis=0)] = np.nan
    weekdays = panel.weekdays
    closed = _closed_weekdays(values, weekdays[:days])[weekdays]
    is_zero = values == 0
    ordinary = (~closed[:days] & (panel.holidays[:days] == 0) & ~np.isnan(values))[
        -YEAR:
    ]
    rarely = (is_zero[-YEAR:] & ordinary).sum(axis=0) / np.maximum(
        ordinary.sum(axis=0), 1
    ) > _RARE
    for place in np.flatnonzero(~rarely):
        _close_holidays(closed[:, place], panel.holidays[:, place], values[:, place])
    closed[days:] |= _yearly_closure(panel)[:, None]
    values[is_zero & (~rarely | closed[:days])] = np.nan
    return _capped(values), closed


def without_absurd_day(values: Floats) -> Floats:
    """Return `values` [days, series] with a series' largest day of the last year unknown where it is more
    than five times the second largest: a single absurd day is no level."""
    year = values[-YEAR:]
    second = np.sort(np.nan_to_num(year), axis=0)[-2:][0]
    is_absurd = (year > _ABSURD * second) & (second > 0)
    return np.concatenate([values[:-YEAR], np.where(is_absurd, np.nan, year)])


def shifted(values: Floats, days: int) -> Floats:
    """Return `values` moved `days` later; the first ones are NaN."""
    moved = np.full_like(values, np.nan)
    moved[days:] = values[: max(len(values) - days, 0)]
    return moved


def same_weekday_mean(values: Floats, weeks: int) -> Floats:
    """Return the weekday average of `weeks` weeks up to each day, over known days."""
    total, known = np.zeros_like(values), np.zeros_like(values)
    for week in range(min(weeks, len(values) // 7 + 1)):
        one = shifted(values, 7 * week)
        is_known = ~np.isnan(one)
        total += np.where(is_known, one, 0)
        known += is_known
    return ratio(total, known)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return `part / whole`; NaN where `whole` is not positive."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def has_vanished(recent: Floats) -> Bools:
    """Return the series of `recent` [days, series] to forecast as 0: those without sales for four weeks; and
    those without for a week that sold on most days before it, while the sum of all series is as before:
    others replaced them."""
    before, week = recent[:-_REPLACED_DAYS], recent[-_REPLACED_DAYS:]
    is_gone, has_stopped = (
        (part <= 0).any(axis=0) & ~(part > 0).any(axis=0)
        for part in (recent[-_VANISHED_DAYS:], week)
    )
    has_sold = (before[-_VANISHED_DAYS:] > 0).sum(axis=0) >= _SOLD_BEFORE
    usual = np.nansum(before) / max(len(before), 1) * _REPLACED_DAYS
    return is_gone | (has_stopped & has_sold & (np.nansum(week) >= usual / 2))


def sells_rarely(values: Floats) -> Bools:
    """Return the series without sales on more than half of the days of a quarter: they are forecast
    by a long weekday average."""
    recent = values[-91:]
    known = np.maximum((~np.isnan(recent)).sum(axis=0), 1)
    return (recent == 0).sum(axis=0) / known > _RARELY


def _drop_truncated(values: Floats) -> None:
    """Drop the last days, three at most, whose total is below 40 % of the lowest of the same weekday in eight
    weeks: an export that ended in the middle of a day."""
    total = np.nansum(values, axis=1)
    for day in range(len(total) - 1, max(len(total) - _MOST_TRUNCATED, DAYS) - 1, -1):
        before = total[day - DAYS :: -DAYS][:8]
        if (
            len(before) < 4
            or total[day] == 0
            or total[day] >= _TRUNCATED * before.min()
        ):
            return
        values[day] = np.nan


def _closed_weekdays(values: Floats, weekdays: Ints) -> Bools:
    """[7, series]; a series without sales on all weekdays is not closed: it does not sell."""
    closed = np.zeros((7, values.shape[1]), dtype=bool)
    for weekday in range(7):
        recent = values[weekdays == weekday][-_WEEKDAY_WEEKS:]
        known = (~np.isnan(recent)).sum(axis=0)
        closed[weekday] = (known >= 3) & ((recent == 0).sum(axis=0) >= _CLOSED * known)
    closed[:, closed.all(axis=0)] = False
    return closed


def _close_holidays(closed: Bools, holidays: Ints, values: Floats) -> None:
    """Close the coming holidays of a series that had no sales the last time, or, if one is new, where others
    were closed."""
    days, is_zero = len(values), values == 0
    past = np.flatnonzero((holidays[:days] > 0) & ~closed[:days] & ~np.isnan(values))
    usually = len(past) >= 2 and is_zero[past[-12:]].mean() >= 0.7
    for day in np.flatnonzero(holidays[days:] > 0) + days if len(past) else ():
        same = past[holidays[past] == holidays[day]]
        if is_zero[same[-1]] if len(same) else usually:
            closed[day] = True


def _yearly_closure(panel: Panel) -> Bools:
    """[HORIZON]: the days on which the shop sold nothing in every known year, as part of three days to a
    month; in the only one, if they reach over a public holiday or the turn of the year."""
    empty: Bools = ~np.any(panel.values > 0, axis=1)
    known_from = int(np.argmin(empty))
    years = panel.dates.astype("datetime64[Y]")
    is_closed, has_holiday = (
        np.zeros(panel.days, dtype=bool),
        np.zeros(panel.days, dtype=bool),
    )
    for run in np.split(
        np.arange(panel.days), np.flatnonzero(np.diff(empty)) + 1
    ):  # of days alike
        if empty[run[0]] and run[0] > known_from and len(run) in _CLOSED_DAYS:
            is_closed[run] = True
            has_holiday[run] = (
                np.any(panel.holidays[run] > 0) or years[run[0]] != years[run[-1]]
            )
    coming = panel.dates[panel.days :]
    months = coming.astype("datetime64[M]")
    votes = np.zeros((3, HORIZON), dtype=int)  # known years, closed, on a holiday
    for back in (1, 2, 3):
        place = ((months - 12 * back) + (coming - months) - panel.dates[0]).astype(int)
        is_known, day = place >= known_from, np.maximum(place, 0)
        votes += is_known & np.stack(
            [np.ones(HORIZON, dtype=bool), is_closed[day], has_holiday[day]]
        )
    known, closed, sure = votes
    return (closed > 0) & (closed == known) & ((known > 1) | (sure > 0))


def _capped(values: Floats) -> Floats:
    """Cap `values` at 2.5 times the median of the same weekday in the eight weeks before, and raise all
    to the sum of the last year: the cap changes the shape, not the level."""
    earlier = np.sort(
        np.stack([shifted(values, 7 * week) for week in range(1, 9)]), axis=0
    )  # NaN is last
    known = (~np.isnan(earlier)).sum(axis=0)
    middle = np.stack([(known - 1) // 2, known // 2]).clip(0, len(earlier) - 1)
    median = np.take_along_axis(earlier, middle, axis=0).mean(axis=0)
    limit = np.where((known >= 4) & (median > 0), _CAPPED * median, np.inf)
    capped = np.where(values > limit, limit, values)
    sold, kept = (np.nansum(table[-YEAR:], axis=0) for table in (values, capped))
    return capped * np.divide(sold, kept, out=np.ones(len(sold)), where=kept > 0)
