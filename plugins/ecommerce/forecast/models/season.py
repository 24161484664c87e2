"""The season, growth and shifts of level of a panel, by what is known at its origin. Models forecast what is
left of the sales without them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from dateutil.easter import easter

from ecommerce.core.named_weeks import black_friday
from ecommerce.forecast.data.panel import Bools, Floats, Ints, Panel, clean

YEAR = 364
"""Days; the same weekday a year ago."""
_MOVED = ((easter, -21, 8), (black_friday, -10, 8), (lambda year: date(year, 12, 25), -15, 13))
"""The days around these dates are compared with the same days around last year's date."""
_MONTH = 28
_PEAK = 6 * 9
_REPEATED, _REPEATED_DAYS = 0.95, 91
"""The share of a rise that is expected again while less than a quarter of a second year is known."""
_LATE = 12
_GROWTH_WEEKS, _FEWEST_WEEKS, _HALF_LIFE_WEEKS, _DAMPED = 26, 10, 13, 0.95
_LEAST_GROWTH = 0.005
_SHIFT, _SHIFTED_DAYS, _USUAL_DAYS, _OFTEN = np.log(1.5), range(12, 43), 28, 0.7


def season(panel: Panel, neutral: Floats) -> Floats:
    """Return the season that all series share, [days + HORIZON, 1]: the sales of the same days a year and two
    years ago, smoothed, and shrunk by its noise and by how much of it was repeated. 1 with less than a year.

    `neutral` [days, series] are clean values without the effect of promotions.
    """
    days, total = panel.days, len(panel.dates)
    references = [_reference(panel, years) for years in (1, 2)]
    is_event = references[0][:days] != np.arange(days) - YEAR
    is_near = _next_to(panel.holidays[:days] > 0)
    values, weekdays = np.where(is_near & ~is_event[:, None], np.nan, neutral), panel.weekdays[:days]
    index, rest, noise = _index(values, weekdays)
    is_peak = is_event & (rest**2 > _PEAK * noise)
    index, rest, _ = _index(np.where(is_peak[:, None], np.nan, values), weekdays, values)
    peak = np.where(is_peak, rest, 0)
    index = np.where(is_event, index, _centred(index[:, None], 7)[:, 0])
    # Growth is forecast by itself: the season is what a day has above or below its year.
    yearly = index[YEAR:] - index[:-YEAR]
    weekly = np.median(yearly) * 7 / YEAR if len(yearly) >= 56 else _slope(panel, neutral)
    index = index - _significant(weekly, 0.0) / 7 * np.arange(days)
    lines = [_at(index, reference) for reference in references if (reference >= 0).any()]
    if not lines:
        return np.ones((total, 1))
    line, years = np.mean(lines, axis=0), len(lines)
    event = _events(panel)
    ordinary = np.interp(np.arange(total), np.flatnonzero(event == 0), line[event == 0])
    usual = np.interp(np.arange(days), np.flatnonzero(event[:days] == 0), index[event[:days] == 0])
    ahead = np.arange(YEAR - _MONTH, total - _MONTH)
    parts = [
        _share(
            ordinary[ahead + _MONTH] - ordinary[ahead],
            (usual[_MONTH:] - usual[:-_MONTH])[ahead[0] :],
            2 * noise / years,
            _REPEATED_DAYS,
        )
        * ordinary
    ]
    for number in (1, 2):
        effect = np.where(event == number, line - ordinary, 0)
        known = effect[YEAR:][event[YEAR:] == number]
        if len(known):
            actual = (index - usual)[YEAR:][event[YEAR:days] == number]
            parts.append(_share(known, actual, 2 * noise / years, 14) * effect)
    peaks = [
        np.where(each >= 0, peak[np.clip(each, 0, days - 1)], 0) for each in references if (each >= 0).any()
    ]
    peaks = np.mean(peaks, axis=0)
    peaks = peaks * np.maximum(0, 1 - 12 * noise / years / np.maximum(peaks**2, 1e-9))
    return np.exp(np.sum(parts, axis=0) + peaks)[:, None]


