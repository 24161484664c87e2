"""The season, growth and shifts of level of a panel, by what is known at its origin. Models forecast what is
left of the sales without them: a yearly season is in no window of recent weeks, and trees that know the date
learn it twice."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from dateutil.easter import easter

from ecommerce.core.calendar_days import black_friday
from ecommerce.forecast.data.panel import (
    YEAR,
    Bools,
    Floats,
    Ints,
    Panel,
    by_day,
    by_week,
    clean,
    is_known,
    only_where,
    padded,
    ratio,
    total_of,
    trailing_mean,
)
from ecommerce.forecast.weeks import DAYS, HORIZON

_MOVED = (
    (easter, -21, 8),
    (black_friday, -10, 8),
    (lambda year: date(year, 12, 25), -15, 13),
)
"""The days around these dates are compared with the same days around last year's date."""
_MONTH = 28
_PEAK_ERRORS = 5.0
"""A day around these dates that is further above its week, in standard errors, has a peak of its own."""
_REPEATED = 0.95
"""The share of a rise that is expected again while few of its days are known from a second year."""
_REPEATED_DAYS = 91
"""This share counts as so many known days."""
_GROWTH_WEEKS = 13
"""A quarter: twice as many weeks state a growth that has ended."""
_FEWEST_WEEKS = 10
_GROWN_WEEKS = 52
"""Older days are taken as those of a year ago: a growth of a quarter is not that old."""
_DAMPED = 0.95
"""The share of its growth that each coming week has of the week before."""
_MIDDLE = (0.2, 0.8)
"""The bounds of the middle 60 % of days."""
_SHIFT = np.log(1.5)
_SHORTEST_SHIFT = 12
_LONGEST_SHIFT = 42
_USUAL_DAYS = 28
_OFTEN = 0.7


def season(panel: Panel, neutral: Floats) -> Floats:
    """Return the season that all series share, [days + HORIZON, 1]: the sales of the same days a year ago,
    smoothed, with peaks of single days around Black Friday and the other moved dates, and shrunk by its noise
    and by how much of it was repeated. 1 with a year or less, and where all series together sell on less
    than 70 % of the open days.

    `neutral` [days, series] are clean values without the effect of promotions.
    """
    days = panel.days
    open_days = (neutral >= 0).any(axis=1).sum()
    selling_days = (neutral > 0).any(axis=1).sum()
    is_moved, days_ago = _compared_days(panel)
    is_compared = days_ago >= 0
    if is_compared.sum() <= HORIZON or selling_days <= _OFTEN * open_days:
        return np.ones((days + HORIZON, 1))
    is_moved = is_moved[:days, None]
    daily = _without_weekdays(neutral)
    above_week = _relative(daily, _centred(daily)) - 1
    deviation = np.clip(above_week, -1, 1)
    noise = float(np.nanmean(deviation**2))
    is_peak = is_moved & (above_week > _PEAK_ERRORS * np.sqrt(noise))
    without_peaks = only_where(~is_peak, daily)
    week = _week_index(without_peaks)
    index = _interpolated(np.where(is_moved, week, _centred(week))[:, 0])
    # Above nothing there is no peak: the other days of its week may have no sales.
    rise = _relative(daily, _centred(without_peaks))
    has_risen = is_peak & (rise > 1)
    peaks = np.log(np.where(has_risen, rise, 1))[:, 0]
    line = _interpolated(only_where(is_compared, index[days_ago]))
    # The variance of a difference between means over two weeks.
    share = _repeated_share(_rise(line), _rise(index), noise / 4)
    repeated_peaks = np.where(is_compared, peaks[days_ago], 0)
    return np.exp(share * line + repeated_peaks)[:, None]


def growth(panel: Panel, neutral: Floats) -> Floats:
    """Return the growth that all series share, [days + HORIZON, 1], relative to the origin: that of the last
    13 weeks, as far as it is more than noise, damped after the origin. `neutral` is without the season."""
    week = np.arange(1 - panel.days, HORIZON + 1) / DAYS
    damped = (1 - _DAMPED**week) / -np.log(_DAMPED)
    past = np.maximum(week, -_GROWN_WEEKS)
    weeks = np.where(week > 0, damped, past)
    grown = np.exp(_slope(neutral) * weeks)
    return grown[:, None]


