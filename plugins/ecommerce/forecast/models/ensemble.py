"""From a panel to its forecast: the champion is trained, and so are its members' weights and the intervals,
by the errors that the same procedure made at the weekly origins before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecommerce.forecast.data.cleaning import clean
from ecommerce.forecast.data.panel import Bools, Floats, Panel
from ecommerce.forecast.models import intervals
from ecommerce.forecast.models.members import (
    LEAST_DAYS_BOOSTING,
    LEAST_DAYS_RIDGE,
    Boosting,
    Model,
    ModelInput,
    OpenWeekdayMean,
    Ridge,
    WeekdayMean,
    model_input,
)
from ecommerce.forecast.weeks import HORIZON

CALIBRATION_WEEKS = 13
LEAST_DAYS = 28
"""A series with fewer known days is not forecast."""
RIDGE_REFITTED = 4
"""Of the origins before, every fourth has a ridge of its own; the others take the last one."""
SEEN_DAYS = 504
"""A forecast looks back so far; only training looks further."""
VANISHED_DAYS, REPLACED_DAYS = 28, 7
RARE = 0.5

SIMPLE: dict[str, Model] = {
    "seasonal_naive": WeekdayMean(1),
    "weekday_mean_4": WeekdayMean(4),
    "weekday_mean_8": WeekdayMean(8),
    "open_weekday_mean": OpenWeekdayMean(8),
}
PLAIN = "open_weekday_mean"
"""What is said where nothing else is known."""
MEMBERS = (PLAIN, "ridge", "boosting")
"""What the combinations are made of."""
CANDIDATES = (*SIMPLE, "ridge", "boosting", "median", "blend")
DEFAULT = "blend"
"""Weights by recent errors: as good as the median of the three where they are alike, far better where one of
them cannot know what matters, as the weekday mean does not know promotions."""
POWER = 4
_RARE_MODEL = WeekdayMean(13)
_LAST_RESORT = OpenWeekdayMean(SEEN_DAYS // 7)


@dataclass(frozen=True, slots=True)
class Trained:
    """The champion, fitted: what `predict` needs beside the panel it was trained on.

    `weights`: those of the champion's members. `errors`: of each candidate, its absolute errors at the weekly
    origins relative to sales. `calibration`: what the champion said there, and what came. `skipped`: series
    that are not forecast, with the reason.
    """

    champion: str
    series: tuple[str, ...]
    ridge: Ridge | None
    boosting: Boosting | None
    weights: Mapping[str, float]
    errors: Mapping[str, float]
    calibration: tuple[intervals.Calibration, ...]
    skipped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next `HORIZON` days: `values` [HORIZON, series], `bounds` by level: lower and upper [HORIZON,
    series]; NaN for series that are skipped. Sums of series come last."""

    values: Floats
    bounds: Mapping[int, tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the candidates said at an origin `weeks` weeks ago, and what came: [days, series], at most
    `HORIZON` days."""

    weeks: int
    said: Mapping[str, Floats]
    truth: Floats


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is the same whichever candidate is the champion, and costs the time: the models fitted on a panel,
    what each of them says of the days after it, and what it said at the weekly origins before."""

    panel: Panel
    before: Sequence[Origin]
    ridge: Ridge | None
    boosting: Boosting | None
    said: Mapping[str, Floats]


def train(panel: Panel, champion: str = DEFAULT) -> Trained:
    """Fit the champion on the panel, and measure its errors at the weekly origins before.

    The same panel gives the same result, whatever the number of cores.
    """
    return _trained(_fitted(panel), champion)


def predict(trained: Trained, panel: Panel, groups: Sequence[Sequence[int]] = ()) -> Forecast:
    """The days after the panel that the champion was trained on: every series, and the sum of each of the
    `groups` of series (their places), whose intervals are made from errors of sums.

    Raises:
        ValueError: the panel has other series.
    """
    if panel.series != trained.series:
        raise ValueError("the panel has other series than the model was trained on")
    return _forecast(trained, _said(_begun(panel), trained.ridge, trained.boosting), groups)


def forecasts_of_all(panel: Panel, groups: Sequence[Sequence[int]] = ()) -> dict[str, Forecast]:
    """What each of the candidates says of the days after the panel: as if each had been trained and asked,
    but all that they share is done once."""
    fitted = _fitted(panel)
    return {name: _forecast(_trained(fitted, name), fitted.said, groups) for name in CANDIDATES}


def _fitted(panel: Panel) -> Fitted:
    panel = _begun(panel)
    before = look_back(panel)
    ridge, boosting = _fit(panel)
    return Fitted(panel, before, ridge, boosting, _said(panel, ridge, boosting))


def _trained(fitted: Fitted, champion: str) -> Trained:
    panel, before = fitted.panel, fitted.before
    weights = _weights(before, champion, tuple(fitted.said))
    calibration = tuple((one.weeks, _combined(one.said, weights, champion), one.truth) for one in before)
    return Trained(
        champion=champion,
        series=panel.series,
        ridge=fitted.ridge,
        boosting=fitted.boosting,
        weights=weights,
        errors=_errors(before),
        calibration=calibration,
        skipped=_too_short(panel),
    )


def _forecast(trained: Trained, said: Mapping[str, Floats], groups: Sequence[Sequence[int]]) -> Forecast:
    values = _combined(said, trained.weights, trained.champion)
    values[:, [name in trained.skipped for name in trained.series]] = np.nan
    values = _with_sums(values, groups)
    calibration = [
        (weeks, _with_sums(told, groups), _with_sums(truth, groups))
        for weeks, told, truth in trained.calibration
    ]
    return Forecast(values, intervals.around(values, calibration))


def _begun(panel: Panel) -> Panel:
    """The panel without the days before a series' first sale, which are no days without sales."""
    sells = panel.values > 0
    has_begun = np.maximum.accumulate(sells, axis=0) | ~sells.any(axis=0)
    return replace(panel, values=np.where(has_begun, panel.values, np.nan))


def _too_short(panel: Panel) -> dict[str, str]:
    known = (~np.isnan(panel.values)).sum(axis=0)
    return {
        name: f"fewer than {LEAST_DAYS} days of history"
        for place, name in enumerate(panel.series)
        if known[place] < LEAST_DAYS
    }


def look_back(panel: Panel) -> list[Origin]:
    """What the candidates would have said at the weekly origins of the last 13 weeks, oldest first, each
    from what was known then. Boosting is trained once, at the oldest of them."""
    weeks = min(CALIBRATION_WEEKS, (panel.days - 3 * 7) // 7)
    found: list[Origin] = []
    boosting: Boosting | None = None
    ridge: Ridge | None = None
    for number, back in enumerate(range(weeks, 0, -1)):
        then = panel.until(panel.days - 7 * back)
        if number == 0:
            ridge, boosting = _fit(then)
        elif number % RIDGE_REFITTED == 0 and then.days >= LEAST_DAYS_RIDGE:
            ridge = Ridge.fit(_input(then))
        days = min(HORIZON, 7 * back)
        said = {name: values[:days] for name, values in _said(then, ridge, boosting).items()}
        found.append(Origin(back, said, panel.values[then.days : then.days + days]))
    return found


def _fit(panel: Panel) -> tuple[Ridge | None, Boosting | None]:
    given = _input(panel)
    ridge = Ridge.fit(given) if panel.days >= LEAST_DAYS_RIDGE else None
    boosting = Boosting.fit(given) if panel.days >= LEAST_DAYS_BOOSTING else None
    return ridge, boosting


def _input(panel: Panel) -> ModelInput:
    return model_input(panel, clean(panel))


def _said(panel: Panel, ridge: Ridge | None, boosting: Boosting | None) -> dict[str, Floats]:
    given = _input(panel.last(SEEN_DAYS))
    has_vanished = _has_vanished(panel)
    is_rare = _sells_rarely(panel)
    models = dict(SIMPLE)
    if ridge is not None:
        models["ridge"] = ridge
    if boosting is not None:
        models["boosting"] = boosting
    plain = SIMPLE[PLAIN].forecast(given)
    # After a gap that is longer than its window, the weekday as it was before the gap.
    plain = np.nan_to_num(np.where(np.isnan(plain), _LAST_RESORT.forecast(given), plain))
    rare = np.nan_to_num(_RARE_MODEL.forecast(given))
    said = {}
    for name, model in models.items():
        values = model.forecast(given)
        values = np.where(np.isnan(values), plain, values)
        if name not in SIMPLE:
            values = np.where(is_rare, _smooth(rare), values)
        said[name] = np.where(has_vanished, 0.0, values)
    return said


def _has_vanished(panel: Panel) -> Bools:
    """Series that brought nothing for four weeks; and those that brought nothing for a week or more, twice as
    long as ever in the year before, while all series together sold as before: others took their place."""
    recent = panel.values[-SEEN_DAYS:]
    is_known = ~np.isnan(recent)
    is_empty = np.nan_to_num(recent) <= 0
    for_long = is_known[-VANISHED_DAYS:].any(axis=0) & is_empty[-VANISHED_DAYS:].all(axis=0)
    runs = np.zeros(recent.shape[1], dtype=int)
    longest = np.zeros_like(runs)
    for day in range(len(recent)):
        longest = np.where(is_empty[day], longest, np.maximum(longest, runs))
        runs = np.where(is_empty[day], np.where(is_known[day], runs + 1, runs), 0)
    has_sold = is_known.sum(axis=0) - runs >= VANISHED_DAYS
    week = np.nansum(recent[-REPLACED_DAYS:])
    usual = np.nansum(recent[:-REPLACED_DAYS]) / max(len(recent) - REPLACED_DAYS, 1) * REPLACED_DAYS
    replaced = has_sold & (runs >= REPLACED_DAYS) & (runs >= 2 * longest) & (week >= usual / 2)
    return for_long | replaced


def _sells_rarely(panel: Panel) -> Bools:
    """Series without sales on more than half of the days of a quarter: only their weekly sums can be
    forecast."""
    recent = panel.values[-91:]
    known = np.maximum((~np.isnan(recent)).sum(axis=0), 1)
    return (recent == 0).sum(axis=0) / known > RARE


def _smooth(values: Floats) -> Floats:
    """Each week's sum, spread evenly over the days that are not closed."""
    found = np.zeros_like(values)
    for first in range(0, HORIZON, 7):
        week = values[first : first + 7]
        is_open = week > 0
        count = np.maximum(is_open.sum(axis=0), 1)
        found[first : first + 7] = np.where(is_open, week.sum(axis=0) / count, 0.0)
    return found


def _weights(before: Sequence[Origin], champion: str, there: Sequence[str]) -> dict[str, float]:
    """Of each member, its part in the champion. One that could not be judged at the origins before has none;
    where none could be judged, the weekday mean has all."""
    if champion not in ("median", "blend"):
        return {champion if champion in there else PLAIN: 1.0}
    members = [
        name for name in MEMBERS if name in there and before and all(name in one.said for one in before)
    ]
    if not members:
        return {PLAIN: 1.0}
    if champion == "median":
        return dict.fromkeys(members, 1 / len(members))
    errors = np.array(
        [sum(np.nansum(np.abs(one.said[name] - one.truth)) for one in before) for name in members]
    )
    parts = 1 / np.maximum(errors / max(errors.min(), 1e-9), 1e-9) ** POWER
    return {name: float(part) for name, part in zip(members, parts / parts.sum(), strict=True)}


def _combined(said: Mapping[str, Floats], weights: Mapping[str, float], champion: str) -> Floats:
    there = [name for name in weights if name in said] or [PLAIN]
    if champion == "median":
        return np.median(np.stack([said[name] for name in there]), axis=0)
    whole = sum(weights.get(name, 1.0) for name in there)
    return np.sum([weights.get(name, 1.0) / whole * said[name] for name in there], axis=0)


def _with_sums(table: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """`table` [days, series] with the sums of the groups, in which unknown series count nothing."""
    sums = []
    for group in groups:
        part = table[:, list(group)]
        sums.append(np.where(np.isnan(part).all(axis=1), np.nan, np.nansum(part, axis=1)))
    return np.column_stack([table, *sums])


def _errors(before: Sequence[Origin]) -> dict[str, float]:
    found = {}
    for name in CANDIDATES:
        judged = [one for one in before if name in one.said]
        sales = sum(np.nansum(np.abs(one.truth)) for one in judged)
        if sales > 0:
            found[name] = float(sum(np.nansum(np.abs(one.said[name] - one.truth)) for one in judged) / sales)
    return found
