"""The back-test: forecasts of every candidate from past weekly origins, each from data before its origin,
compared with the actual sales."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecommerce.forecast.data.history import History
from ecommerce.forecast.data.panel import Floats, Panel
from ecommerce.forecast.models.ensemble import CANDIDATES, LEVELS, forecasts_of_all
from ecommerce.forecast.models.members import LEAST_DAYS_RIDGE
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import KINDS

ORIGINS = 8
FEWEST_ORIGINS = 4
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class PastForecasts:
    """A candidate's past forecasts and the actual sales [origins, HORIZON, series], and lower and upper
    `bounds` by level; NaN where unknown. With `has_total`, the last series is the sum of the others."""

    forecast: Floats
    actual: Floats
    bounds: Mapping[int, Floats]
    has_total: bool = False

    def sums(self, series: slice, days: int) -> tuple[Floats, Floats]:
        """Return the sums of `days` days of these series where all are known: forecast and actual."""
        forecast, actual = (
            table[:, :, series].reshape(len(table), HORIZON // days, days, -1).sum(axis=2)
            for table in (self.forecast, self.actual)
        )
        is_known = ~np.isnan(forecast) & ~np.isnan(actual)
        return forecast[is_known], actual[is_known]


def back_test(history: History) -> dict[str, Any]:
    """Test every candidate at the last weekly origins that have four weeks after them. Return plain JSON:
    `as_of`, `first_day`, `days`, `origins` (the last known days), the number of `series` by kind, and
    `scores` as `score` returns them, none with too few origins."""
    panels = {kind: history.panels[kind] for kind in KINDS if history.panels[kind].series}
    panel = next(iter(panels.values()))
    known = origins(panel.days)
    scores = []
    if len(known) >= FEWEST_ORIGINS:
        past = {kind: past_forecasts(each, known, kind == "category") for kind, each in panels.items()}
        scores = [score(name, {kind: past[kind][name] for kind in past}) for name in CANDIDATES]
    return {
        "as_of": str(history.as_of),
        "first_day": str(panel.first_day),
        "days": panel.days,
        "origins": [str(panel.until(days).origin) for days in known],
        "series": {kind: len(each.series) for kind, each in panels.items()},
        "scores": scores,
    }


def origins(days: int) -> list[int]:
    """Return the known days at each weekly origin of a history of `days` days, oldest first. The horizon of
    the last one ends with the history. With fewer days than the ridge needs, most candidates forecast the
    same."""
    known = [days - HORIZON - DAYS * week for week in reversed(range(ORIGINS))]
    return [each for each in known if each >= LEAST_DAYS_RIDGE]


def past_forecasts(panel: Panel, known: Sequence[int], has_total: bool) -> dict[str, PastForecasts]:
    """Return each candidate's forecasts at past origins.

    Args:
        panel: the history.
        known: the days known at each origin.
        has_total: whether to forecast the sum of the series, too.
    """
    count = len(panel.series) + has_total
    at_origins = [forecasts_of_all(panel.until(days)) for days in known]
    sales = np.stack([panel.values[days : days + HORIZON] for days in known])
    past = {}
    for name in CANDIDATES:
        forecasts, actual = [each[name] for each in at_origins], sales
        forecast = np.stack([each.values[:, :count] for each in forecasts])
        if has_total:
            # A series that could not be forecast is in neither sum.
            common = np.where(np.isnan(forecast[:, :, :-1]), np.nan, sales)
            is_known = ~np.isnan(common).all(axis=2, keepdims=True)
            total = np.where(is_known, np.nansum(common, axis=2, keepdims=True), np.nan)
            actual = np.concatenate([sales, total], axis=2)
        stacked = {level: np.stack([each.bounds[level] for each in forecasts], axis=1) for level in LEVELS}
        bounds = {level: both[..., :count] for level, both in stacked.items()}
        past[name] = PastForecasts(forecast, actual, bounds, has_total)
    return past


def score(candidate: str, past: Mapping[str, PastForecasts]) -> dict[str, Any]:
    """Return the accuracy of a candidate as ratios (0.1 is 10 %), None without sales: the WAPE of `weekly`
    sums by kind of series, their mean `score`, by which candidates are compared, the total's `bias` by week
    and WAPE by day (`daily`), and the share of days within the interval (`coverage`) by level in percent."""
    weekly = {
        kind: wape(*each.sums(slice(None, -1 if each.has_total else None), DAYS))
        for kind, each in past.items()
    }
    judged = [error for error in weekly.values() if error is not None]
    total = next((each for each in past.values() if each.has_total), None)
    last = slice(-1, None)
    return {
        "candidate": candidate,
        "score": _rounded(math.fsum(judged) / len(judged)) if judged else None,
        "weekly": {kind: _rounded(error) for kind, error in weekly.items()},
        "bias": _rounded(bias(*total.sums(last, DAYS))) if total else None,
        "daily": _rounded(wape(*total.sums(last, 1))) if total else None,
        "coverage": {str(level): _rounded(coverage(past, level)) for level in LEVELS},
    }


def wape(forecast: Floats, actual: Floats) -> float | None:
    """Return the absolute errors as a share of sales."""
    sales = float(np.abs(actual).sum())
    return float(np.abs(forecast - actual).sum()) / sales if sales > 0 else None


def bias(forecast: Floats, actual: Floats) -> float | None:
    """Return by which share of sales the forecasts are too high; negative: too low."""
    sales = float(actual.sum())
    return float(forecast.sum()) / sales - 1 if sales > 0 else None


def coverage(past: Mapping[str, PastForecasts], level: int) -> float | None:
    """Return the share of days, of all series and the total, within the interval of `level` percent; closed
    days do not count."""
    inside = counted = 0
    for each in past.values():
        lower, upper = each.bounds[level]
        counts = ~np.isnan(each.actual) & (upper > 0)
        inside += int(((each.actual >= lower) & (each.actual <= upper))[counts].sum())
        counted += int(counts.sum())
    return inside / counted if counted else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS) + 0.0  # no minus before a zero