def _share(expected: Floats, actual: Floats, noise: float, prior_days: int) -> float:
    """The share of `expected` rises that comes again: what the first of them, which are over, had as `actual`,
    before that what is more than `noise`."""
    size = max(float(np.mean(expected**2)), 1e-9)
    prior = prior_days * size
    past = expected[: len(actual)]
    real = max(0.0, 1 - noise / size)
    return float(np.clip((actual @ past + _REPEATED * real * prior) / (past @ past + prior), 0, 1))


def _at(index: Floats, reference: Ints) -> Floats:
    known = np.flatnonzero(reference >= 0)
    return np.interp(np.arange(len(reference)), known, index[np.minimum(reference[known], len(index) - 1)])


def _events(panel: Panel) -> Ints:
    """[days + HORIZON]: the number of the moved event around each day, 0 elsewhere."""
    number, event = np.arange(len(panel.dates)), np.zeros(len(panel.dates), dtype=np.int64)
    for year in range(panel.first_day.year - 1, int(str(panel.dates[-1])[:4]) + 2):
        for which, (date_of, first, end) in enumerate(_MOVED[:2], 1):
            day = (date_of(year) - panel.first_day).days
            event[(number >= day + first) & (number < day + end)] = which
    return event


def growth(panel: Panel, neutral: Floats) -> Floats:
    """Return the growth that all series share, [days + HORIZON, 1], relative to the origin: that of the last
    26 weeks, as far as it is more than noise, damped after the origin. `neutral` is without the season."""
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
    values = _without_weekdays(values / season(panel, values)[: panel.days], panel.weekdays[: panel.days])
    logs = _log(values[-(_SHIFTED_DAYS.stop + _USUAL_DAYS) :])
    is_often = (panel.values[-len(logs) :] > 0).mean(axis=0) > _OFTEN
    best, factor = np.zeros(len(is_often)), np.zeros(len(is_often))
    first = np.full(len(is_often), panel.days)
    for back in _SHIFTED_DAYS:
        after, before = logs[-back:], logs[-back - _USUAL_DAYS : -back]
        step = _mean(after, axis=0) - _mean(before, axis=0)
        (low, high), (low_before, high_before) = (
            np.nanquantile(np.where(is_often, part, 0), (0.2, 0.8), axis=0) for part in (after, before)
        )
        is_apart = ((low > high_before) | (high < low_before)) & (np.abs(step) > _SHIFT) & is_often
        gain = np.where(is_apart, step**2 * back / (back + _USUAL_DAYS), 0)
        is_better = gain > best
        best, factor = np.where(is_better, gain, best), np.where(is_better, step, factor)
        first = np.where(is_better, panel.days - back, first)
    is_before = np.arange(panel.days)[:, None] < first
    return replace(panel, values=panel.values * np.exp(np.where(is_before, factor, 0)))


def _reference(panel: Panel, years: int) -> Ints:
    """[days + HORIZON]: for each day the number of the day that it is compared with, negative where unknown:
    around Easter, Black Friday and Christmas the same day around it, otherwise the same weekday. A day that
    would be compared with one around last year's Easter has none."""
    number = np.arange(len(panel.dates))
    reference = number - YEAR * years
    is_moved = np.zeros(len(number), dtype=bool)
    around_easter = np.zeros(len(number), dtype=bool)
    for year in range(panel.first_day.year, (panel.first_day + timedelta(days=len(number))).year + 1):
        for date_of, first, end in _MOVED:
            day, before = ((date_of(each) - panel.first_day).days for each in (year, year - years))
            inside = (number >= day + first) & (number < day + end)
            reference = np.where(inside, number - day + before, reference)
            is_moved |= inside
            if date_of is easter:
                around_easter |= (number - YEAR * years >= before + first) & (
                    number - YEAR * years < before + end
                )
    return np.where(around_easter & ~is_moved, -1, reference)


