"""Training and prediction of a panel: the champion, its members' weights, and intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecommerce.forecast.data.panel import Floats, Panel, has_vanished, sells_rarely
from ecommerce.forecast.models.features import Statistics
from ecommerce.forecast.models.members import Boosting, Model, Ridge, WeekdayMean
from ecommerce.forecast.weeks import DAYS, HORIZON

CALIBRATION_WEEKS = 13
LEAST_DAYS = 28
"""Series with fewer known days are skipped."""
RIDGE_REFITTED = 4
"""Every fourth calibration origin refits the ridge; the others reuse it."""
SEEN_DAYS = 504
"""Days of history that a prediction uses; training uses more."""

SIMPLE: dict[str, Model] = {
    "seasonal_naive": WeekdayMean(1),
    "weekday_mean_8": WeekdayMean(8),
    "open_weekday_mean": WeekdayMean(8, open_days=True),
}
PLAIN = "open_weekday_mean"
"""The fallback for values that other models cannot forecast."""
MEMBERS = (PLAIN, "ridge", "boosting")
"""The members of the candidate `blend`, weighted by their recent errors."""
CANDIDATES = (*SIMPLE, "ridge", "boosting", "blend")
DEFAULT = "blend"
POWER = 4
LEVELS = (80, 95)
_FEWEST_ERRORS = 20
_WIDENED = 1.5
_RARE_MODEL = WeekdayMean(13)
_LAST_RESORT = WeekdayMean(SEEN_DAYS // DAYS, open_days=True)

Origin = tuple[dict[str, Floats], Floats]
"""The candidates' forecasts at an origin, and the actual sales: [days, series]."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained candidate of a panel: the `fitted` ridge and boosting, the `weights` of its members, the
    WAPE of every candidate at the weekly origins (`errors`), its own forecasts there and the actual sales
    (`calibration`), and the reason for each of the `skipped` series."""

    champion: str
    series: tuple[str, ...]
    fitted: Mapping[str, Model]
    weights: Mapping[str, float]
    errors: Mapping[str, float | None]
    calibration: Sequence[tuple[Floats, Floats]]
    skipped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """The next `HORIZON` days: `values` [HORIZON, series], `bounds` by level: lower and upper [HORIZON,
    series]; NaN for skipped series. The last series is the sum of all, with bounds from its own errors."""

    values: Floats
    bounds: Mapping[int, tuple[Floats, Floats]]


def train(panel: Panel, champion: str = DEFAULT) -> TrainedModel:
    """Train the champion and measure its errors at the weekly origins before. The result does not depend on
    the number of cores."""
    return train_candidates(panel)[champion]


def train_candidates(panel: Panel) -> dict[str, TrainedModel]:
    """Train each candidate as `train` would, with the shared work done once."""
    panel = _without_days_before_first_sale(panel)
    origins, fitted = look_back(panel), _fit(Statistics(panel))
    known = (~np.isnan(panel.values)).sum(axis=0)
    reason = f"fewer than {LEAST_DAYS} days of history"
    skipped = {name: reason for name, days in zip(panel.series, known, strict=True) if days < LEAST_DAYS}
    errors: dict[str, float | None] = {}
    trained = {}
    for name in CANDIDATES:
        weights = _weights(origins, name, {*SIMPLE, *fitted}, errors)
        calibration = [(_combined(forecasts, weights), actual) for forecasts, actual in origins]
        errors[name] = wape(calibration)
        trained[name] = TrainedModel(name, panel.series, fitted, weights, errors, calibration, skipped)
    return trained


def predict(trained: TrainedModel, panel: Panel) -> PanelForecast:
    """Forecast the days after the panel that the champion was trained on."""
    return _forecast(trained, _forecasts(_without_days_before_first_sale(panel), trained.fitted))


def forecasts_of_all(panel: Panel) -> dict[str, PanelForecast]:
    """Return the forecast of every candidate, as `train` and `predict` would."""
    trained = train_candidates(panel)
    forecasts = _forecasts(_without_days_before_first_sale(panel), trained[DEFAULT].fitted)
    return {name: _forecast(each, forecasts) for name, each in trained.items()}


def look_back(panel: Panel) -> list[Origin]:
    """Return the forecasts at the weekly origins of the last 13 weeks, oldest first, each from data before
    its origin. Boosting is trained once, at the oldest."""
    weeks = min(CALIBRATION_WEEKS, (panel.days - 3 * DAYS) // DAYS)
    origins: list[Origin] = []
    fitted: dict[str, Model] = {}
    for number, back in enumerate(range(weeks, 0, -1)):
        then = panel.until(panel.days - DAYS * back)
        if number % RIDGE_REFITTED == 0:
            fitted |= _fit(Statistics(then), has_boosting=number == 0)
        forecasts = {name: values[: DAYS * back] for name, values in _forecasts(then, fitted).items()}
        origins.append((forecasts, panel.values[then.days :][:HORIZON]))
    return origins


def _without_days_before_first_sale(panel: Panel) -> Panel:
    """Days before a series' first sale are unknown, not days without sales."""
    sells = panel.values > 0
    has_begun = np.maximum.accumulate(sells, axis=0) | ~sells.any(axis=0)
    return replace(panel, values=np.where(has_begun, panel.values, np.nan))


