"""Training and prediction of a panel: the champion, its members' weights, and intervals from its errors at
the weekly origins before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecommerce.forecast.data.cleaning import clean, has_vanished, sells_rarely
from ecommerce.forecast.data.panel import Floats, Panel
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
"""Series with fewer known days are skipped."""
RIDGE_REFITTED = 4
"""Every fourth calibration origin refits the ridge; the others reuse it."""
SEEN_DAYS = 504
"""Days of history that a prediction uses; training uses more."""

SIMPLE: dict[str, Model] = {
    "seasonal_naive": WeekdayMean(1),
    "weekday_mean_4": WeekdayMean(4),
    "weekday_mean_8": WeekdayMean(8),
    "open_weekday_mean": OpenWeekdayMean(8),
}
PLAIN = "open_weekday_mean"
"""The fallback for values that other models cannot forecast."""
MEMBERS = (PLAIN, "ridge", "boosting")
"""The members of the combined candidates `median` and `blend`."""
CANDIDATES = (*SIMPLE, "ridge", "boosting", "median", "blend")
DEFAULT = "blend"
"""Weighted by recent errors: as good as the median where the members are alike, far better where one of them
lacks an input, as the weekday mean lacks promotions."""
POWER = 4
_RARE_MODEL = WeekdayMean(13)
_LAST_RESORT = OpenWeekdayMean(SEEN_DAYS // 7)


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The trained champion of a panel.

    `weights`: those of the champion's members. `errors`: the WAPE of each candidate at the weekly origins.
    `calibration`: the champion's forecasts there, and the actual sales. `skipped`: reasons by series.
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
class PanelForecast:
    """The next `HORIZON` days: `values` [HORIZON, series], `bounds` by level: lower and upper [HORIZON,
    series]; NaN for skipped series. Sums of series come last."""

    values: Floats
    bounds: Mapping[int, tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class Origin:
    """The candidates' forecasts at an origin `weeks` weeks ago, and the actual sales: [days, series], at most
    `HORIZON` days."""

    weeks: int
    forecasts: Mapping[str, Floats]
    actual: Floats


@dataclass(frozen=True, slots=True)
class FittedModels:
    """What all candidates share: the models fitted on a panel, their forecasts, and those at the origins."""

    panel: Panel
    origins: Sequence[Origin]
    ridge: Ridge | None
    boosting: Boosting | None
    forecasts: Mapping[str, Floats]


def train(panel: Panel, champion: str = DEFAULT) -> TrainedModel:
    """Train the champion and measure its errors at the weekly origins before. The result does not depend on
    the number of cores."""
    return _trained(_fit_all(panel), champion)


def predict(trained: TrainedModel, panel: Panel, groups: Sequence[Sequence[int]] = ()) -> PanelForecast:
    """Forecast the days after a panel.

    Args:
        trained: the champion.
        panel: the one that it was trained on.
        groups: places of series whose sum is forecast, too, with an interval from the errors of the sum.

    Raises:
        ValueError: the panel has other series.
    """
    if panel.series != trained.series:
        raise ValueError("the panel has other series than the model was trained on")
    forecasts = _forecasts(_without_days_before_first_sale(panel), trained.ridge, trained.boosting)
    return _forecast(trained, forecasts, groups)


def forecasts_of_all(panel: Panel, groups: Sequence[Sequence[int]] = ()) -> dict[str, PanelForecast]:
    """Return the forecast of every candidate, as `train` and `predict` would, with the shared work done
    once."""
    fitted = _fit_all(panel)
    return {name: _forecast(_trained(fitted, name), fitted.forecasts, groups) for name in CANDIDATES}


def look_back(panel: Panel) -> list[Origin]:
    """Return the forecasts at the weekly origins of the last 13 weeks, oldest first, each from data before
    its origin. Boosting is trained once, at the oldest."""
    weeks = min(CALIBRATION_WEEKS, (panel.days - 3 * 7) // 7)
    origins: list[Origin] = []
    boosting: Boosting | None = None
    ridge: Ridge | None = None
    for number, back in enumerate(range(weeks, 0, -1)):
        then = panel.until(panel.days - 7 * back)
        if number == 0:
            ridge, boosting = _fit(then)
        elif number % RIDGE_REFITTED == 0 and then.days >= LEAST_DAYS_RIDGE:
            ridge = Ridge.fit(_input(then))
        days = min(HORIZON, 7 * back)
        forecasts = {name: values[:days] for name, values in _forecasts(then, ridge, boosting).items()}
        origins.append(Origin(back, forecasts, panel.values[then.days : then.days + days]))
    return origins


def _fit_all(panel: Panel) -> FittedModels:
    panel = _without_days_before_first_sale(panel)
    origins = look_back(panel)
    ridge, boosting = _fit(panel)
    return FittedModels(panel, origins, ridge, boosting, _forecasts(panel, ridge, boosting))


def _trained(fitted: FittedModels, champion: str) -> TrainedModel:
    panel, origins = fitted.panel, fitted.origins
    weights = _weights(origins, champion, tuple(fitted.forecasts))
    return TrainedModel(
        champion=champion,
        series=panel.series,
        ridge=fitted.ridge,
        boosting=fitted.boosting,
        weights=weights,
        errors=_errors(origins),
        calibration=tuple(
            (one.weeks, _combined(one.forecasts, weights, champion), one.actual) for one in origins
        ),
        skipped={
            name: f"fewer than {LEAST_DAYS} days of history"
            for name, known in zip(panel.series, (~np.isnan(panel.values)).sum(axis=0), strict=True)
            if known < LEAST_DAYS
        },
    )


def _forecast(
    trained: TrainedModel, forecasts: Mapping[str, Floats], groups: Sequence[Sequence[int]]
) -> PanelForecast:
    values = _combined(forecasts, trained.weights, trained.champion)
    values[:, [name in trained.skipped for name in trained.series]] = np.nan
    values = _with_sums(values, groups)
    calibration = [
        (weeks, _with_sums(forecast, groups), _with_sums(actual, groups))
        for weeks, forecast, actual in trained.calibration
    ]
    return PanelForecast(values, intervals.around(values, calibration))


def _without_days_before_first_sale(panel: Panel) -> Panel:
    """Days before a series' first sale are unknown, not days without sales."""
    sells = panel.values > 0
    has_begun = np.maximum.accumulate(sells, axis=0) | ~sells.any(axis=0)
    return replace(panel, values=np.where(has_begun, panel.values, np.nan))