def _index(values: Floats, weekdays: Ints, actual: Floats | None = None) -> tuple[Floats, Floats, float]:
    """The logarithm of the sum of the series [days], without weekdays, smoothed over a week; what each day has
    above it; and the variance of its noise. A series counts on days on which it is known with the day before."""
    daily = _without_weekdays(values, weekdays)
    smooth = pd.DataFrame(_centred(daily, 7)).ffill(limit=_MONTH).to_numpy()
    is_known = ~np.isnan(smooth[1:] + smooth[:-1])
    now, before = (np.where(is_known, each, 0).sum(axis=1) for each in (smooth[1:], smooth[:-1]))
    is_known = (now > 0) & (before > 0)
    steps = np.log(np.divide(now, before, out=np.ones(len(now)), where=is_known))
    if actual is not None:
        daily = _without_weekdays(actual, weekdays)
    is_known = ~np.isnan(daily + smooth)
    day, mean = (np.where(is_known, each, 0).sum(axis=1) for each in (daily, smooth))
    rest = np.log(np.divide(day, mean, out=np.ones(len(day)), where=(mean > 0) & (day > 0)))
    return np.concatenate([[0.0], np.cumsum(steps)]), rest, float(np.mean(np.clip(rest, -1, 1) ** 2)) / 6


def _slope(panel: Panel, neutral: Floats) -> float:
    """The growth of all series together in a week, in logarithms: 0 as far as it can be noise."""
    weeks = min(_GROWTH_WEEKS, panel.days // 7)
    if weeks < _FEWEST_WEEKS:
        return 0.0
    daily = _without_weekdays(neutral, panel.weekdays[: panel.days])[panel.days - 7 * weeks :]
    weekly = _log(np.nansum(_mean(daily.reshape(weeks, 7, -1), axis=1), axis=1))
    known = ~np.isnan(weekly)
    week, weekly = np.arange(weeks)[known] - weeks + 1.0, weekly[known]
    if len(week) < _FEWEST_WEEKS:
        return 0.0
    weight = 0.5 ** (-week / _HALF_LIFE_WEEKS)
    week = week - np.average(week, weights=weight)
    spread = weight @ week**2
    slope = weight * week @ weekly / spread
    rest = weekly - np.average(weekly, weights=weight) - slope * week
    error = np.sqrt(np.average(rest**2, weights=weight) * (weight**2 @ week**2)) / spread
    late = week >= week[-1] - _LATE + 1
    x, y = week[late] - week[late].mean(), weekly[late]
    slope_late = x @ y / (x @ x) if late.sum() > 4 else slope
    # Neighbouring weeks are alike: the error is about twice that of independent ones.
    slope = _significant(slope, 2 * error)
    slope = np.sign(slope) * max(0.0, min(abs(slope), np.sign(slope) * slope_late))
    return float(np.clip(slope, -0.1, 0.1))


def _significant(slope: float, error: float) -> float:
    """Shrink a weekly growth by its error; half a percent a week counts as none."""
    return slope * max(0.0, 1 - (error**2 + _LEAST_GROWTH**2) / max(slope**2, 1e-12))


def _without_weekdays(values: Floats, weekdays: Ints) -> Floats:
    """`values` [days, series] divided by the average share of their weekday in a week's mean."""
    whole = _centred(values, 7)
    whole[:3], whole[-3:] = np.nan, np.nan
    share = np.divide(values, whole, out=np.full(values.shape, np.nan), where=whole > 0)
    shares = np.stack([_mean(share[weekdays == day], axis=0) for day in range(7)])
    return values / np.where(shares > 0.05, shares, 1)[weekdays]


def _centred(values: Floats, days: int) -> Floats:
    """The mean of the known values of `days` days around each day."""
    is_known, pad = ~np.isnan(values), ((days // 2 + 1, days // 2), (0, 0))
    total = np.cumsum(np.pad(np.where(is_known, values, 0), pad), axis=0)
    count = np.cumsum(np.pad(is_known.astype(float), pad), axis=0)
    count = count[days:] - count[:-days]
    return np.divide(
        total[days:] - total[:-days], count, out=np.full(values.shape, np.nan), where=count > 0.5
    )


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
    total = np.where(known, values, 0).sum(axis=axis)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _log(values: Floats) -> Floats:
    return np.log(values, out=np.full(values.shape, np.nan), where=values > 0)
