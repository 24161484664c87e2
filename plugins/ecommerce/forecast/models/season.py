"""The season, growth and shifts of level of a panel, by what is known at its origin. Models forecast what is
left of the sales without them."""

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
    ratio,
    trailing_mean,
)
from ecommerce.forecast.weeks import HORIZON

_EASTER = 1
_BLACK_FRIDAY = 2
_MOVED = (
    (easter, -21, 8),
    (black_friday, -10, 8),
    (lambda year: date(year, 12, 25), -15, 13),
)
"""The days around these dates are compared with the same days around last year's date."""
_MONTH = 28
_PEAK_ERRORS = 3.0
"""A day around these dates that is further above its week, in standard errors, has a peak of its own."""
_REPEATED = 0.95
"""The share of a rise that is expected again while few of its days are known from a second year."""
_REPEATED_DAYS = 91
_REPEATED_EVENT_DAYS = 14
"""This share counts as so many known days, of the season and around a moved date."""
_GROWTH_WEEKS = 26
_LATE_WEEKS = 12
_FEWEST_WEEKS = 10
_HALF_LIFE_WEEKS = 13
_DAMPED = 0.95
_LEAST_GROWTH = 0.005
_MOST = (0.2, 0.8)
"""The bounds of the middle 60 % of days."""
_SHIFT = np.log(1.5)
_SHIFTED_DAYS = range(12, 43)
_USUAL_DAYS = 28
_OFTEN = 0.7


def season(panel: Panel, neutral: Floats) -> Floats:
    """Return the season that all series share, [days + HORIZON, 1]: the sales of the same days a year and two
    years ago, smoothed, and shrunk by its noise and by how much of it was repeated: by itself around Easter
    and around Black Friday, and with peaks of single days. 1 with a year or less, and where all series
    together sell on less than 70 % of the open days.

    `neutral` [days, series] are clean values without the effect of promotions.
    """
    days = panel.days
    open_days = (neutral >= 0).any(axis=1).sum()
    selling_days = (neutral > 0).any(axis=1).sum()
    event, references = _compared_days(panel)
    years = len(references)
    if days <= YEAR or not years or selling_days <= _OFTEN * open_days:
        return np.ones((days + HORIZON, 1))
    known_event = event[:days]
    # Holidays, the days before and the days after.
    is_near = np.convolve(panel.holidays[:days, 0] > 0, [1, 1, 1], "same") > 0
    is_ordinary = ~is_near | (known_event > 0)
    daily = _without_weekdays(np.where(is_ordinary[:, None], neutral, np.nan))
    above_week = _index(daily, daily)[1]
    variance = float(np.nanmean(np.clip(above_week, -1, 1) ** 2))
    is_peak = (known_event > 0) & (above_week > _PEAK_ERRORS * np.sqrt(variance))
    index, above_week = _index(np.where(is_peak[:, None], np.nan, daily), daily)
    # Above nothing there is no peak: the other days of its week may have no sales.
    peak = np.log1p(np.nan_to_num(np.where(is_peak, above_week, 0)))
    index = np.where(known_event > 0, index, _centred(index[:, None])[:, 0])
    # Growth is forecast by itself: the season is what a day has above or below its year.
    weekly = np.median(index[YEAR:] - index[:-YEAR]) * 7 / YEAR
    index = index - _significant(weekly, 0.0) / 7 * np.arange(days)
    lines = [_between(index[days_ago], days_ago >= 0) for days_ago in references]
    peaks = [peak[days_ago] * (days_ago >= 0) for days_ago in references]
    line = np.mean(lines, axis=0)
    peak = np.mean(peaks, axis=0)
    is_apart = np.isin(event, (_EASTER, _BLACK_FRIDAY))
    ordinary = _between(line, ~is_apart)
    past = _between(index, ~is_apart[:days])
    noise = variance / 4 / years  # of a difference between means over two weeks
    share = _share(_rise(ordinary), _rise(past), noise, _REPEATED_DAYS)
    logarithm = share * ordinary
    effect = line - ordinary
    known_effect = index - past
    for number in (_EASTER, _BLACK_FRIDAY):
        is_now = event == number
        expected = effect[YEAR:][is_now[YEAR:]]
        actual = known_effect[YEAR:][is_now[YEAR:days]]
        share = _share(expected, actual, noise, _REPEATED_EVENT_DAYS)
        logarithm += share * effect * is_now
    noise_of_peaks = 2 * variance / years / np.maximum(peak**2, 1e-9)
    logarithm += peak * np.maximum(0, 1 - noise_of_peaks)
    return np.exp(logarithm)[:, None]


