"""Training and prediction of a panel: the champion, its members' weights, and intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

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
from ecommerce.forecast.wording import Names

CALIBRATION_WEEKS = 13
"""The weekly origins, a quarter, whose errors give the weights and the intervals."""
RIDGE_EVERY = 4
"""Every fourth of these origins refits the ridge, from the first on; the next three reuse it, because a month
changes it little and fits take most of the time."""
BOOSTING_EVERY = 12
"""Every twelfth origin refits boosting, which is the slowest to fit."""
SEEN_DAYS = 504
"""Days of history that a prediction uses: features look back a year and four weeks. Training uses more."""

SIMPLE: dict[str, Model] = {
    "seasonal_naive": WeekdayMean(1),
    "weekday_mean_8": WeekdayMean(8),
    "open_weekday_mean": WeekdayMean(8, open_days=True),
}
PLAIN = "open_weekday_mean"
"""The fallback for values that other models cannot forecast."""
CANDIDATES = (*SIMPLE, "ridge", "boosting", "blend")
DEFAULT = "blend"
LEVELS = (0.8, 0.95)
"""The share of days that each interval is to hold."""
Fitted = dict[str, Model]
Weights = dict[str, float]
"""Both by the name of a member."""
CandidateForecasts = dict[str, Floats]
"""By candidate, [HORIZON, series]."""

_WEIGHT_POWER = 8
"""A member's weight in the blend is 1 ÷ (its error)⁸: half the error counts 256 times, so a bad member hardly
counts."""
_FEWEST_ORIGINS = 3
"""Weekly origins with a forecast of a member; fewer say too little about it for a weight."""
_HALF_LIFE_WEEKS = 2
"""An error that is two weeks older counts half in an interval, because a shop becomes noisier or calmer."""
_FEWEST_ERRORS = 20
"""Days with a known error; a quantile of 95 % needs so many."""
_WIDENED = 1.5
"""The factor of an interval from fewer errors."""
_LEAST_WIDTH = 0.02
"""The least half width of an interval as a share of the forecast: no shop is so regular that it is 0."""
_RARE_MODEL = WeekdayMean(13)
_LAST_RESORT = WeekdayMean(SEEN_DAYS // DAYS, open_days=True)


class Forecast(NamedTuple):
    """The forecast of the next `HORIZON` days and the bounds of its intervals, each [HORIZON, series and
    total]; NaN for skipped series. The total is the sum of all series, with bounds from its own errors."""

    forecast: Floats
    lower_80: Floats
    upper_80: Floats
    lower_95: Floats
    upper_95: Floats


AMOUNTS = Forecast._fields


@dataclass(frozen=True, slots=True)
class Origin:
    """A weekly origin of the past: every candidate's `forecasts` and the `actual` sales, [days, series], and
    the `unit` of the errors, as `Statistics.unit`: [days, series and total]; NaN where unknown."""

    forecasts: CandidateForecasts
    actual: Floats
    unit: Floats


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The trained candidates of a panel, of which the `champion` forecasts: the `fitted` ridge and boosting,
    each candidate's `weights` of members, the weekly `origins` before, and the reason for each of the
    `skipped` series."""

    champion: str
    series: tuple[str, ...]
    fitted: Fitted
    weights: Mapping[str, Weights]
    origins: Sequence[Origin]
    skipped: Names

    def past_forecasts(self) -> tuple[Floats, Floats]:
        """Return the champion's forecasts at the origins and the actual sales, [origins, HORIZON, series]."""
        weights = self.weights[self.champion]
        forecasts = [_combined(origin.forecasts, weights) for origin in self.origins]
        return np.array(forecasts), np.array([origin.actual for origin in self.origins])


