"""Intervals by split conformal prediction, from the errors at the weekly origins before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecommerce.forecast.data.panel import Floats
from ecommerce.forecast.weeks import HORIZON

LEVELS = (80, 95)
Calibration = tuple[int, Floats, Floats]
"""An origin so many weeks ago: forecast and actual sales, [days, series]."""
_WEEKS = HORIZON // 7
_FEWEST = 20
_WIDENED = 1.5


def around(values: Floats, calibration: Sequence[Calibration]) -> dict[int, tuple[Floats, Floats]]:
    """Return lower and upper bounds of `values` [HORIZON, series] by level in percent.

    The half width is the ⌈(n + 1) · level⌉-th smallest of the n absolute errors relative to their forecasts,
    from the same week of the horizon. With fewer than 20 errors it is widened by half; without errors the
    interval is from 0 to twice the forecast.
    """
    series = values.shape[1]
    errors = [_of_week(week, calibration, series) for week in range(_WEEKS)]
    bounds = {}
    for level in LEVELS:
        lower, upper = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
        for week, relative in enumerate(errors):
            days = slice(7 * week, 7 * week + 7)
            half = values[days] * _quantile(relative, level / 100)
            lower[days] = np.maximum(values[days] - half, 0)
            upper[days] = values[days] + half
        bounds[level] = (lower, upper)
    return bounds


def _of_week(week: int, calibration: Sequence[Calibration], series: int) -> Floats:
    """Return relative errors [errors, series], sorted, NaN last. A week without an origin old enough uses
    those of the week before."""
    for nearest in range(week, -1, -1):
        days = slice(7 * nearest, 7 * nearest + 7)
        old_enough = [pair for _, *pair in calibration if len(pair[0]) > days.start]
        if old_enough:
            forecast, actual = (
                np.concatenate([each[days] for each in side]) for side in zip(*old_enough, strict=True)
            )
            errors, unknown = np.abs(actual - forecast), np.full(forecast.shape, np.nan)
            return np.sort(np.divide(errors, forecast, out=unknown, where=forecast > 0), axis=0)
    return np.full((0, series), np.nan)


def _quantile(relative: Floats, level: float) -> Floats:
    """Return the half width of each series' interval, in units of its forecast."""
    if not len(relative):
        return np.ones(relative.shape[1])
    known = (~np.isnan(relative)).sum(axis=0)
    place = np.ceil((known + 1) * level).astype(int).clip(1, np.maximum(known, 1)) - 1
    half_width = np.take_along_axis(relative, place[None], axis=0)[0]
    half_width = np.where(known < _FEWEST, half_width * _WIDENED, half_width)
    return np.where(known == 0, 1.0, half_width)