def _rise(line: Floats) -> Floats:
    """Return by how much each day after the first year is above the day a month before."""
    return line[YEAR:] - line[YEAR - _MONTH : -_MONTH]


def growth(panel: Panel, neutral: Floats) -> Floats:
    """Return the growth that all series share, [days + HORIZON, 1], relative to the origin: that of the last
    26 weeks, as far as it is more than noise and not more than that of the last 12, damped after the origin.
    `neutral` is without the season."""
    week = (np.arange(panel.days + HORIZON) - panel.days + 1) / 7
    damped = (1 - _DAMPED ** np.maximum(week, 0)) / -np.log(_DAMPED)
    weeks = np.where(week > 0, damped, np.maximum(week, -52))
    return np.exp(_slope(neutral) * weeks)[:, None]


def at_level(panel: Panel) -> Panel:
    """Return the panel as if each series had always had its present level: where sales have been above or
    below all of the four weeks before for 12 to 42 days, by half or more, older values get the new level."""
    if panel.days < 2 * _USUAL_DAYS:
        return panel
    values = clean(panel)[0]
    values = _without_weekdays(values / season(panel, values)[: panel.days])
    logs = pd.DataFrame(_log(values[-(_SHIFTED_DAYS.stop + _USUAL_DAYS) :]))
    sells_often = (panel.values[-len(logs) :] > 0).mean(axis=0) > _OFTEN
    largest_gain = np.zeros(len(sells_often))
    factor = np.zeros_like(panel.values)
    for back in _SHIFTED_DAYS:
        after = logs[-back:]
        before = logs[-back - _USUAL_DAYS : -back]
        step = (after.mean() - before.mean()).to_numpy()
        low, high = after.quantile(_MOST).to_numpy()
        low_before, high_before = before.quantile(_MOST).to_numpy()
        is_apart = (low > high_before) | (high < low_before)
        is_shift = is_apart & (np.abs(step) > _SHIFT) & sells_often
        gain = np.where(is_shift, step**2 * back / (back + _USUAL_DAYS), 0)
        is_larger = gain > largest_gain
        largest_gain = np.maximum(gain, largest_gain)
        factor[:-back, is_larger] = step[is_larger]
        factor[-back:, is_larger] = 0
    return replace(panel, values=panel.values * np.exp(factor))


def _compared_days(panel: Panel) -> tuple[Ints, list[Ints]]:
    """[days + HORIZON]: the number of the moved date around each day, 0 for others; and for one and for two
    years, if known, the number of the day that each is compared with, -1 where unknown: around a moved
    date the same day around it, otherwise the same weekday; none for a day that would be compared with one
    around an earlier moved date."""
    number = np.arange(panel.days + HORIZON)
    event = np.zeros_like(number)
    references = [number - YEAR, number - 2 * YEAR]
    for which, (date_of, first, end) in enumerate(_MOVED, _EASTER):
        for year in range(panel.dates[0].year - 1, panel.dates[-1].year + 2):
            day = (date_of(year) - panel.first_day).days
            around = slice(max(day + first, 0), max(day + end, 0))
            event[around] = which
            for back, reference in enumerate(references, 1):
                days_between = (date_of(year) - date_of(year - back)).days
                reference[around] = number[around] - days_between
    known = []
    for reference in references:
        days_ago = np.maximum(reference, -1)
        days_ago[(event == 0) & (event[days_ago] > 0)] = -1
        if np.sum(days_ago >= 0) > HORIZON:
            known.append(days_ago)
    return event, known