def train(panel: Panel, champion: str = DEFAULT) -> TrainedModel:
    """Train all candidates, and forecast from the weekly origins before with each. The result does not depend
    on the number of cores."""
    panel = _prepared(panel)
    origins = look_back(panel)
    fitted = _fit(Statistics(panel))
    known_days = (~np.isnan(panel.values)).sum(axis=0)
    skipped = {
        series: f"fewer than {LEAST_DAYS} days of history"
        for series, days in zip(panel.series, known_days, strict=True)
        if days < LEAST_DAYS
    }
    weights = {name: {PLAIN: 1.0} for name in CANDIDATES}
    for name in SIMPLE | fitted:
        weights[name] = {name: 1.0}
    weights["blend"] = _weights(origins, fitted)
    return TrainedModel(champion, panel.series, fitted, weights, origins, skipped)


def predict(trained: TrainedModel, panel: Panel) -> Forecast:
    """Forecast the days after the panel that the champion was trained on, with bounds by split conformal
    prediction.

    The half width is a weighted quantile of the absolute errors relative to their forecasts and in units of
    the noise at their origin, from the same week of the horizon; two weeks halve an error's weight. With
    fewer than 20 errors it is widened by half; without errors the interval is from 0 to twice the forecast.
    """
    forecasts, unit = _forecast_candidates(_prepared(panel), trained.fitted)
    values = _combined(forecasts, trained.weights[trained.champion])
    is_skipped = np.isin(trained.series, list(trained.skipped))
    values = with_total(np.where(is_skipped, np.nan, values))
    forecast, actual = map(with_total, trained.past_forecasts())
    units = [origin.unit for origin in trained.origins]
    errors = ratio(np.abs(actual - forecast), forecast * units)
    widths = np.full((len(LEVELS), *values.shape), np.inf)
    for week in range(min(WEEKS, len(errors))):
        first = DAYS * week
        # The newest origins know nothing of later weeks yet.
        known = errors[: len(errors) - week, first : first + DAYS]
        # Also for later weeks, which may have no errors of their own.
        widths[:, first:] = _half_widths(known)[:, None]
    shares = np.nan_to_num(np.maximum(widths * unit, _LEAST_WIDTH), posinf=1)
    half = values * shares
    lower_80, lower_95 = np.maximum(values - half, 0)
    upper_80, upper_95 = values + half
    return Forecast(values, lower_80, upper_80, lower_95, upper_95)


def predict_each_candidate(panel: Panel) -> dict[str, Forecast]:
    """Return the forecast of every candidate, as `train` and `predict` would."""
    trained = train(panel)
    return {
        name: predict(replace(trained, champion=name), panel) for name in CANDIDATES
    }


