"""Intervals by split conformal prediction: as wide as the errors that were made at the weekly origins
before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecommerce.forecast.data.panel import Floats
from ecommerce.forecast.weeks import HORIZON

LEVELS = (80, 95)
Calibration = tuple[int, Floats, Floats]
"""An origin so many weeks ago: what was forecast and what came, [days, series]."""
_WEEKS = HORIZON // 7
_FEWEST = 20
_WIDENED = 1.5


def around(values: Floats, calibration: Sequence[Calibration]) -> dict[int, tuple[Floats, Floats]]:
    """Lower and upper bounds of `values` [HORIZON, series] by level in percent.

    An error counts relative to its forecast, whatever its sign, and for the week of the horizon it was made
    in. Of n errors the ⌈(n + 1) · level⌉-th smallest is the half width. Where they are fewer than 20, it is
    widened by half; where there are none, the interval reaches from nothing to twice the forecast.
    """
    series = values.shape[1]
    errors = [_of_week(week, calibration, series) for week in range(_WEEKS)]
    found = {}
    for level in LEVELS:
        lower, upper = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
        for week, relative in enumerate(errors):
            days = slice(7 * week, 7 * week + 7)
            half = values[days] * _quantile(relative, level / 100)
            lower[days] = np.maximum(values[days] - half, 0)
            upper[days] = values[days] + half
        found[level] = (lower, upper)
    return found


def _of_week(week: int, calibration: Sequence[Calibration], series: int) -> Floats:
    """Relative errors [errors, series], sorted, NaN last. A week that no origin is old enough for takes
    those of the week before."""
    for nearest in range(week, -1, -1):
        rows = [
            (said[7 * nearest : 7 * nearest + 7], truth[7 * nearest : 7 * nearest + 7])
            for _, said, truth in calibration
        ]
        rows = [(said, truth) for said, truth in rows if len(said)]
        if rows:
            said = np.concatenate([each for each, _ in rows])
            truth = np.concatenate([each for _, each in rows])
            relative = np.divide(np.abs(truth - said), said, out=np.full(said.shape, np.nan), where=said > 0)
            return np.sort(relative, axis=0)
    return np.full((0, series), np.nan)


def _quantile(relative: Floats, level: float) -> Floats:
    """[series]: the half width of the interval in units of the forecast."""
    if not len(relative):
        return np.ones(relative.shape[1])
    known = (~np.isnan(relative)).sum(axis=0)
    place = np.ceil((known + 1) * level).astype(int).clip(1, np.maximum(known, 1)) - 1
    found = np.take_along_axis(relative, place[None], axis=0)[0]
    found = np.where(known < _FEWEST, found * _WIDENED, found)
    return np.where(known == 0, 1.0, found)