def _fit(panel: Panel) -> tuple[Ridge | None, Boosting | None]:
    data = _input(panel)
    ridge = Ridge.fit(data) if panel.days >= LEAST_DAYS_RIDGE else None
    boosting = Boosting.fit(data) if panel.days >= LEAST_DAYS_BOOSTING else None
    return ridge, boosting


def _input(panel: Panel) -> ModelInput:
    return model_input(panel, clean(panel))


def _forecasts(panel: Panel, ridge: Ridge | None, boosting: Boosting | None) -> dict[str, Floats]:
    data = _input(panel.last(SEEN_DAYS))
    is_gone = has_vanished(panel.values[-SEEN_DAYS:])
    is_rare = sells_rarely(panel.values)
    models = SIMPLE | {
        name: model for name, model in (("ridge", ridge), ("boosting", boosting)) if model is not None
    }
    plain = SIMPLE[PLAIN].forecast(data)
    # After a gap that is longer than its window, the weekday as it was before the gap.
    plain = np.nan_to_num(np.where(np.isnan(plain), _LAST_RESORT.forecast(data), plain))
    rare = np.nan_to_num(_RARE_MODEL.forecast(data))
    forecasts = {}
    for name, model in models.items():
        values = model.forecast(data)
        values = np.where(np.isnan(values), plain, values)
        if name not in SIMPLE:
            values = np.where(is_rare, _spread_by_week(rare), values)
        forecasts[name] = np.where(is_gone, 0.0, values)
    return forecasts


def _spread_by_week(values: Floats) -> Floats:
    """Each week's sum, spread evenly over the days that are not closed."""
    weeks = values.reshape(HORIZON // 7, 7, -1)
    count = np.maximum((weeks > 0).sum(axis=1, keepdims=True), 1)
    return np.where(weeks > 0, weeks.sum(axis=1, keepdims=True) / count, 0.0).reshape(values.shape)


def _weights(origins: Sequence[Origin], champion: str, available: Sequence[str]) -> dict[str, float]:
    """The weight of each member of the champion, without members that have no forecast at an origin."""
    if champion not in ("median", "blend"):
        return {champion if champion in available else PLAIN: 1.0}
    members = [
        name
        for name in MEMBERS
        if name in available and origins and all(name in one.forecasts for one in origins)
    ]
    if not members:
        return {PLAIN: 1.0}
    if champion == "median":
        return dict.fromkeys(members, 1 / len(members))
    errors = np.array([sum(_absolute_error(one, name) for one in origins) for name in members])
    parts = 1 / np.maximum(errors / max(errors.min(), 1e-9), 1e-9) ** POWER
    return {name: float(part) for name, part in zip(members, parts / parts.sum(), strict=True)}


def _combined(forecasts: Mapping[str, Floats], weights: Mapping[str, float], champion: str) -> Floats:
    members = [name for name in weights if name in forecasts] or [PLAIN]
    if champion == "median":
        return np.median(np.stack([forecasts[name] for name in members]), axis=0)
    whole = sum(weights.get(name, 1.0) for name in members)
    return np.sum([weights.get(name, 1.0) / whole * forecasts[name] for name in members], axis=0)


def _with_sums(table: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """`table` [days, series] with the sums of the groups; unknown series count 0."""
    sums = []
    for group in groups:
        part = table[:, list(group)]
        sums.append(np.where(np.isnan(part).all(axis=1), np.nan, np.nansum(part, axis=1)))
    return np.column_stack([table, *sums])


def _errors(origins: Sequence[Origin]) -> dict[str, float]:
    errors = {}
    for name in CANDIDATES:
        judged = [one for one in origins if name in one.forecasts]
        sales = sum(np.nansum(np.abs(one.actual)) for one in judged)
        if sales > 0:
            errors[name] = float(sum(_absolute_error(one, name) for one in judged) / sales)
    return errors


def _absolute_error(origin: Origin, name: str) -> float:
    return float(np.nansum(np.abs(origin.forecasts[name] - origin.actual)))
