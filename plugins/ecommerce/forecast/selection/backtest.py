"""The back-test: forecasts of every candidate from past weekly origins, each from data before its origin,
compared with the actual sales."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ecommerce.forecast.data.history import KINDS, History
from ecommerce.forecast.data.panel import Floats, Panel
from ecommerce.forecast.models.ensemble import CANDIDATES, PanelForecast, forecasts_of_all
from ecommerce.forecast.models.intervals import LEVELS
from ecommerce.forecast.models.members import LEAST_DAYS_RIDGE
from ecommerce.forecast.weeks import HORIZON

ORIGINS = 8
FEWEST_ORIGINS = 4
KNOWN_DAYS = LEAST_DAYS_RIDGE
"""Days of history before an origin; with fewer, most candidates forecast the same."""
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class CandidateScore:
    """The accuracy of a candidate as ratios (0.1 is 10 %), None without sales.

    `score`: the mean of `weekly`, which candidates are compared by. `weekly`: the WAPE of weekly sums by kind
    of series. `bias` and `daily`: the total's bias by week and WAPE by day. `coverage`: the share of days
    within the interval, by level in percent.
    """

    candidate: str
    score: float | None
    weekly: Mapping[str, float | None]
    bias: float | None
    daily: float | None
    coverage: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class BackTest:
    """The back-test of the `days` days from `first_day` to the day before `as_of`. `origins` are the last
    known days, `series` the numbers of series by kind. `scores` is empty with too few origins."""

    as_of: date
    first_day: date
    days: int
    origins: tuple[date, ...]
    series: Mapping[str, int]
    scores: tuple[CandidateScore, ...]


@dataclass(frozen=True, slots=True)
class PastForecasts:
    """A candidate's past forecasts and the actual sales [origins, HORIZON, series], and the bounds by level;
    NaN where unknown. With `has_total`, the last series is the sum of the others."""

    forecast: Floats
    actual: Floats
    bounds: Mapping[int, tuple[Floats, Floats]]
    has_total: bool = False


def back_test(history: History) -> BackTest:
    """Test every candidate at the last weekly origins that have four weeks after them. The same history gives
    the same figures."""
    panels = {kind: history.panels[kind] for kind in KINDS if history.panels[kind].series}
    panel = next(iter(panels.values()))
    known = origins(panel.days)
    scores: tuple[CandidateScore, ...] = ()
    if len(known) >= FEWEST_ORIGINS:
        past = {
            kind: past_forecasts(each, known, has_total=kind == "category") for kind, each in panels.items()
        }
        scores = tuple(
            score(name, {kind: of_kind[name] for kind, of_kind in past.items()}) for name in CANDIDATES
        )
    return BackTest(
        as_of=history.as_of,
        first_day=panel.first_day,
        days=panel.days,
        origins=tuple(panel.until(days).origin for days in known),
        series={kind: len(each.series) for kind, each in panels.items()},
        scores=scores,
    )


def origins(days: int) -> list[int]:
    """Return the known days at each weekly origin of a history of `days` days, oldest first. The horizon of
    the last one ends with the history."""
    known = [days - HORIZON - 7 * week for week in reversed(range(ORIGINS))]
    return [each for each in known if each >= KNOWN_DAYS]


def past_forecasts(panel: Panel, known: Sequence[int], *, has_total: bool) -> dict[str, PastForecasts]:
    """Return each candidate's forecasts at past origins.

    Args:
        panel: the history.
        known: the days known at each origin.
        has_total: whether to forecast the sum of the series, too.
    """
    groups = [list(range(len(panel.series)))] if has_total else []
    at_origins = [forecasts_of_all(panel.until(days), groups) for days in known]
    actual = np.stack([panel.values[days : days + HORIZON] for days in known])
    return {name: _stacked([each[name] for each in at_origins], actual, has_total) for name in CANDIDATES}


def _stacked(forecasts: Sequence[PanelForecast], actual: Floats, has_total: bool) -> PastForecasts:
    forecast = np.stack([each.values for each in forecasts])
    if has_total:
        # A series that could not be forecast is in neither sum.
        common = np.where(np.isnan(forecast[:, :, :-1]), np.nan, actual)
        is_known = ~np.isnan(common).all(axis=2, keepdims=True)
        total = np.where(is_known, np.nansum(common, axis=2, keepdims=True), np.nan)
        actual = np.concatenate([actual, total], axis=2)
    bounds = {}
    for level in LEVELS:
        lower, upper = (np.stack([each.bounds[level][side] for each in forecasts]) for side in (0, 1))
        bounds[level] = (lower, upper)
    return PastForecasts(forecast, actual, bounds, has_total)


def score(candidate: str, past: Mapping[str, PastForecasts]) -> CandidateScore:
    """Return the accuracy of a candidate from its past forecasts by kind of series."""
    weekly = {kind: weekly_error(one) for kind, one in past.items()}
    judged = [error for error in weekly.values() if error is not None]
    total = next((one for one in past.values() if one.has_total), None)
    return CandidateScore(
        candidate=candidate,
        score=_rounded(math.fsum(judged) / len(judged)) if judged else None,
        weekly={kind: _rounded(error) for kind, error in weekly.items()},
        bias=_rounded(bias_of_total(total)) if total else None,
        daily=_rounded(daily_error_of_total(total)) if total else None,
        coverage={str(level): _rounded(coverage(past, level)) for level in LEVELS},
    )


def weekly_error(past: PastForecasts) -> float | None:
    """Return the WAPE of weekly sums over all series but the total; weeks with unknown days do not count."""
    series = slice(None, -1 if past.has_total else None)
    return _wape(*(_weeks(table[:, :, series]) for table in (past.forecast, past.actual)))


def bias_of_total(past: PastForecasts) -> float | None:
    """Return by which share of sales the total's weekly forecasts are too high; negative: too low."""
    forecast, actual = (_weeks(table[:, :, -1:]) for table in (past.forecast, past.actual))
    is_known = ~np.isnan(forecast) & ~np.isnan(actual)
    sales = float(actual[is_known].sum())
    return float(forecast[is_known].sum()) / sales - 1 if sales > 0 else None


def daily_error_of_total(past: PastForecasts) -> float | None:
    """Return the WAPE of the total's days."""
    return _wape(past.forecast[:, :, -1:], past.actual[:, :, -1:])


def coverage(past: Mapping[str, PastForecasts], level: int) -> float | None:
    """Return the share of days, of all series and the total, within the interval of `level` percent; closed
    days do not count."""
    inside = counted = 0
    for one in past.values():
        lower, upper = one.bounds[level]
        counts = ~np.isnan(one.actual) & (upper > 0)
        inside += int(((one.actual >= lower) & (one.actual <= upper))[counts].sum())
        counted += int(counts.sum())
    return inside / counted if counted else None


def _weeks(table: Floats) -> Floats:
    """Sums of seven days, [origins, weeks, series]; NaN where a day is unknown."""
    count, _, series = table.shape
    return table.reshape(count, HORIZON // 7, 7, series).sum(axis=2)


def _wape(forecast: Floats, actual: Floats) -> float | None:
    is_known = ~np.isnan(forecast) & ~np.isnan(actual)
    sales = float(np.abs(actual[is_known]).sum())
    return float(np.abs(forecast - actual)[is_known].sum()) / sales if sales > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS) + 0.0  # no minus before a zero


def kinds_of(scores: Sequence[CandidateScore]) -> Iterator[str]:
    """Iterate over the tested kinds of series in the order of `KINDS`."""
    return (kind for kind in KINDS if scores and kind in scores[0].weekly)
