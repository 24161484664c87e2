"""Training and prediction of a panel: the champion, its members' weights, and intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ecommerce.forecast.data.panel import (
    Floats,
    Panel,
    has_vanished,
    ratio,
    sells_rarely,
    without_absurd_day,
)
from ecommerce.forecast.models.features import Statistics
from ecommerce.forecast.models.members import Boosting, Model, Ridge, WeekdayMean
from ecommerce.forecast.models.season import at_level
from ecommerce.forecast.weeks import DAYS, HORIZON, LEAST_DAYS, WEEKS

CALIBRATION_WEEKS = 13
RIDGE_REFITTED, BOOSTING_REFITTED = 4, 12
"""The calibration origins that refit these members; the others reuse them."""
SEEN_DAYS = 504
"""Days of history that a prediction uses; training uses more."""

SIMPLE: dict[str, Model] = {
    "seasonal_naive": WeekdayMean(1),
    "weekday_mean_8": WeekdayMean(8),
    "open_weekday_mean": WeekdayMean(8, open_days=True),
}
PLAIN = "open_weekday_mean"
"""The fallback for values that other models cannot forecast."""
CANDIDATES = (*SIMPLE, "ridge", "boosting", "blend")
DEFAULT = "blend"
POWER = 8
LEVELS = (80, 95)
_FEWEST_ERRORS = 20
_WIDENED = 1.5
_LEAST_WIDTH = 0.02
_FEWEST_ORIGINS, _HALF_LIFE_WEEKS = 3, 2
_RARE_MODEL = WeekdayMean(13)
_LAST_RESORT = WeekdayMean(SEEN_DAYS // DAYS, open_days=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """A weekly origin of the past: every candidate's `forecasts` and the `actual` sales, [days, series], and
    the `unit` of the errors, as `Statistics.unit`: [days, series and total]; NaN where unknown."""

    forecasts: Mapping[str, Floats]
    actual: Floats
    unit: Floats


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The trained candidates of a panel, of which the `champion` forecasts: the `fitted` ridge and boosting,
    each candidate's `weights` of members, the weekly `origins` before, and the reason for each of the
    `skipped` series."""

    champion: str
    series: tuple[str, ...]
    fitted: Mapping[str, Model]
    weights: Mapping[str, Mapping[str, float]]
    origins: Sequence[Origin]
    skipped: Mapping[str, str]

    def past_forecasts(self) -> list[tuple[Floats, Floats]]:
        """Return the champion's forecasts at the origins and the actual sales, [HORIZON, series]."""
        weights = self.weights[self.champion]
        pairs = []
        for origin in self.origins:
            pairs.append((_combined(origin.forecasts, weights), origin.actual))
        return pairs


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """The next `HORIZON` days: `values` [HORIZON, series], `bounds` by level: lower and upper [HORIZON,
    series]; NaN for skipped series. The last series is the sum of all, with bounds from its own errors."""

    values: Floats
    bounds: Mapping[int, tuple[Floats, Floats]]


def train(panel: Panel, champion: str = DEFAULT) -> TrainedModel:
    """Train all candidates, and forecast from the weekly origins before with each. The result does not depend
    on the number of cores."""
    panel = _prepared(panel)
    origins, fitted = look_back(panel), _fit(Statistics(panel))
    known_days = (~np.isnan(panel.values)).sum(axis=0)
    skipped = {}
    for series, days in zip(panel.series, known_days, strict=True):
        if days < LEAST_DAYS:
            skipped[series] = f"fewer than {LEAST_DAYS} days of history"
    weights: dict[str, Mapping[str, float]] = {}
    for name in CANDIDATES:
        weights[name] = {name: 1.0}
        if name == "blend":
            weights[name] = _weights(origins, fitted)
        elif name not in SIMPLE and name not in fitted:
            weights[name] = {PLAIN: 1.0}
    return TrainedModel(champion, panel.series, fitted, weights, origins, skipped)


