"""What the models learn from: days on which the shop is closed, days that nobody should learn from, and
outliers.

The rules, which DEFINITIONS has in words: a weekday that brought nothing is closed; so is a holiday that
did. Days without sales are left out where a series sells nearly every day, and are figures where it sells
rarely; those before its first sale are always left out. A last day that is far too low is one of which a
part is missing. A day above two and a half times the usual is capped for learning, while the truth that
forecasts are measured by keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecommerce.forecast.data.panel import Bools, Floats, Panel

_WEEKDAY_WEEKS = 13
_CLOSED = 0.85
_RARE = 0.08
_YEAR = 364
_TRUNCATED = 0.4
_MOST_TRUNCATED = 3
_CAPPED = 2.5


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`values` [days, series]: what a model may learn from, NaN elsewhere. `closed` [days + HORIZON,
    series]: days that are expected to bring nothing. `sells_rarely` [series]: days without sales are
    ordinary."""

    values: Floats
    closed: Bools
    sells_rarely: Bools


def clean(panel: Panel) -> Cleaned:
    """Apply the rules as they stand at the panel's origin."""
    values, days = panel.values.copy(), panel.days
    _drop_truncated(values)
    values[~np.maximum.accumulate(values > 0, axis=0)] = np.nan
    weekdays = panel.weekdays
    closed = _closed_weekdays(values, weekdays[:days])[weekdays]
    is_zero = values == 0
    ordinary = (~closed[:days] & (panel.holidays[:days] == 0) & ~np.isnan(values))[-_YEAR:]
    zeros = (is_zero[-_YEAR:] & ordinary).sum(axis=0) / np.maximum(ordinary.sum(axis=0), 1)
    rarely = zeros > _RARE
    _close_holidays(panel, closed, is_zero, rarely, np.isnan(values))
    values[is_zero & (~rarely | closed[:days])] = np.nan
    return Cleaned(_capped(values), closed, rarely)


def shifted(values: Floats, days: int) -> Floats:
    """`values` as many days later; the first ones are unknown."""
    found = np.full_like(values, np.nan)
    found[days:] = values[: len(values) - days] if days < len(values) else values[:0]
    return found


def same_weekday_mean(values: Floats, weeks: int) -> Floats:
    """Of each day, the mean of its weekday over as many weeks, its own included; unknown days are left
    out."""
    total, known = np.zeros_like(values), np.zeros_like(values)
    for week in range(min(weeks, len(values) // 7 + 1)):
        one = values if week == 0 else shifted(values, 7 * week)
        is_known = ~np.isnan(one)
        total += np.where(is_known, one, 0)
        known += is_known
    return np.divide(total, known, out=np.full_like(total, np.nan), where=known > 0)


def _drop_truncated(values: Floats) -> None:
    """Forget the last days, three at most, on which all series together brought less than 40 % of the lowest
    of the same weekday in eight weeks: an export that ended in the middle of a day."""
    total = np.nansum(values, axis=1)
    for day in range(len(total) - 1, max(len(total) - 1 - _MOST_TRUNCATED, -1), -1):
        before = total[day - 7 :: -7][:8] if day >= 7 else total[:0]
        if len(before) < 4 or total[day] == 0 or total[day] >= _TRUNCATED * before.min():
            return
        values[day] = np.nan


def _closed_weekdays(values: Floats, weekdays: np.ndarray) -> Bools:
    """[7, series]; a series that brings nothing on any weekday is not closed: it does not sell."""
    closed = np.zeros((7, values.shape[1]), dtype=bool)
    for weekday in range(7):
        recent = values[weekdays == weekday][-_WEEKDAY_WEEKS:]
        known = (~np.isnan(recent)).sum(axis=0)
        closed[weekday] = (known >= 3) & ((recent == 0).sum(axis=0) >= _CLOSED * known)
    closed[:, closed.all(axis=0)] = False
    return closed


def _close_holidays(panel: Panel, closed: Bools, is_zero: Bools, rarely: Bools, unknown: Bools) -> None:
    """Close the coming holidays that brought nothing the last time, or, where one has not been seen, if
    others were closed."""
    days = panel.days
    for place in np.flatnonzero(~rarely):
        holidays = panel.holidays[:, place]
        past = np.flatnonzero((holidays[:days] > 0) & ~closed[:days, place] & ~unknown[:, place])
        if not len(past):
            continue
        usually = len(past) >= 2 and is_zero[past[-12:], place].mean() >= 0.7
        for day in np.flatnonzero(holidays[days:] > 0) + days:
            same = past[holidays[past] == holidays[day]]
            if is_zero[same[-1], place] if len(same) else usually:
                closed[day, place] = True


def _capped(values: Floats) -> Floats:
    """`values` up to 2.5 times the median of the same weekday in the eight weeks before."""
    earlier = np.sort(np.stack([shifted(values, 7 * week) for week in range(1, 9)]), axis=0)  # NaN comes last
    known = (~np.isnan(earlier)).sum(axis=0)
    upper = np.take_along_axis(earlier, (known // 2)[None].clip(max=7), axis=0)[0]
    lower = np.take_along_axis(earlier, ((known - 1) // 2)[None].clip(min=0), axis=0)[0]
    limit = np.where(known >= 4, _CAPPED * (lower + upper) / 2, np.inf)
    limit[limit <= 0] = np.inf
    return np.where(values > limit, limit, values)
