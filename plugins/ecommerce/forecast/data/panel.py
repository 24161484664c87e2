"""A panel: daily gross sales of several series up to an origin, and what is known of the days after it; and
its cleaning for training by the rules of docs/DEFINITIONS.md: closed days, outliers, vanished series."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecommerce.core.calendar_days import public_holidays
from ecommerce.forecast.weeks import DAYS, HORIZON

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_WEEKDAY_WEEKS = 13
_FEWEST_KNOWN = 3
"""Days of a weekday after a gap; with fewer, one without sales would close it."""
_CLOSED = 0.85
_RARE = 0.08
_HARDLY = 0.01
"""Of the ordinary days: a series that is empty on more of them may have been empty on a holiday by chance."""
YEAR = 364
"""Days; the same weekday a year ago."""
LONGEST_DAYS = 1100
"""Three years: models use no older days, and queries read no more partitions."""
_USUALLY_CLOSED = 0.7
"""Of the holidays of other names."""
_TRUNCATED = 0.4
_ABSURD = 5.0
_VANISHED_DAYS = 28
_SOLD_WEEKLY = 1 / 7
_SOLD_OFTEN = 5 / 7
"""Of the days: products that sell less often may have no sales by chance."""
_QUARTER = 91
_RARELY = 0.5


@dataclass(frozen=True, slots=True)
class Panel:
    """Several series of the same days.

    `values` [days, series]: gross sales of each day, NaN in gaps. `promotions` [days + HORIZON, series]: the
    share of a series that is on promotion (0 to 1). `holidays` [days + HORIZON, 1]: a number for each
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
    def dates(self) -> pd.DatetimeIndex:
        """Every day of the panel and the horizon."""
        return pd.date_range(self.first_day, periods=self.days + HORIZON)

    def until(self, days: int) -> "Panel":
        """Return the panel as it was when `days` days were known: a past forecast is made from this alone."""
        end = days + HORIZON
        return replace(
            self,
            values=self.values[:days],
            promotions=self.promotions[:end],
            holidays=self.holidays[:end],
            market=self.market[:days],
        )


def holidays_of(
    calendar: str,
    first_day: date,
    days: int,
) -> Ints:
    """Return a number for the name of each day's holiday, the same in every year; 0 on other days. `calendar`
    and errors are those of `public_holidays`."""
    dates = pd.Series(pd.date_range(first_day, periods=days).date)
    return pd.factorize(dates.map(public_holidays(calendar).get))[0] + 1


def clean(panel: Panel) -> tuple[Floats, Bools]:
    """Return the training data [days, series], NaN elsewhere, and the days to forecast as 0 [days + HORIZON,
    series], by what is known at the panel's origin."""
    values = panel.values.copy()
    days = panel.days
    _drop_truncated(values)
    # The first of these seven weekdays is also that of the first day to forecast.
    weekday = np.arange(-days, HORIZON) % DAYS
    shop = total_of(values)
    closed = (_closed_weekdays(values) | _closed_weekdays(shop))[weekday]
    is_ordinary = ~closed[:days] & (panel.holidays[:days] == 0)
    share_empty = empty_share(only_where(is_ordinary, values)[-YEAR:])
    sales = np.where(share_empty <= _HARDLY, values, shop)
    _close_holidays(closed, panel.holidays[:, 0], sales)
    closed[days:] |= _yearly_closure(panel)[:, None]
    is_left_out = closed[:days] | (share_empty <= _RARE)
    values[(values == 0) & is_left_out] = np.nan
    return values, closed


def drop_absurd_day(values: Floats) -> None:
    """Drop the largest day of each year of a series, counted from the end, where it is more than five times
    the second largest: a single absurd day is no level, and no season. `values` are [days, series]."""
    for end in range(len(values), 1, -YEAR):
        year = values[max(end - YEAR, 0) : end]
        second_largest = np.sort(np.nan_to_num(year), axis=0)[-2]
        year[(year > _ABSURD * second_largest) & (second_largest > 0)] = np.nan


def by_week(values: Floats) -> Floats:
    """Return `values` [days, series] as [weeks, 7, series]; a week ends on the weekday of the last day."""
    whole = padded(values, -len(values) % DAYS, 0)
    return whole.reshape(-1, DAYS, values.shape[1])


def padded(
    values: Floats,
    before: int,
    after: int,
) -> Floats:
    """Return `values` [days, series] with unknown days `before` and `after` them."""
    return np.pad(values, ((before, after), (0, 0)), constant_values=np.nan)


def by_day(weeks: Floats, values: Floats) -> Floats:
    """Return what was computed from `by_week(values)`, as [days, series]."""
    return weeks.reshape(-1, values.shape[1])[-len(values) :]


def trailing_mean(values: Floats, rows: int) -> Floats:
    """Return the mean of the `rows` rows up to each row, over known ones."""
    # Cumulative sums: the windows of pandas take several times as long.
    sums = np.cumsum(np.nan_to_num(values), axis=0)
    counts = np.cumsum(is_known(values), axis=0, dtype=np.int64)
    for totals in (sums, counts):
        totals[rows:] -= totals[:-rows].copy()
    return ratio(sums, counts)


def same_weekday_mean(values: Floats, weeks: int) -> Floats:
    """Return the weekday average of `weeks` weeks up to each day, over known days."""
    return by_day(trailing_mean(by_week(values), weeks), values)


def ratio(part: Floats, whole: Floats | Ints) -> Floats:
    """Return `part / whole`; NaN where `whole` is not positive."""
    return part / only_where(whole > 0, whole)


