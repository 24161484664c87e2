"""The season, growth and shifts of level of a panel, by what is known at its origin. Models forecast what is
left of the sales without them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from dateutil.easter import easter

from ecommerce.core.named_weeks import black_friday
from ecommerce.forecast.data.panel import YEAR, Bools, Floats, Ints, Panel, clean, ratio
from ecommerce.forecast.weeks import HORIZON

_EASTER, _BLACK_FRIDAY = 1, 2
_MOVED = (
    (easter, -21, 8),
    (black_friday, -10, 8),
    (lambda year: date(year, 12, 25), -15, 13),
)
"""The days around these dates are compared with the same days around last year's date."""
_MONTH = 28
_PEAK_ERRORS = 3.0
"""A day around these dates that is further above its week, in standard errors, has a peak of its own."""
_REPEATED, _REPEATED_DAYS, _REPEATED_EVENT_DAYS = 0.95, 91, 14
"""The share of a rise that is expected again while fewer of its days are known from a second year."""
_GROWTH_WEEKS, _LATE_WEEKS, _FEWEST_WEEKS, _HALF_LIFE_WEEKS, _DAMPED = (
    26,
    12,
    10,
    13,
    0.95,
)
_LEAST_GROWTH = 0.005
_SHIFT, _SHIFTED_DAYS, _USUAL_DAYS, _OFTEN = np.log(1.5), range(12, 43), 28, 0.7


def season(panel: Panel, neutral: Floats) -> Floats:
    """Return the season that all series share, [days + HORIZON, 1]: the sales of the same days a year and two
    years ago, smoothed, and shrunk by its noise and by how much of it was repeated: by itself around Easter
    and around Black Friday, and with peaks of single days. 1 with a year or less, and where all series
    together sell on less than 70 % of the open days.

    `neutral` [days, series] are clean values without the effect of promotions.
    """
    days, total = panel.days, len(panel.dates)
    event, references = _compared_days(panel)
    references = [
        reference for reference in references if (reference >= 0).sum() > HORIZON
    ]
    is_near = _next_to(panel.holidays[:days] > 0) & (event[:days, None] == 0)
    daily = _without_weekdays(np.where(is_near, np.nan, neutral), panel.weekdays[:days])
    rest = _index(daily, daily)[1]
    open_days = (~np.isnan(neutral)).any(axis=1).sum()
    if (
        days <= YEAR
        or not references
        or (neutral > 0).any(axis=1).sum() <= _OFTEN * open_days
    ):
        return np.ones((total, 1))
    variance = float(np.nanmean(np.clip(rest, -1, 1) ** 2))
    is_peak = (event[:days] > 0) & (rest > _PEAK_ERRORS * np.sqrt(variance))
    index, rest = _index(np.where(is_peak[:, None], np.nan, daily), daily)
    # Above nothing there is no peak: the other days of its week may have no sales.
    peak = np.log1p(rest, out=np.zeros(days), where=is_peak & ~np.isnan(rest))
    index = np.where(event[:days] > 0, index, _centred(index[:, None], 7)[:, 0])
    # Growth is forecast by itself: the season is what a day has above or below its year.
    yearly = index[YEAR:] - index[:-YEAR]
    weekly = np.median(yearly) * 7 / YEAR
    index = index - _significant(weekly, 0.0) / 7 * np.arange(days)
    line = np.mean(
        [_between(index[np.maximum(each, 0)], each >= 0) for each in references], axis=0
    )
    peaks = np.mean(
        [np.where(each >= 0, peak[np.maximum(each, 0)], 0) for each in references],
        axis=0,
    )
    is_apart = np.isin(event, (_EASTER, _BLACK_FRIDAY))
    ordinary, past = _between(line, ~is_apart), _between(index, ~is_apart[:days])
    years = len(references)
    noise = variance / 4 / years  # of a difference between means over two weeks
    rise, was = (each[_MONTH:] - each[:-_MONTH] for each in (ordinary, past))
    parts = [
        _share(rise[YEAR - _MONTH :], was[YEAR - _MONTH :], noise, _REPEATED_DAYS)
        * ordinary
    ]
    for number in (_EASTER, _BLACK_FRIDAY):
        effect, now = (line - ordinary)[YEAR:], (index - past)[YEAR:]
        is_now = event[YEAR:] == number
        share = _share(
            effect[is_now], now[is_now[: len(now)]], noise, _REPEATED_EVENT_DAYS
        )
        parts.append(np.where(event == number, share * (line - ordinary), 0))
    peaks *= np.maximum(0, 1 - 2 * variance / years / np.maximum(peaks**2, 1e-9))
    return np.exp(np.sum([*parts, peaks], axis=0))[:, None]


