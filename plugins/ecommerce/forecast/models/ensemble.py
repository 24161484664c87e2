"""Training and prediction of a panel: the champion, its members' weights, and intervals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecommerce.forecast.data.panel import (
    Floats,
    Panel,
    has_vanished,
    sells_rarely,
    without_absurd_day,
)
from ecommerce.forecast.models.features import Statistics
from ecommerce.forecast.models.members import Boosting, Model, Ridge, WeekdayMean
from ecommerce.forecast.models.season import at_level
from ecommerce.forecast.weeks import DAYS, HORIZON, LEAST_DAYS

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

Calibration = Sequence[tuple[Floats, Floats, Floats]]
"""By weekly origin, oldest first: as `Origin`, with the forecasts of one candidate."""
Origin = tuple[dict[str, Floats], Floats, Floats]
"""The candidates' forecasts at an origin and the actual sales: [days, series]; and the unit of the errors, as
`Statistics.unit`: [days, series and total]."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained candidate of a panel: the `fitted` ridge and boosting, the `weights` of its members, the
    WAPE of every candidate at the weekly origins (`errors`; None where no series had enough history), its own
    forecasts there and the actual sales (`calibration`), and the reason for each of the `skipped` series."""

    champion: str
    series: tuple[str, ...]
    fitted: Mapping[str, Model]
    weights: Mapping[str, float]
    errors: Mapping[str, float | None]
    calibration: Calibration
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
    panel = _prepared(panel)
    origins, fitted = look_back(panel), _fit(Statistics(panel))
    known = (~np.isnan(panel.values)).sum(axis=0)
    reason = f"fewer than {LEAST_DAYS} days of history"
    skipped = {
        name: reason
        for name, days in zip(panel.series, known, strict=True)
        if days < LEAST_DAYS
    }
    errors: dict[str, float | None] = {}
    trained = {}
    for name in CANDIDATES:
        weights = (
            _weights(origins, fitted)
            if name == "blend"
            else {name if name in {*SIMPLE, *fitted} else PLAIN: 1.0}
        )
        calibration = [
            (_combined(forecasts, weights), actual, unit)
            for forecasts, actual, unit in origins
        ]
        errors[name] = wape(_scored(panel, calibration))
        trained[name] = TrainedModel(
            name, panel.series, fitted, weights, errors, calibration, skipped
        )
    return trained


def predict(trained: TrainedModel, panel: Panel) -> PanelForecast:
    """Forecast the days after the panel that the champion was trained on."""
    return _forecast(trained, *_forecasts(_prepared(panel), trained.fitted))


def forecasts_of_all(panel: Panel) -> dict[str, PanelForecast]:
    """Return the forecast of every candidate, as `train` and `predict` would."""
    trained = train_candidates(panel)
    made = _forecasts(_prepared(panel), trained[DEFAULT].fitted)
    return {name: _forecast(each, *made) for name, each in trained.items()}


def look_back(panel: Panel) -> list[Origin]:
    """Return the forecasts at the weekly origins of the last 13 weeks, oldest first, each from data before
    its origin."""
    weeks = min(CALIBRATION_WEEKS, (panel.days - 3 * DAYS) // DAYS)
    origins: list[Origin] = []
    fitted: dict[str, Model] = {}
    for number, back in enumerate(range(weeks, 0, -1)):
        then = panel.until(panel.days - DAYS * back)
        if number % RIDGE_REFITTED == 0:
            has_boosting = number % BOOSTING_REFITTED == 0 or "boosting" not in fitted
            fitted |= _fit(Statistics(then), has_boosting=has_boosting)
        forecasts, unit = _forecasts(then, fitted)
        known = slice(0, min(DAYS * back, HORIZON))
        forecasts = {name: values[known] for name, values in forecasts.items()}
        origins.append((forecasts, panel.values[then.days :][:HORIZON], unit[known]))
    return origins


def _prepared(panel: Panel) -> Panel:
    """The panel at its present level; days before a series' first sale are unknown, not without sales.
    Negative days count as 0: the width of an interval is a share of its forecast."""
    values = without_absurd_day(np.maximum(panel.values, 0))
    sells = values > 0
    has_begun = np.maximum.accumulate(sells, axis=0) | ~sells.any(axis=0)
    return at_level(replace(panel, values=np.where(has_begun, values, np.nan)))


def _fit(known: Statistics, *, has_boosting: bool = True) -> dict[str, Model]:
    fitted = {
        "ridge": Ridge.fit(known),
        "boosting": Boosting.fit(known) if has_boosting else None,
    }
    return {name: model for name, model in fitted.items() if model}


def _forecasts(
    panel: Panel, fitted: Mapping[str, Model]
) -> tuple[dict[str, Floats], Floats]:
    known = Statistics(panel, SEEN_DAYS)
    is_gone = has_vanished(known.panel.values)
    is_rare = sells_rarely(panel.values)
    plain = SIMPLE[PLAIN].forecast(known)
    # After a gap that is longer than its window, the weekday as it was before the gap.
    plain = np.nan_to_num(
        np.where(np.isnan(plain), _LAST_RESORT.forecast(known), plain)
    )
    rare = np.nan_to_num(_RARE_MODEL.forecast(known))
    forecasts = {}
    for name, model in {**SIMPLE, **fitted}.items():
        values = model.forecast(known)
        values = np.where(np.isnan(values), plain, values)
        if name in fitted:
            values = np.where(is_rare, rare, values)
        forecasts[name] = np.where(is_gone, 0.0, values)
    return forecasts, known.unit()


def _weights(
    origins: Sequence[Origin], fitted: Mapping[str, Model]
) -> dict[str, float]:
    """The weight of each member of the blend by its error, compared with the plain one's at the origins at
    which it has a forecast; without members that have too few."""
    parts = {}
    for name in (PLAIN, *fitted):
        both = [
            (made[name], made[PLAIN], actual)
            for made, actual, _ in origins
            if name in made
        ]
        if len(both) >= _FEWEST_ORIGINS:
            own = wape((forecast, actual) for forecast, _, actual in both) or 0
            plain = wape((forecast, actual) for _, forecast, actual in both) or 0
            parts[name] = (max(plain, 1e-6) / max(own, 1e-6)) ** POWER
    whole = sum(parts.values())
    return {name: part / whole for name, part in parts.items()} or {PLAIN: 1.0}


def _scored(panel: Panel, calibration: Calibration) -> Iterator[tuple[Floats, Floats]]:
    """The forecasts at the weekly origins and the actual sales, of the series that had enough history."""
    for back, (forecast, actual, _) in enumerate(reversed(calibration), start=1):
        known = ~np.isnan(panel.values[: -DAYS * back])
        is_scored = known.sum(axis=0) >= LEAST_DAYS
        yield forecast[:, is_scored], actual[:, is_scored]


def _combined(forecasts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    members = [name for name in weights if name in forecasts] or [PLAIN]
    whole = sum(weights.get(name, 1.0) for name in members)
    return np.sum(
        [weights.get(name, 1.0) / whole * forecasts[name] for name in members], axis=0
    )


def _forecast(
    trained: TrainedModel, forecasts: Mapping[str, Floats], unit: Floats
) -> PanelForecast:
    values = _combined(forecasts, trained.weights)
    values[:, [name in trained.skipped for name in trained.series]] = np.nan
    values = with_total(values)
    errors = [
        (with_total(forecast), with_total(actual), at)
        for forecast, actual, at in trained.calibration
    ]
    return PanelForecast(values, _bounds(values, unit, errors))


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


def _bounds(
    values: Floats, unit: Floats, calibration: Calibration
) -> dict[int, tuple[Floats, Floats]]:
    """Lower and upper bounds of `values` [HORIZON, series] by level, by split conformal prediction.

    The half width is a weighted quantile of the absolute errors relative to their forecasts and in units of
    the noise at their origin, from the same week of the horizon; two weeks halve an error's weight. With
    fewer than 20 errors it is widened by half; without errors the interval is from 0 to twice the forecast.
    """
    widths = {level: np.full(values.shape, np.inf) for level in LEVELS}
    for first in range(0, HORIZON, DAYS):
        week = slice(first, first + DAYS)
        old_enough = [each for each in calibration if len(each[0]) > first]
        if not old_enough:
            break
        forecast, actual, at = (
            np.stack([each[part][week] for each in old_enough]) for part in range(3)
        )
        unknown = np.full(forecast.shape, np.nan)
        errors = np.divide(
            np.abs(actual - forecast), forecast * at, out=unknown, where=forecast > 0
        )
        share = 0.5 ** (np.arange(len(errors))[::-1] / _HALF_LIFE_WEEKS)
        errors, share = errors.reshape(-1, values.shape[1]), np.repeat(share, DAYS)
        for level, width in widths.items():
            width[first:] = _half_width(
                errors, share, level / 100
            )  # also of weeks without errors
    bounds = {}
    for level, width in widths.items():
        half = values * np.where(
            np.isinf(width), 1, np.maximum(width * unit, _LEAST_WIDTH)
        )
        bounds[level] = (np.maximum(values - half, 0), values + half)
    return bounds


def _half_width(errors: Floats, share: Floats, level: float) -> Floats:
    """The half width of each series' interval, in units of forecast and noise: the quantile of `errors`
    [errors, series] with the weights `share` and of one more, infinite error; infinite without errors."""
    order = np.argsort(errors, axis=0)  # NaN is last
    errors = np.take_along_axis(errors, order, axis=0)
    known = (~np.isnan(errors)).sum(axis=0)
    reached = np.cumsum(np.where(np.isnan(errors), 0, share[order]), axis=0)
    place = (reached < level * (reached[-1] + share.max()) - 1e-9).sum(axis=0)
    width = np.take_along_axis(
        errors, place.clip(max=np.maximum(known - 1, 0))[None], axis=0
    )[0]
    width = np.where(known < _FEWEST_ERRORS, width * _WIDENED, width)
    return np.where(known == 0, np.inf, width)