def predict(trained: TrainedModel, panel: Panel) -> PanelForecast:
    """Forecast the days after the panel that the champion was trained on."""
    forecasts, unit = _forecasts(_prepared(panel), trained.fitted)
    return _forecast(trained, forecasts, unit)


def forecasts_of_all(panel: Panel) -> dict[str, PanelForecast]:
    """Return the forecast of every candidate, as `train` and `predict` would."""
    trained = train(panel)
    forecasts, unit = _forecasts(_prepared(panel), trained.fitted)
    made = {}
    for name in CANDIDATES:
        made[name] = _forecast(replace(trained, champion=name), forecasts, unit)
    return made


def look_back(panel: Panel) -> list[Origin]:
    """Return the forecasts at the weekly origins of the last 13 weeks, oldest first, each from data before
    its origin."""
    weeks = min(CALIBRATION_WEEKS, panel.days // DAYS - 3)
    origins: list[Origin] = []
    fitted: dict[str, Model] = {}
    for number in range(weeks):
        days = panel.days - DAYS * (weeks - number)
        then = panel.until(days)
        if number % RIDGE_REFITTED == 0:
            has_boosting = number % BOOSTING_REFITTED == 0 or "boosting" not in fitted
            fitted |= _fit(Statistics(then), has_boosting=has_boosting)
        forecasts, unit = _forecasts(then, fitted)
        actual = np.full((HORIZON, len(panel.series)), np.nan)
        known = panel.values[days : days + HORIZON]
        actual[: len(known)] = known
        origins.append(Origin(forecasts, actual, unit))
    return origins


def _prepared(panel: Panel) -> Panel:
    """The panel at its present level; days before a series' first sale are unknown, not without sales.
    Negative days count as 0: the width of an interval is a share of its forecast."""
    values = without_absurd_day(np.maximum(panel.values, 0))
    sells = values > 0
    has_begun = np.maximum.accumulate(sells, axis=0) | ~sells.any(axis=0)
    return at_level(replace(panel, values=np.where(has_begun, values, np.nan)))


def _fit(known: Statistics, *, has_boosting: bool = True) -> dict[str, Model]:
    """Fit the members that have enough history."""
    fitted: dict[str, Model | None] = {"ridge": Ridge.fit(known)}
    if has_boosting:
        fitted["boosting"] = Boosting.fit(known)
    return {name: model for name, model in fitted.items() if model}


def _forecasts(
    panel: Panel, fitted: Mapping[str, Model]
) -> tuple[dict[str, Floats], Floats]:
    """Return the forecasts of the candidates but the blend, and the unit of their errors."""
    known = Statistics(panel, SEEN_DAYS)
    is_gone = has_vanished(known.panel.values)
    is_rare = sells_rarely(panel.values)
    rare = np.nan_to_num(_RARE_MODEL.forecast(known))
    # After a gap that is longer than its window, the weekday as it was before the gap.
    plain = SIMPLE[PLAIN].forecast(known)
    plain = np.where(np.isnan(plain), _LAST_RESORT.forecast(known), plain)
    forecasts = {}
    for name, model in {**SIMPLE, **fitted}.items():
        values = model.forecast(known)
        values = np.where(np.isnan(values), np.nan_to_num(plain), values)
        if name in fitted:
            values = np.where(is_rare, rare, values)
        forecasts[name] = np.where(is_gone, 0.0, values)
    return forecasts, known.unit()


def _weights(
    origins: Sequence[Origin], fitted: Mapping[str, Model]
) -> dict[str, float]:
    """The weight of each member of the blend by its error, compared with the plain one's at the origins at
    which it has a forecast; without members that have too few."""
    parts = {PLAIN: 1.0}
    for name in fitted:
        known = [origin for origin in origins if name in origin.forecasts]
        if len(known) >= _FEWEST_ORIGINS:
            gain = _member_error(known, PLAIN) / _member_error(known, name)
            parts[name] = gain**POWER
    whole = sum(parts.values())
    return {name: part / whole for name, part in parts.items()}


def _member_error(origins: Sequence[Origin], member: str) -> float:
    """Return the member's WAPE at the origins, above 0."""
    error = wape((origin.forecasts[member], origin.actual) for origin in origins)
    return max(error or 0, 1e-6)


def _combined(forecasts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return the weighted mean of the members that have a forecast; the plain one's if none has."""
    total = np.zeros_like(forecasts[PLAIN])
    whole = 0.0
    for name, weight in weights.items():
        if name in forecasts:
            total += weight * forecasts[name]
            whole += weight
    if not whole:
        return forecasts[PLAIN]
    return total / whole


def _forecast(
    trained: TrainedModel, forecasts: Mapping[str, Floats], unit: Floats
) -> PanelForecast:
    values = _combined(forecasts, trained.weights[trained.champion])
    is_skipped = np.isin(trained.series, list(trained.skipped))
    values = with_total(np.where(is_skipped, np.nan, values))
    return PanelForecast(values, _bounds(values, unit, trained))


def with_total(table: Floats) -> Floats:
    """Return `table` [days, series] with the sum of the series; unknown series count 0."""
    total = pd.DataFrame(table).sum(axis=1, min_count=1)
    return np.column_stack([table, total])


def wape(pairs: Iterable[Sequence[Floats]]) -> float | None:
    """Return the absolute errors of pairs of forecasts and actual sales as a share of sales; None without
    sales."""
    errors = sales = 0.0
    for forecast, actual in pairs:
        errors += float(np.nansum(np.abs(forecast - actual)))
        sales += float(np.nansum(np.abs(actual)))
    if sales <= 0:
        return None
    return round(errors / sales, 6)


def _bounds(
    values: Floats, unit: Floats, trained: TrainedModel
) -> dict[int, tuple[Floats, Floats]]:
    """Lower and upper bounds of `values` [HORIZON, series] by level, by split conformal prediction.

    The half width is a weighted quantile of the absolute errors relative to their forecasts and in units of
    the noise at their origin, from the same week of the horizon; two weeks halve an error's weight. With
    fewer than 20 errors it is widened by half; without errors the interval is from 0 to twice the forecast.
    """
    errors = []
    for origin, past in zip(trained.origins, trained.past_forecasts(), strict=True):
        forecast, actual = map(with_total, past)
        errors.append(ratio(np.abs(actual - forecast), forecast * origin.unit))
    widths = np.full((len(LEVELS), *values.shape), np.inf)
    for week in range(min(WEEKS, len(errors))):
        first = DAYS * week
        # The newest origins know nothing of later weeks yet.
        known = np.stack(errors[: len(errors) - week])[:, first : first + DAYS]
        # Also for later weeks, which may have no errors of their own.
        widths[:, first:] = _half_widths(known)[:, None]
    bounds = {}
    for level, width in zip(LEVELS, widths, strict=True):
        share = np.where(np.isinf(width), 1, np.maximum(width * unit, _LEAST_WIDTH))
        half = values * share
        bounds[level] = (np.maximum(values - half, 0), values + half)
    return bounds


def _half_widths(errors: Floats) -> Floats:
    """Return the half width of each level and series, in units of forecast and noise; infinite without
    errors. `errors` are [weeks, days, series], the last week is the newest; NaN where unknown."""
    weeks_ago = np.repeat(np.arange(len(errors))[::-1], DAYS)
    errors = np.concatenate(errors)
    is_known = ~np.isnan(errors)
    count = is_known.sum(axis=0)
    weights = is_known * 0.5 ** (weeks_ago / _HALF_LIFE_WEEKS)[:, None]
    # The error to come is one more, of full weight, that exceeds all.
    weights = np.pad(weights, ((0, 1), (0, 0)), constant_values=1)
    known = np.pad(np.nan_to_num(errors), ((0, 1), (0, 0)), constant_values=np.inf)
    levels = np.array(LEVELS) / 100
    widths = np.quantile(known, levels, axis=0, weights=weights, method="inverted_cdf")
    widths = np.minimum(widths, known[:-1].max(axis=0))
    widths[:, count < _FEWEST_ERRORS] *= _WIDENED
    widths[:, count == 0] = np.inf
    return widths