def growth(panel: Panel, neutral: Floats) -> Floats:
    """Return the growth that all series share, [days + HORIZON, 1], relative to the origin: that of the last
    26 weeks, as far as it is more than noise and not more than that of the last 12, damped after the origin.
    `neutral` is without the season."""
    slope = _slope(panel, neutral)
    week = (np.arange(len(panel.dates)) - panel.days + 1) / 7
    damped = (1 - _DAMPED ** np.maximum(week, 0)) / -np.log(_DAMPED)
    return np.exp(slope * np.where(week > 0, damped, np.maximum(week, -52)))[:, None]


def at_level(panel: Panel) -> Panel:
    """Return the panel as if each series had always had its present level: where sales have been above or
    below all of the four weeks before for 12 to 42 days, by half or more, older values get the new level."""
    if panel.days < 2 * _USUAL_DAYS:
        return panel
    values = clean(panel)[0]
    values = _without_weekdays(
        values / season(panel, values)[: panel.days], panel.weekdays[: panel.days]
    )
    logs = _log(values[-(_SHIFTED_DAYS.stop + _USUAL_DAYS) :])
    is_often = (panel.values[-len(logs) :] > 0).mean(axis=0) > _OFTEN
    gains, steps = [], []
    for back in _SHIFTED_DAYS:
        after, before = logs[-back:], logs[-back - _USUAL_DAYS : -back]
        steps.append(_mean(after, axis=0) - _mean(before, axis=0))
        is_known = is_often & ~np.isnan(steps[-1])
        (low, high), (low_before, high_before) = (
            np.nanquantile(np.where(is_known, part, 0), (0.2, 0.8), axis=0)
            for part in (after, before)
        )
        is_apart = (
            ((low > high_before) | (high < low_before))
            & (np.abs(steps[-1]) > _SHIFT)
            & is_known
        )
        gains.append(
            np.where(is_apart, steps[-1] ** 2 * back / (back + _USUAL_DAYS), 0)
        )
    best = np.argmax(gains, axis=0)
    is_before = np.arange(panel.days)[:, None] < panel.days - _SHIFTED_DAYS.start - best
    is_before &= np.max(gains, axis=0) > 0
    factor = np.take_along_axis(np.array(steps), best[None], axis=0)
    return replace(panel, values=panel.values * np.exp(np.where(is_before, factor, 0)))


def _compared_days(panel: Panel) -> tuple[Ints, list[Ints]]:
    """[days + HORIZON]: the number of the moved date around each day, 0 for others; and for one and for two
    years, the number of the day that each is compared with, negative where unknown: around a moved date the
    same day around it, otherwise the same weekday; none for a day that would be compared with one around an
    earlier moved date."""
    number = np.arange(len(panel.dates))
    event = np.zeros(len(number), dtype=np.int64)
    references = [number - YEAR, number - 2 * YEAR]
    years = range(
        panel.first_day.year - 1,
        (panel.first_day + timedelta(days=len(number))).year + 1,
    )
    for which, (date_of, first, end) in enumerate(_MOVED, _EASTER):
        for year in years:
            day = (date_of(year) - panel.first_day).days
            inside = slice(max(day + first, 0), max(day + end, 0))
            event[inside] = which
            for back, reference in enumerate(references, 1):
                reference[inside] = (
                    number[inside] - day + (date_of(year - back) - panel.first_day).days
                )
    for reference in references:
        reference[
            (event == 0) & (reference >= 0) & (event[np.maximum(reference, 0)] > 0)
        ] = -1
    return event, references


def _share(expected: Floats, actual: Floats, noise: float, prior_days: int) -> float:
    """The share of `expected` rises that is repeated: by what the first of them were, which are over, and
    before that by what is more than `noise`."""
    if not len(expected):
        return 0.0
    size = max(float(np.mean(expected**2)), 1e-9)
    prior, past = prior_days * size, expected[: len(actual)]
    again = actual @ past + _REPEATED * max(0.0, 1 - noise / size) * prior
    return float(np.clip(again / (past @ past + prior), 0, 1))