def is_known(values: Floats) -> Bools:
    """Return which values are not NaN."""
    return ~np.isnan(values)


def only_where(flags: Bools, values: Floats | Ints | Bools) -> Floats:
    """Return `values` where the flags are set, NaN elsewhere."""
    return np.where(flags, values, np.nan)


def empty_share(values: Floats) -> Floats:
    """Return the share of the known days on which each series had no sales; NaN where none is known."""
    return ratio((values == 0).sum(axis=0), is_known(values).sum(axis=0))


def run_numbers(flags: "pd.Series[bool]") -> "pd.Series[int]":
    """Return the number of each day's run of days with the same flag."""
    is_first = flags != flags.shift()
    return is_first.astype(int).cumsum()


def has_vanished(recent: Floats) -> Bools:
    """Return the series of `recent` [days, series] to forecast as 0: those without sales for four weeks that
    sold on one of seven days before; and those without for a week that sold on most days before it, while the
    sum of all series is as before: others replaced them."""
    # Four weeks without a sale of a product that sells once a fortnight are chance.
    is_gone = _has_stopped(recent, _VANISHED_DAYS, _QUARTER, _SOLD_WEEKLY)
    before = recent[-DAYS - _VANISHED_DAYS : -DAYS]
    usual_week = np.nansum(before) / len(before) * DAYS
    if np.nansum(recent[-DAYS:]) < usual_week / 2:
        return is_gone
    return is_gone | _has_stopped(recent, DAYS, _VANISHED_DAYS, _SOLD_OFTEN)


def _has_stopped(
    recent: Floats,
    days: int,
    days_before: int,
    share: float,
) -> Bools:
    """Return the series without sales in the last `days` that sold on this share of the days before."""
    is_empty = empty_share(recent[-days:]) == 1
    before = recent[-days - days_before : -days]
    return is_empty & (empty_share(before) <= 1 - share)


def sells_rarely(values: Floats) -> Bools:
    """Return the series without sales on more than half of the days of a quarter: they are forecast
    by a long weekday average."""
    return empty_share(values[-_QUARTER:]) > _RARELY


def _drop_truncated(values: Floats) -> None:
    """Drop the last days, three at most, whose total is below 40 % of the lowest of the same weekday in eight
    weeks: an export that ended in the middle of a day."""
    total = np.nansum(values, axis=1)
    for back in (1, 2, 3):
        day = total[-back]
        before = total[-back - DAYS :: -DAYS][:8]
        if len(before) < 4 or day == 0 or day >= _TRUNCATED * before.min():
            return
        values[-back] = np.nan


def total_of(values: Floats) -> Floats:
    """Return the sum of the series known on each day, [..., 1]; NaN on days on which none is known."""
    total = np.nansum(values, axis=-1, keepdims=True)
    has_known = is_known(values).any(axis=-1, keepdims=True)
    return np.where(has_known, total, np.nan)


def with_total(table: Floats) -> Floats:
    """Return `table` [..., series] with the sum of the series; unknown series count 0."""
    return np.append(table, total_of(table), axis=-1)


def _closed_weekdays(values: Floats) -> Bools:
    """Return which of the last seven days' weekdays are closed, [7, series], of series that sell on nearly
    every day of their other weekdays: with fewer sales, a weekday may be empty by chance."""
    recent = by_week(values)[-_WEEKDAY_WEEKS:]
    known_days = is_known(recent).sum(axis=0)
    closed = (known_days >= _FEWEST_KNOWN) & (empty_share(recent) >= _CLOSED)
    open_days = np.concatenate(only_where(~closed, recent))
    return closed & (empty_share(open_days) <= _RARE)


def _close_holidays(
    closed: Bools,
    holidays: Ints,
    values: Floats,
) -> None:
    """Close the coming holidays of a series that had no sales the last time, or, if one is new, where others
    were closed. `values` are those to judge by."""
    days = len(values)
    past = np.flatnonzero(holidays[:days])
    is_judged = is_known(values[past]) & ~closed[past]
    was_closed = pd.DataFrame(only_where(is_judged, values[past] == 0))
    last = was_closed.groupby(holidays[past]).last()
    is_usual = (last.count() >= 2) & (last.mean() >= _USUALLY_CLOSED)
    coming = days + np.flatnonzero(holidays[days:])
    is_closed = last.reindex(holidays[coming]).fillna(is_usual.astype(float))
    closed[coming] |= is_closed.to_numpy(bool)


def _yearly_closure(panel: Panel) -> Bools:
    """[HORIZON]: the days on which the shop sold nothing in every known year, as part of three days to a
    month; in the only one, if these include a public holiday or the turn of the year."""
    dates = panel.dates[: panel.days]
    coming = panel.dates[panel.days :]
    is_empty = pd.Series(~(panel.values > 0).any(axis=1), dates)
    is_holiday = (panel.holidays[: panel.days, 0] > 0) | dates.is_year_start
    run = run_numbers(is_empty)
    runs = pd.Series(is_holiday, dates).groupby(run)
    has_holiday = runs.transform("any")
    is_closure = is_empty & runs.transform("size").between(3, 31)
    # Two points close a day: one for each year in which it was closed, two with a holiday.
    points = (1.0 + has_holiday).where(is_closure, -np.inf)
    points = points[is_empty.argmin() :]
    sums = np.zeros(HORIZON)
    for back in (1, 2, 3):
        past = coming - pd.DateOffset(years=back)
        sums += points.reindex(past, fill_value=0).to_numpy()
    return sums >= 2
