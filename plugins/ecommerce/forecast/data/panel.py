"""A panel: daily gross sales of several series up to an origin, and what is known of the days after it; and
its cleaning for training by the rules of docs/DEFINITIONS.md: closed days, outliers, vanished series."""

import zlib
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
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
_QUARTER, _RARELY = 91, 0.5


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
    market: Floats

    @property
    def days(self) -> int:
        """The number of known days; the forecast begins after them."""
        return len(self.values)

    @property
    def origin(self) -> date:
        """The last known day."""
        return self.first_day + timedelta(days=self.days - 1)

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Every day of the panel and the horizon."""
        return pd.date_range(self.first_day, periods=self.days + HORIZON)

    @property
    def weekdays(self) -> Ints:
        """The weekday of each of these days, Monday is 0."""
        return self.dates.day_of_week.to_numpy()

    @property
    def days_of_month(self) -> Ints:
        """The day of the month of each of these days, from 1."""
        return self.dates.day.to_numpy()

    def until(self, days: int, first: int = 0) -> "Panel":
        """Return the panel as it was when `days` days were known, without those before the day number
        `first`: a past forecast is made from this alone."""
        known, with_horizon = slice(first, days), slice(first, days + HORIZON)
        return replace(
            self,
            first_day=self.first_day + timedelta(days=first),
            values=self.values[known],
            promotions=self.promotions[with_horizon],
            holidays=self.holidays[with_horizon],
            market=self.market[known],
        )


def holidays_of(calendar: str, first_day: date, days: int) -> Ints:
    """Return a number for the name of each day's holiday, the same in every year; 0 on other days. `calendar`
    and errors are those of `public_holidays`."""
    names = public_holidays(calendar)
    numbers = np.zeros(days, dtype=np.int64)
    for place in range(days):
        name = names.get(first_day + timedelta(days=place))
        if name:
            numbers[place] = 1 + zlib.crc32(name.encode())
    return numbers


def clean(panel: Panel) -> tuple[Floats, Bools]:
    """Return the training data [days, series], NaN elsewhere, and the days to forecast as 0 [days + HORIZON,
    series], by what is known at the panel's origin."""
    values, days = panel.values.copy(), panel.days
    _drop_truncated(values)
    values[~np.maximum.accumulate(values > 0, axis=0)] = np.nan
    closed = _closed_weekdays(values, panel.weekdays[:days])[panel.weekdays]
    is_empty = values == 0
    is_ordinary = ~closed[:days] & (panel.holidays[:days] == 0) & ~np.isnan(values)
    ordinary_days = is_ordinary[-YEAR:].sum(axis=0)
    empty_days = (is_empty & is_ordinary)[-YEAR:].sum(axis=0)
    sells_rarely = empty_days / np.maximum(ordinary_days, 1) > _RARE
    for series in np.flatnonzero(~sells_rarely):
        _close_holidays(closed[:, series], panel.holidays[:, series], values[:, series])
    closed[days:] |= _yearly_closure(panel)[:, None]
    values[is_empty & (~sells_rarely | closed[:days])] = np.nan
    return _capped(values), closed


def without_absurd_day(values: Floats) -> Floats:
    """Return `values` [days, series] with a series' largest day of the last year unknown where it is more
    than five times the second largest: a single absurd day is no level."""
    values = values.copy()
    year = values[-YEAR:]
    second_largest = np.sort(np.nan_to_num(year), axis=0)[-2:][0]
    year[(year > _ABSURD * second_largest) & (second_largest > 0)] = np.nan
    return values


def by_week(values: Floats) -> pd.DataFrame:
    """Return `values` [days, series] with a row for each seven days, which end on the last day, and a column
    for each weekday and series."""
    missing_days = -len(values) % DAYS
    whole = np.pad(values, ((missing_days, 0), (0, 0)), constant_values=np.nan)
    return pd.DataFrame(whole.reshape(-1, DAYS * values.shape[1]))


def by_day(weeks: pd.DataFrame, values: Floats) -> Floats:
    """Return what was computed from `by_week(values)`, as [days, series]."""
    return weeks.to_numpy().reshape(-1, values.shape[1])[-len(values) :]


def same_weekday_mean(values: Floats, weeks: int) -> Floats:
    """Return the weekday average of `weeks` weeks up to each day, over known days."""
    return by_day(by_week(values).rolling(weeks, min_periods=1).mean(), values)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return `part / whole`; NaN where `whole` is not positive."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def has_vanished(recent: Floats) -> Bools:
    """Return the series of `recent` [days, series] to forecast as 0: those without sales for four weeks; and
    those without for a week that sold on most days before it, while the sum of all series is as before:
    others replaced them."""
    before, week = recent[:-_REPLACED_DAYS], recent[-_REPLACED_DAYS:]
    has_sold = (before[-_VANISHED_DAYS:] > 0).sum(axis=0) >= _SOLD_BEFORE
    usual = np.nansum(before) / max(len(before), 1) * _REPLACED_DAYS
    is_replaced = has_sold & (np.nansum(week) >= usual / 2)
    return _sold_nothing(recent[-_VANISHED_DAYS:]) | (_sold_nothing(week) & is_replaced)