def _between(line: Floats, is_known: Bools) -> Floats:
    """`line` with the other days interpolated."""
    return np.interp(np.arange(len(line)), np.flatnonzero(is_known), line[is_known])


def _index(daily: Floats, actual: Floats) -> tuple[Floats, Floats]:
    """The logarithm of the sum of the series [days], smoothed over a week, and by which share of it `actual`
    sums are above it, NaN where unknown. A series counts on days on which it is known with the day before, or
    was within four weeks."""
    smooth = pd.DataFrame(_centred(daily, 7)).ffill(limit=_MONTH).to_numpy()
    now, before = _sums(smooth[1:], smooth[:-1])
    steps = np.log(
        np.divide(now, before, out=np.ones(len(now)), where=(now > 0) & (before > 0))
    )
    day, week = _sums(actual, smooth)
    return np.concatenate([[0.0], np.cumsum(steps)]), ratio(day, week) - 1


def _sums(one: Floats, other: Floats) -> list[Floats]:
    """The sums of the series that are known in both."""
    is_known = ~np.isnan(one + other)
    return [np.where(is_known, each, 0).sum(axis=1) for each in (one, other)]


def _slope(panel: Panel, neutral: Floats) -> float:
    """The growth of all series together in a week, in logarithms: 0 as far as it can be noise."""
    weeks = min(_GROWTH_WEEKS, panel.days // 7)
    if weeks < _FEWEST_WEEKS:
        return 0.0
    daily = _without_weekdays(neutral, panel.weekdays[: panel.days])[
        panel.days - 7 * weeks :
    ]
    weekly = _log(np.nansum(_mean(daily.reshape(weeks, 7, -1), axis=1), axis=1))
    known = ~np.isnan(weekly)
    week, weekly = np.arange(weeks)[known] - weeks + 1.0, weekly[known]
    if len(week) < _FEWEST_WEEKS:
        return 0.0
    weight = 0.5 ** (-week / _HALF_LIFE_WEEKS / 2)  # of errors, not of their squares
    (slope, _), variances = np.polyfit(week, weekly, 1, w=weight, cov=True)
    late = np.polyfit(week[-_LATE_WEEKS:], weekly[-_LATE_WEEKS:], 1)[0]
    # Neighbouring weeks are alike: the error is about twice that of independent ones.
    slope = _significant(slope, 2 * np.sqrt(variances[0, 0]))
    # Growth that has ended is none.
    return float(
        np.sign(slope) * np.clip(np.sign(slope) * late, 0, min(abs(slope), 0.1))
    )


def _significant(slope: float, error: float) -> float:
    """Shrink a weekly growth by its error; half a percent a week counts as none."""
    return slope * max(0.0, 1 - (error**2 + _LEAST_GROWTH**2) / max(slope**2, 1e-12))


def _without_weekdays(values: Floats, weekdays: Ints) -> Floats:
    """`values` [days, series] divided by the average share of their weekday in a week's mean."""
    whole = _centred(values, 7)
    whole[:3], whole[-3:] = np.nan, np.nan
    share = ratio(values, whole)
    shares = np.stack([_mean(share[weekdays == day], axis=0) for day in range(7)])
    return values / np.where(shares > 0.05, shares, 1)[weekdays]


def _centred(values: Floats, days: int) -> Floats:
    """The mean of the known values of `days` days around each day."""
    is_known, pad = ~np.isnan(values), ((days // 2 + 1, days // 2), (0, 0))
    total = np.cumsum(np.pad(np.where(is_known, values, 0), pad), axis=0)
    count = np.cumsum(np.pad(is_known.astype(float), pad), axis=0)
    count = count[days:] - count[:-days]
    return ratio(total[days:] - total[:-days], count)


def _next_to(is_holiday: Bools) -> Bools:
    """Holidays, the days before and the days after."""
    near = is_holiday.copy()
    near[1:] |= is_holiday[:-1]
    near[:-1] |= is_holiday[1:]
    return near


def _mean(values: Floats, axis: int) -> Any:
    """The mean of known values, NaN without one."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    return ratio(np.where(known, values, 0).sum(axis=axis), count)


def _log(values: Floats) -> Floats:
    return np.log(values, out=np.full(values.shape, np.nan), where=values > 0)
