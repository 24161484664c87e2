"""How good each candidate would have been: forecasts from the weekly origins of the past, each made from what
was known then, held against what came."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ecommerce.forecast.data.history import KINDS, History
from ecommerce.forecast.data.panel import Floats, Panel
from ecommerce.forecast.models.ensemble import CANDIDATES, Forecast, forecasts_of_all
from ecommerce.forecast.models.intervals import LEVELS
from ecommerce.forecast.models.members import LEAST_DAYS_RIDGE
from ecommerce.forecast.weeks import HORIZON

ORIGINS = 8
FEWEST_ORIGINS = 4
KNOWN_DAYS = LEAST_DAYS_RIDGE
"""An origin has so many days behind it; before that, most candidates say the same."""
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class CandidateScore:
    """How good a candidate was; 0.1 is 10 %, None where there was nothing to hold it against.

    `score`: the mean of `weekly`, by which candidates are compared. `weekly`: of each kind of series, the
    absolute errors of weekly sums relative to sales. `bias`: by how much the forecasts of the total were too
    high. `daily`: the absolute errors of the total's days relative to sales. `coverage`: by level in percent,
    the part of days that lay within the interval.
    """

    candidate: str
    score: float | None
    weekly: Mapping[str, float | None]
    bias: float | None
    daily: float | None
    coverage: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class BackTest:
    """What was tested, before the day `as_of`: `days` days from `first_day` on; `origins` are the last days
    that were known, `series` how many series there were of each kind. No `scores` where origins are too
    few."""

    as_of: date
    first_day: date
    days: int
    origins: tuple[date, ...]
    series: Mapping[str, int]
    scores: tuple[CandidateScore, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """Forecasts of a candidate, and what came: [origins, HORIZON, series], and the bounds by level. NaN where
    there was no forecast, or nobody knows what came. With `has_total`, the last series is the sum of the
    others."""

    said: Floats
    truth: Floats
    bounds: Mapping[int, tuple[Floats, Floats]]
    has_total: bool = False


def back_test(history: History) -> BackTest:
    """Test every candidate at the last weekly origins that have four weeks after them. The same history gives
    the same figures."""
    panels = {kind: history.panels[kind] for kind in KINDS if history.panels[kind].series}
    longest = next(iter(panels.values()))
    known = origins(longest.days)
    scores: tuple[CandidateScore, ...] = ()
    if len(known) >= FEWEST_ORIGINS:
        made = {kind: made_at(panel, known, has_total=kind == "category") for kind, panel in panels.items()}
        scores = tuple(
            score(name, {kind: of_kind[name] for kind, of_kind in made.items()}) for name in CANDIDATES
        )
    return BackTest(
        as_of=history.as_of,
        first_day=longest.first_day,
        days=longest.days,
        origins=tuple(longest.until(days).origin for days in known),
        series={kind: len(panel.series) for kind, panel in panels.items()},
        scores=scores,
    )


def origins(days: int) -> list[int]:
    """How many days were known at each of the weekly origins, oldest first: the horizon after the last one
    ends with the history."""
    found = [days - HORIZON - 7 * week for week in reversed(range(ORIGINS))]
    return [known for known in found if known >= KNOWN_DAYS]


def made_at(panel: Panel, known: Sequence[int], *, has_total: bool) -> dict[str, Tried]:
    """What each candidate says at the origins with so many `known` days, from those days alone."""
    groups = [list(range(len(panel.series)))] if has_total else []
    found = [forecasts_of_all(panel.until(days), groups) for days in known]
    truth = np.stack([panel.values[days : days + HORIZON] for days in known])
    return {name: _made([each[name] for each in found], truth, has_total) for name in CANDIDATES}


def _made(forecasts: Sequence[Forecast], truth: Floats, has_total: bool) -> Tried:
    said = np.stack([each.values for each in forecasts])
    if has_total:
        # A series that could not be forecast is in neither sum.
        common = np.where(np.isnan(said[:, :, :-1]), np.nan, truth)
        is_known = ~np.isnan(common).all(axis=2, keepdims=True)
        total = np.where(is_known, np.nansum(common, axis=2, keepdims=True), np.nan)
        truth = np.concatenate([truth, total], axis=2)
    bounds = {
        level: (
            np.stack([each.bounds[level][0] for each in forecasts]),
            np.stack([each.bounds[level][1] for each in forecasts]),
        )
        for level in LEVELS
    }
    return Tried(said, truth, bounds, has_total)


def score(candidate: str, made: Mapping[str, Tried]) -> CandidateScore:
    """The figures of a candidate from what it said of each kind of series."""
    weekly = {kind: weekly_error(one) for kind, one in made.items()}
    judged = [error for error in weekly.values() if error is not None]
    total = next((one for one in made.values() if one.has_total), None)
    return CandidateScore(
        candidate=candidate,
        score=_rounded(math.fsum(judged) / len(judged)) if judged else None,
        weekly={kind: _rounded(error) for kind, error in weekly.items()},
        bias=_rounded(bias_of_total(total)) if total else None,
        daily=_rounded(daily_error_of_total(total)) if total else None,
        coverage={str(level): _rounded(coverage(made, level)) for level in LEVELS},
    )


def weekly_error(made: Tried) -> float | None:
    """The absolute errors of the sums of seven days, relative to sales, over all series of a kind and their
    origins; the total is none of them. A week with a day that is unknown is left out."""
    said, truth = (_weeks(_series(made, table)) for table in (made.said, made.truth))
    return _relative_error(said, truth)


def bias_of_total(made: Tried) -> float | None:
    """By how much the forecasts of the total's weeks are too high, relative to sales; negative: too low."""
    said, truth = (_weeks(table[:, :, -1:]) for table in (made.said, made.truth))
    is_known = ~np.isnan(said) & ~np.isnan(truth)
    actual = float(truth[is_known].sum())
    return float(said[is_known].sum()) / actual - 1 if actual > 0 else None


def daily_error_of_total(made: Tried) -> float | None:
    """The absolute errors of the total's days, relative to sales."""
    return _relative_error(made.said[:, :, -1:], made.truth[:, :, -1:])


def coverage(made: Mapping[str, Tried], level: int) -> float | None:
    """The part of the days of all series and the total that lay within the interval of `level` percent; days
    on which nothing was expected do not count."""
    inside = counted = 0
    for one in made.values():
        lower, upper = one.bounds[level]
        counts = ~np.isnan(one.truth) & (upper > 0)
        inside += int(((one.truth >= lower) & (one.truth <= upper))[counts].sum())
        counted += int(counts.sum())
    return inside / counted if counted else None


def _series(made: Tried, table: Floats) -> Floats:
    return table[:, :, :-1] if made.has_total else table


def _weeks(table: Floats) -> Floats:
    """Sums of seven days, [origins, weeks, series]; NaN where a day is unknown."""
    count, _, series = table.shape
    return table.reshape(count, HORIZON // 7, 7, series).sum(axis=2)


def _relative_error(said: Floats, truth: Floats) -> float | None:
    is_known = ~np.isnan(said) & ~np.isnan(truth)
    sales = float(np.abs(truth[is_known]).sum())
    return float(np.abs(said - truth)[is_known].sum()) / sales if sales > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS) + 0.0  # no minus before a zero


def by_name(scores: Sequence[CandidateScore]) -> dict[str, CandidateScore]:
    """The scores by their candidate."""
    return {each.candidate: each for each in scores}


def kinds_of(scores: Sequence[CandidateScore]) -> Iterator[str]:
    """The kinds of series that were tested, in the order of `KINDS`."""
    return (kind for kind in KINDS if scores and kind in scores[0].weekly)