def look_back(panel: Panel) -> list[Origin]:
    """Return the forecasts at the weekly origins of the last 13 weeks, oldest first, each from data before
    its origin."""
    weeks = min(CALIBRATION_WEEKS, panel.days // DAYS - 3)
    values = np.pad(panel.values, ((0, HORIZON), (0, 0)), constant_values=np.nan)
    origins = []
    fitted: Fitted = {}
    for number in range(weeks):
        days = panel.days - DAYS * (weeks - number)
        then = panel.until(days)
        if number % RIDGE_EVERY == 0:
            # Until there is enough history for it, boosting is tried with each ridge.
            has_boosting = number % BOOSTING_EVERY == 0 or "boosting" not in fitted
            fitted |= _fit(Statistics(then), has_boosting=has_boosting)
        forecasts, unit = _forecast_candidates(then, fitted)
        origins.append(Origin(forecasts, values[days : days + HORIZON], unit))
    return origins


def _prepared(panel: Panel) -> Panel:
    """The panel at its present level; days before a series' first sale are unknown, not without sales.
    Negative days count as 0: the width of an interval is a share of its forecast."""
    values = without_absurd_day(np.maximum(panel.values, 0))
    sells = values > 0
    has_begun = np.maximum.accumulate(sells, axis=0) | ~sells.any(axis=0)
    return at_level(replace(panel, values=np.where(has_begun, values, np.nan)))


def _fit(known: Statistics, *, has_boosting: bool = True) -> Fitted:
    """Fit the members that have enough history."""
    fitted: dict[str, Model | None] = {"ridge": Ridge.fit(known)}
    if has_boosting:
        fitted["boosting"] = Boosting.fit(known)
    return {name: model for name, model in fitted.items() if model}


def _forecast_candidates(
    panel: Panel, fitted: Fitted
) -> tuple[CandidateForecasts, Floats]:
    """Return the forecasts of the candidates but the blend, and the unit of their errors."""
    known = Statistics(panel, SEEN_DAYS)
    is_gone = has_vanished(known.panel.values)
    is_rare = sells_rarely(panel.values)
    rare = np.nan_to_num(_RARE_MODEL.forecast(known))
    # After a gap that is longer than its window, the weekday as it was before the gap.
    plain = SIMPLE[PLAIN].forecast(known)
    last_resort = np.nan_to_num(_LAST_RESORT.forecast(known))
    plain = np.where(np.isnan(plain), last_resort, plain)
    forecasts = {}
    for name, model in (SIMPLE | fitted).items():
        values = model.forecast(known)
        values = np.where(np.isnan(values), plain, values)
        if name in fitted:
            values = np.where(is_rare, rare, values)
        forecasts[name] = np.where(is_gone, 0.0, values)
    return forecasts, known.unit()


def _weights(origins: Sequence[Origin], fitted: Fitted) -> Weights:
    """The weight of each member of the blend by its error, compared with the plain one's at the origins at
    which it has a forecast; without members that have too few."""
    parts = {PLAIN: 1.0}
    for name in fitted:
        known = [origin for origin in origins if name in origin.forecasts]
        if len(known) >= _FEWEST_ORIGINS:
            gain = _member_error(known, PLAIN) / _member_error(known, name)
            parts[name] = gain**_WEIGHT_POWER
    whole = sum(parts.values())
    return {name: part / whole for name, part in parts.items()}


def _member_error(origins: Sequence[Origin], member: str) -> float:
    """Return the member's WAPE at the origins, above 0."""
    forecasts = np.array([origin.forecasts[member] for origin in origins])
    actual = np.array([origin.actual for origin in origins])
    return max(wape(forecasts, actual) or 0, 1e-6)


def _combined(forecasts: CandidateForecasts, weights: Weights) -> Floats:
    """Return the weighted mean of the members that have a forecast; the plain one's if none has."""
    members = [name for name in weights if name in forecasts]
    if not members:
        return forecasts[PLAIN]
    tables = [forecasts[name] for name in members]
    return np.average(tables, axis=0, weights=[weights[name] for name in members])


def with_total(table: Floats) -> Floats:
    """Return `table` [..., series] with the sum of the series; unknown series count 0."""
    total = np.nansum(table, axis=-1, keepdims=True)
    is_unknown = np.isnan(table).all(axis=-1, keepdims=True)
    return np.append(table, np.where(is_unknown, np.nan, total), axis=-1)


def wape(forecast: Floats, actual: Floats) -> float | None:
    """Return the absolute errors of forecasts as a share of actual sales, over known days; None without
    sales."""
    sales = np.nansum(np.abs(actual))
    if sales <= 0:
        return None
    return round(float(np.nansum(np.abs(forecast - actual)) / sales), 6)


def _half_widths(errors: Floats) -> Floats:
    """Return the half width of each level and series, in units of forecast and noise; infinite without
    errors. `errors` are [weeks, days, series], the last week is the newest; NaN where unknown."""
    weeks_ago = np.repeat(np.arange(len(errors))[::-1], DAYS)
    count = (~np.isnan(errors)).sum(axis=(0, 1))
    # The error to come is one more, of full weight, that exceeds all.
    errors = np.pad(np.concatenate(errors), ((0, 1), (0, 0)), constant_values=np.inf)
    weeks_ago = np.append(weeks_ago, 0)
    is_known = ~np.isnan(errors)
    weights = is_known * 0.5 ** (weeks_ago / _HALF_LIFE_WEEKS)[:, None]
    known = np.where(is_known, errors, 0)
    widths = np.quantile(known, LEVELS, axis=0, weights=weights, method="inverted_cdf")
    widths = np.minimum(widths, known[:-1].max(axis=0))
    widths[:, count < _FEWEST_ERRORS] *= _WIDENED
    widths[:, count == 0] = np.inf
    return widths