def _share(expected: Floats, actual: Floats, noise: float, prior_days: int) -> float:
    """The share of `expected` rises that is repeated: by what the first of them were, which are over, and
    before that by what is more than `noise`."""
    if not len(expected):
        return 0.0
    size = max(float(np.mean(expected**2)), 1e-9)
    prior = prior_days * size
    past = expected[: len(actual)]
    again = actual @ past + _REPEATED * max(0.0, 1 - noise / size) * prior
    return float(np.clip(again / (past @ past + prior), 0, 1))


def _between(line: Floats, is_known: Bools) -> Floats:
    """`line` with the other days interpolated."""
    return np.interp(np.arange(len(line)), np.flatnonzero(is_known), line[is_known])


def _index(daily: Floats, actual: Floats) -> tuple[Floats, Floats]:
    """The logarithm of the sum of the series [days], smoothed over a week, and by which share of it `actual`
    sums are above it, NaN where unknown. A series counts on days on which it is known with the day before, or
    was within four weeks."""
    smooth = pd.DataFrame(_centred(daily)).ffill(limit=_MONTH).to_numpy()
    now, before = _sums(smooth[1:], smooth[:-1])
    rises = np.nan_to_num(_log(ratio(now, before)))
    day, week = _sums(actual, smooth)
    return np.append(0.0, np.cumsum(rises)), ratio(day, week) - 1


def _sums(values: Floats, others: Floats) -> Floats:
    """The sums of both over the series that are known in both."""
    is_known = ~np.isnan(values + others)
    return np.sum([values, others], axis=2, where=is_known)


def _slope(neutral: Floats) -> float:
    """The growth of all series together in a week, in logarithms: 0 as far as it can be noise."""
    weeks = min(_GROWTH_WEEKS, len(neutral) // 7)
    daily = _without_weekdays(neutral)[-7 * weeks :]
    means = pd.DataFrame(daily).groupby(np.arange(7 * weeks) // 7).mean()
    weekly = _log(means.sum(axis=1).to_numpy())
    is_known = ~np.isnan(weekly)
    week = np.arange(1.0 - weeks, 1.0)[is_known]
    weekly = weekly[is_known]
    if len(week) < _FEWEST_WEEKS:
        return 0.0
    weight = 0.5 ** (-week / _HALF_LIFE_WEEKS / 2)  # of errors, not of their squares
    (slope, _), variances = np.polyfit(week, weekly, 1, w=weight, cov=True)
    late = np.polyfit(week[-_LATE_WEEKS:], weekly[-_LATE_WEEKS:], 1)[0]
    # Neighbouring weeks are alike: the error is about twice that of independent ones.
    slope = _significant(slope, 2 * np.sqrt(variances[0, 0]))
    # Growth that has ended is none.
    direction = np.sign(slope)
    return float(direction * np.clip(direction * late, 0, min(abs(slope), 0.1)))


def _significant(slope: float, error: float) -> float:
    """Shrink a weekly growth by its error; half a percent a week counts as none."""
    return slope * max(0.0, 1 - (error**2 + _LEAST_GROWTH**2) / max(slope**2, 1e-12))


def _without_weekdays(values: Floats) -> Floats:
    """`values` [days, series] divided by the average share of their weekday in a week's mean."""
    whole_weeks = _centred(values)
    whole_weeks[:3] = whole_weeks[-3:] = np.nan
    weeks = by_week(ratio(values, whole_weeks))
    shares = trailing_mean(weeks, len(weeks))[-1]
    return by_day(by_week(values) / np.where(shares > 0.05, shares, 1), values)


def _centred(values: Floats) -> Floats:
    """The mean of the known values of seven days around each day."""
    padded = np.pad(values, ((0, 3), (0, 0)), constant_values=np.nan)
    return trailing_mean(padded, 7)[3:]


def _log(values: Floats) -> Floats:
    """The logarithms, NaN of what is not positive."""
    return np.log(np.where(values > 0, values, np.nan))