def at_level(panel: Panel) -> Panel:
    """Return the panel as if each series had always had its present level: where sales have been above or
    below most of the four weeks before for 12 to 42 days, by half or more, older values get the new level."""
    if panel.days < 2 * _USUAL_DAYS:
        return panel
    values, _ = clean(panel)
    line = season(panel, values)[: panel.days]
    daily = _without_weekdays(values / line)
    recent = slice(-_LONGEST_SHIFT - _USUAL_DAYS, None)
    logs = pd.DataFrame(_log(daily[recent]))
    sells = panel.values[recent] > 0
    largest = np.where(sells.mean(axis=0) > _OFTEN, _SHIFT, np.inf)
    factors = np.ones(panel.values.shape)
    # The mean changes most from the day of the shift on.
    for back in range(_LONGEST_SHIFT, _SHORTEST_SHIFT - 1, -1):
        after = logs[-back:]
        before = logs[-back - _USUAL_DAYS : -back]
        step = after.mean() - before.mean()
        size = step.abs()
        low, high = after.quantile(_MIDDLE).to_numpy()
        low_before, high_before = before.quantile(_MIDDLE).to_numpy()
        is_apart = (low > high_before) | (high < low_before)
        is_larger = is_apart & (size > largest)
        largest[is_larger] = size[is_larger]
        factors[:-back, is_larger] = np.exp(step[is_larger])
    return replace(panel, values=panel.values * factors)


def _compared_days(panel: Panel) -> tuple[Bools, Ints]:
    """[days + HORIZON]: which days are around a moved date, and the number of the day a year ago that each is
    compared with, -1 where unknown: around a moved date the same day around it, otherwise the same weekday;
    none for a day that would be compared with one around a moved date."""
    number = np.arange(panel.days + HORIZON)
    is_moved = np.zeros(len(number), dtype=bool)
    days_ago = number - YEAR
    for date_of, first, end in _MOVED:
        for year in range(panel.dates[0].year, panel.dates[-1].year + 2):
            days_after = number - (date_of(year) - panel.first_day).days
            is_around = (days_after >= first) & (days_after < end)
            is_moved |= is_around
            days_between = date_of(year) - date_of(year - 1)
            days_ago[is_around] = number[is_around] - days_between.days
    days_ago = np.maximum(days_ago, -1)
    days_ago[~is_moved & is_moved[days_ago]] = -1
    return is_moved, days_ago


def _rise(line: Floats) -> Floats:
    """Return by how much each day after the first year is above the day a month before."""
    return line[YEAR:] - line[YEAR - _MONTH : -_MONTH]


def _repeated_share(
    expected: Floats,
    actual: Floats,
    noise: float,
) -> float:
    """Return the share of the `expected` rises that is repeated: by the `actual` ones so far, which count
    more with each day, and before that by what is more than `noise`."""
    size = max(float(np.mean(expected**2)), 1e-9)
    prior = _REPEATED_DAYS * size
    prior_share = _REPEATED * max(0.0, 1 - noise / size)
    past = expected[: len(actual)]
    repeated = actual @ past + prior_share * prior
    share = repeated / (past @ past + prior)
    return float(np.clip(share, 0, 1))


def _interpolated(line: Floats) -> Floats:
    """Return `line` with unknown days interpolated."""
    interpolated = pd.Series(line).interpolate(limit_direction="both")
    return np.asarray(interpolated, np.float64)


def _week_index(daily: Floats) -> Floats:
    """Return the logarithm of the sales of the week around each day, relative to the series' averages,
    [days, 1]."""
    average = trailing_mean(daily, len(daily))[-1]
    return _log(_relative(_centred(daily), average))


def _relative(values: Floats, others: Floats) -> Floats:
    """Return the ratio of the sums of the series known in both, [days, 1]."""
    is_compared = is_known(values + others)
    total = total_of(only_where(is_compared, values))
    return ratio(total, total_of(only_where(is_compared, others)))


def _slope(neutral: Floats) -> float:
    """The growth of all series together in a week, in logarithms: 0 as far as it can be noise."""
    index = _week_index(_without_weekdays(neutral))[:, 0]
    # The last whole week is that around the fourth day from the end.
    newest_first = index[-4::-DAYS]
    weeks = pd.Series(newest_first[:_GROWTH_WEEKS]).dropna()
    if len(weeks) < _FEWEST_WEEKS:
        return 0.0
    (slope, _), variances = np.polyfit(-weeks.index, weeks, 1, cov=True)
    # Neighbouring weeks are alike: the error is about twice that of independent ones.
    error = 4 * variances[0, 0]
    noise = error / max(slope**2, 1e-12)
    return float(slope * max(0.0, 1 - noise))


def _without_weekdays(values: Floats) -> Floats:
    """`values` [days, series] divided by the average share of their weekday in a week's mean."""
    weeks = by_week(ratio(values, _centred(values)))
    shares = trailing_mean(weeks, len(weeks))[-1]
    shares = np.where(shares > 0.05, shares, 1)
    return by_day(by_week(values) / shares, values)


def _centred(values: Floats) -> Floats:
    """The mean of the known values of seven days around each day."""
    return trailing_mean(padded(values, 0, 3), DAYS)[3:]


def _log(values: Floats) -> Floats:
    """The logarithms, NaN of what is not positive."""
    return np.log(only_where(values > 0, values))