def _fit(known: Statistics, *, has_boosting: bool = True) -> dict[str, Model]:
    fitted = {"ridge": Ridge.fit(known), "boosting": Boosting.fit(known) if has_boosting else None}
    return {name: model for name, model in fitted.items() if model}


def _forecasts(panel: Panel, fitted: Mapping[str, Model]) -> dict[str, Floats]:
    known = Statistics(panel.last(SEEN_DAYS))
    is_gone = has_vanished(known.panel.values)
    is_rare = sells_rarely(panel.values)
    plain = SIMPLE[PLAIN].forecast(known)
    # After a gap that is longer than its window, the weekday as it was before the gap.
    plain = np.nan_to_num(np.where(np.isnan(plain), _LAST_RESORT.forecast(known), plain))
    rare = np.nan_to_num(_RARE_MODEL.forecast(known))
    forecasts = {}
    for name, model in {**SIMPLE, **fitted}.items():
        values = model.forecast(known)
        values = np.where(np.isnan(values), plain, values)
        if name in fitted:
            values = np.where(is_rare, rare, values)
        forecasts[name] = np.where(is_gone, 0.0, values)
    return forecasts


def _weights(
    origins: Sequence[Origin], champion: str, available: set[str], errors_of: Mapping[str, float | None]
) -> dict[str, float]:
    """The weight of each member of the champion, without members that have no forecast at an origin."""
    if champion != "blend":
        return {champion if champion in available else PLAIN: 1.0}
    if not origins:
        return {PLAIN: 1.0}
    seen = available.intersection(*(forecasts for forecasts, _ in origins))
    members = [name for name in MEMBERS if name in seen]
    errors = np.array([errors_of[name] or 0 for name in members])
    parts = 1 / np.maximum(errors / max(errors.min(), 1e-9), 1e-9) ** POWER
    return {name: float(part) for name, part in zip(members, parts / parts.sum(), strict=True)}


def _combined(forecasts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    members = [name for name in weights if name in forecasts] or [PLAIN]
    whole = sum(weights.get(name, 1.0) for name in members)
    return np.sum([weights.get(name, 1.0) / whole * forecasts[name] for name in members], axis=0)


def _forecast(trained: TrainedModel, forecasts: Mapping[str, Floats]) -> PanelForecast:
    values = _combined(forecasts, trained.weights)
    values[:, [name in trained.skipped for name in trained.series]] = np.nan
    values = with_total(values)
    errors = [(with_total(forecast), with_total(actual)) for forecast, actual in trained.calibration]
    return PanelForecast(values, _bounds(values, errors))


def with_total(table: Floats) -> Floats:
    """Return `table` [days, series] with the sum of the series; unknown series count 0."""
    total = np.where(np.isnan(table).all(axis=1), np.nan, np.nansum(table, axis=1))
    return np.column_stack([table, total])


def wape(pairs: Iterable[tuple[Floats, Floats]]) -> float | None:
    """Return the absolute errors of pairs of forecasts and actual sales as a share of sales; None without
    sales."""
    errors = sales = 0.0
    for forecast, actual in pairs:
        errors += float(np.nansum(np.abs(forecast - actual)))
        sales += float(np.nansum(np.abs(actual)))
    return round(errors / sales, 6) if sales > 0 else None


def _bounds(values: Floats, calibration: Sequence[tuple[Floats, Floats]]) -> dict[int, tuple[Floats, Floats]]:
    """Lower and upper bounds of `values` [HORIZON, series] by level, by split conformal prediction.

    The half width is the ⌈(n + 1) · level⌉-th smallest of the n absolute errors relative to their forecasts,
    from the same week of the horizon. With fewer than 20 errors it is widened by half; without errors the
    interval is from 0 to twice the forecast.
    """
    errors: list[Floats] = []
    for first in range(0, HORIZON, DAYS):
        week = slice(first, first + DAYS)
        old_enough = [pair for pair in calibration if len(pair[0]) > first]
        if not old_enough:  # those of the week before
            errors.append(errors[-1] if errors else np.full((0, values.shape[1]), np.nan))
            continue
        forecast, actual = (np.concatenate([pair[side][week] for pair in old_enough]) for side in (0, 1))
        unknown = np.full(forecast.shape, np.nan)
        relative = np.divide(np.abs(actual - forecast), forecast, out=unknown, where=forecast > 0)
        errors.append(np.sort(relative, axis=0))  # NaN is last
    bounds = {}
    for level in LEVELS:
        widths = [_half_width(relative, level / 100) for relative in errors]
        half = values * np.repeat(widths, DAYS, axis=0)
        bounds[level] = (np.maximum(values - half, 0), values + half)
    return bounds


def _half_width(relative: Floats, level: float) -> Floats:
    """The half width of each series' interval, in units of its forecast."""
    if not len(relative):
        return np.ones(relative.shape[1])
    known = (~np.isnan(relative)).sum(axis=0)
    place = np.ceil((known + 1) * level).astype(int).clip(1, np.maximum(known, 1)) - 1
    width = np.take_along_axis(relative, place[None], axis=0)[0]
    width = np.where(known < _FEWEST_ERRORS, width * _WIDENED, width)
    return np.where(known == 0, 1.0, width)