def _sold_nothing(values: Floats) -> Bools:
    """Return the series that are known on some of the days, and had sales on none."""
    return np.any(values <= 0, axis=0) & ~np.any(values > 0, axis=0)


def sells_rarely(values: Floats) -> Bools:
    """Return the series without sales on more than half of the days of a quarter: they are forecast
    by a long weekday average."""
    recent = values[-_QUARTER:]
    known_days = np.maximum((~np.isnan(recent)).sum(axis=0), 1)
    return (recent == 0).sum(axis=0) / known_days > _RARELY


def _drop_truncated(values: Floats) -> None:
    """Drop the last days, three at most, whose total is below 40 % of the lowest of the same weekday in eight
    weeks: an export that ended in the middle of a day."""
    total = np.nansum(values, axis=1)
    for day in range(len(total) - 1, max(len(total) - _MOST_TRUNCATED, DAYS) - 1, -1):
        before = total[day - DAYS :: -DAYS][:8]
        if len(before) < 4 or total[day] == 0:
            return
        if total[day] >= _TRUNCATED * before.min():
            return
        values[day] = np.nan


def _closed_weekdays(values: Floats, weekdays: Ints) -> Bools:
    """[7, series]; a series without sales on all weekdays is not closed: it does not sell."""
    closed = np.zeros((DAYS, values.shape[1]), dtype=bool)
    for weekday in range(DAYS):
        recent = values[weekdays == weekday][-_WEEKDAY_WEEKS:]
        known = (~np.isnan(recent)).sum(axis=0)
        empty = (recent == 0).sum(axis=0)
        closed[weekday] = (known >= 3) & (empty >= _CLOSED * known)
    closed[:, closed.all(axis=0)] = False
    return closed


def _close_holidays(closed: Bools, holidays: Ints, values: Floats) -> None:
    """Close the coming holidays of a series that had no sales the last time, or, if one is new, where others
    were closed."""
    days = len(values)
    is_open = ~closed[:days] & ~np.isnan(values)
    past = np.flatnonzero((holidays[:days] > 0) & is_open)
    was_closed = values[past] == 0
    is_usually_closed = len(past) >= 2 and was_closed[-12:].mean() >= 0.7
    for day in days + np.flatnonzero(holidays[days:]):
        last_times = was_closed[holidays[past] == holidays[day]]
        if len(last_times):
            closed[day] |= last_times[-1]
        else:
            closed[day] |= is_usually_closed


def _yearly_closure(panel: Panel) -> Bools:
    """[HORIZON]: the days on which the shop sold nothing in every known year, as part of three days to a
    month; in the only one, if they reach over a public holiday or the turn of the year."""
    past, coming = panel.dates[: panel.days], panel.dates[panel.days :]
    is_empty = pd.Series(~np.any(panel.values > 0, axis=1), past)
    first_sale = past[int(is_empty.argmin())]
    runs = (is_empty != is_empty.shift()).cumsum()  # of days alike
    lengths = runs.groupby(runs).transform("size")
    is_closed = is_empty & lengths.between(3, 31)
    is_closed[:first_sale] = False
    is_holiday = pd.Series(np.any(panel.holidays[: panel.days] > 0, axis=1), past)
    years = pd.Series(past.year, past).groupby(runs).transform("nunique")
    is_sure = is_closed & (is_holiday.groupby(runs).transform("any") | (years > 1))
    known_years, closed_years, sure_years = np.zeros((3, HORIZON))
    for back in (1, 2, 3):
        same_days = coming - pd.DateOffset(years=back)
        known_years += same_days >= first_sale
        closed_years += is_closed.reindex(same_days, fill_value=False).to_numpy()
        sure_years += is_sure.reindex(same_days, fill_value=False).to_numpy()
    is_always = (closed_years > 0) & (closed_years == known_years)
    return is_always & ((known_years > 1) | (sure_years > 0))


def _capped(values: Floats) -> Floats:
    """Cap `values` at 2.5 times the median of the same weekday in the eight weeks before, and raise all
    to the sum of the last year: the cap changes the shape, not the level."""
    medians = by_week(values).rolling(8, min_periods=4).median().shift()
    limit = _CAPPED * by_day(medians, values)
    capped = np.where((values > limit) & (limit > 0), limit, values)
    sold, kept = np.nansum(values[-YEAR:], axis=0), np.nansum(capped[-YEAR:], axis=0)
    return capped * np.divide(sold, kept, out=np.ones(len(sold)), where=kept > 0)
