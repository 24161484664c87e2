"""Training and prediction of a panel: the champion, the weights of the blend, and intervals."""

from dataclasses import dataclass, replace
from itertools import compress
from typing import NamedTuple

import numpy as np

from ecommerce.forecast.data.panel import (
    LONGEST_DAYS,
    Floats,
    Panel,
    drop_absurd_day,
    has_vanished,
    is_known,
    only_where,
    padded,
    ratio,
    sells_rarely,
    with_total,
)
from ecommerce.forecast.models.boosting import Boosting
from ecommerce.forecast.models.ridge import ridge_forecast
from ecommerce.forecast.models.season import at_level
from ecommerce.forecast.models.statistics import Statistics
from ecommerce.forecast.weeks import DAYS, HORIZON, LEAST_DAYS, WEEKS
from ecommerce.forecast.wording import Names

CALIBRATION_WEEKS = 13
"""The weekly origins, a quarter, whose errors give the weights and the intervals."""
BOOSTING_EVERY = 4
"""Every fourth of these origins refits boosting, from the first on; the next three reuse it, because a month
changes it little and fits take most of the time."""
NAIVE = "seasonal_naive"
PLAIN = "open_weekday_mean"
"""The fallback for values that other models cannot forecast."""
RIDGE = "ridge"
BOOSTING = "boosting"
DEFAULT = "blend"
CANDIDATES = (NAIVE, PLAIN, RIDGE, BOOSTING, DEFAULT)
LEVELS = (0.8, 0.95)
"""The share of days that each interval is to hold."""
CandidateForecasts = dict[str, Floats]
"""By candidate, [..., HORIZON, series]."""

_WEIGHT_POWER = 10
"""A member's weight in the blend is 1 ÷ (its error)¹⁰: half the error counts 1,024 times, so a bad member
hardly counts."""
_LEAST_ERROR = 1e-6
_HALF_LIFE_WEEKS = 2
"""An error that is two weeks older counts half in an interval, because a shop becomes noisier or calmer: with
equal weights, 80 % intervals of two public totals held 61 % and 69 % of the days."""
_LEAST_WIDTH = 0.02
"""The least half width of an interval as a share of the forecast: no shop is so regular that it is 0."""


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
class TrainedModel:
    """The trained candidates of a panel, of which the `champion` forecasts: the fitted `boosting`, None with
    too little history, the `weights` of the blend's members, and the reason for each of the `skipped` series.

    At the weekly origins before: the `forecasts` of every candidate and the `actual` sales, [origins,
    HORIZON, series], NaN where unknown, and the `noise`, [origins, 1, series and total].
    """

    champion: str
    boosting: Boosting | None
    weights: dict[str, float]
    forecasts: CandidateForecasts
    actual: Floats
    noise: Floats
    skipped: Names


def train(panel: Panel, champion: str = DEFAULT) -> TrainedModel:
    """Train all candidates, and forecast from the weekly origins of the last 13 weeks with each, from data
    before the origin. The result does not depend on the number of cores."""
    panel = _prepared(panel)
    is_too_new = is_known(panel.values).sum(axis=0) < LEAST_DAYS
    too_new = compress(panel.series, is_too_new)
    skipped = dict.fromkeys(too_new, f"fewer than {LEAST_DAYS} days of history")
    weeks = min(CALIBRATION_WEEKS, panel.days // DAYS - 3)
    sales = padded(panel.values, 0, HORIZON)
    boosting = None
    forecasts: list[CandidateForecasts] = []
    actual = []
    noise = []
    for days in range(panel.days - DAYS * weeks, panel.days, DAYS):
        known = Statistics(panel.until(days))
        if len(forecasts) % BOOSTING_EVERY == 0:
            boosting = Boosting.fit(known)
        forecasts.append(_forecast_candidates(known, boosting))
        actual.append(sales[days : days + HORIZON])
        noise.append(known.noise())
    past = {}
    for name in forecasts[0]:
        past[name] = np.array([of_origin[name] for of_origin in forecasts])
    boosting = Boosting.fit(Statistics(panel))
    members = [RIDGE, PLAIN]
    if boosting:
        members.append(BOOSTING)
    weights = _weights(past, np.array(actual), members)
    past[DEFAULT] = _blend(past, weights)
    return TrainedModel(
        champion=champion,
        boosting=boosting,
        weights=weights,
        forecasts=past,
        actual=np.array(actual),
        noise=np.array(noise),
        skipped=skipped,
    )


def predict(trained: TrainedModel, panel: Panel) -> Forecast:
    """Return the champion's forecast of the days after the panel that it was trained on."""
    return predict_each_candidate(trained, panel)[trained.champion]


def predict_each_candidate(trained: TrainedModel, panel: Panel) -> dict[str, Forecast]:
    """Return the forecasts of the days after the panel that the candidates were trained on."""
    known = Statistics(_prepared(panel))
    forecasts = _forecast_candidates(known, trained.boosting)
    forecasts[DEFAULT] = _blend(forecasts, trained.weights)
    is_skipped = np.isin(panel.series, list(trained.skipped))
    noise = known.noise()
    predicted = {}
    for name, forecast in forecasts.items():
        values = with_total(only_where(~is_skipped, forecast))
        predicted[name] = _with_bounds(values, trained, name, noise)
    return predicted


def _with_bounds(
    values: Floats,
    trained: TrainedModel,
    candidate: str,
    noise: Floats,
) -> Forecast:
    """Return a candidate's forecast with bounds by split conformal prediction.

    The half width is a weighted quantile of the absolute errors relative to their forecasts and in units of
    the noise at their origin, from the same week of the horizon; two weeks halve an error's weight. Without
    errors the interval is from 0 to twice the forecast. Intervals are symmetric, because 13 origins are too
    few for two tails.
    """
    past = with_total(trained.forecasts[candidate])
    errors = np.abs(with_total(trained.actual) - past)
    errors = ratio(errors, past * trained.noise)
    widths = np.full((len(LEVELS), *values.shape), np.inf)
    for week in range(min(WEEKS, len(errors))):
        first = DAYS * week
        # The newest origins know nothing of later weeks yet.
        known = errors[: len(errors) - week, first : first + DAYS]
        # Also for later weeks, which may have no errors of their own.
        widths[:, first:] = _half_widths(known)[:, None]
    shares = np.maximum(widths * noise, _LEAST_WIDTH)
    half = values * np.nan_to_num(shares, posinf=1)
    lower_80, lower_95 = np.maximum(values - half, 0)
    upper_80, upper_95 = values + half
    return Forecast(values, lower_80, upper_80, lower_95, upper_95)


def _prepared(panel: Panel) -> Panel:
    """Return the panel at its present level; days before a series' first sale are unknown, not without sales.
    Negative days count as 0: the width of an interval is a share of its forecast."""
    values = np.maximum(panel.values, 0)
    drop_absurd_day(values)
    sells = values > 0
    has_begun = np.maximum.accumulate(sells) | ~sells.any(axis=0)
    return at_level(replace(panel, values=only_where(has_begun, values)))


def _forecast_candidates(
    known: Statistics,
    boosting: Boosting | None,
) -> CandidateForecasts:
    """Return the forecasts of the candidates but the blend, [HORIZON, series]."""
    sales = known.panel.values
    is_rare = sells_rarely(sales)
    plain = known.weekday_average(weeks=8)
    plain = np.where(is_rare, known.weekday_average(weeks=13), plain)
    # After a gap that is longer than its window, the weekday as it was before the gap.
    last_resort = known.weekday_average(weeks=LONGEST_DAYS // DAYS)
    plain = np.where(np.isnan(plain), np.nan_to_num(last_resort), plain)
    forecasts = {
        NAIVE: np.tile(sales[-DAYS:], (WEEKS, 1)),
        PLAIN: plain,
        RIDGE: np.where(is_rare, plain, ridge_forecast(known)),
        BOOSTING: plain,
    }
    if boosting:
        forecasts[BOOSTING] = np.where(is_rare, plain, boosting.forecast(known))
    is_gone = has_vanished(sales)
    for name, values in forecasts.items():
        complete = np.where(np.isnan(values), plain, values)
        forecasts[name] = np.where(is_gone, 0.0, complete)
    return forecasts


def _weights(
    forecasts: CandidateForecasts,
    actual: Floats,
    members: list[str],
) -> dict[str, float]:
    """Return the weight of each of the members in the blend by its error at the origins."""
    errors = [wape(forecasts[name], actual) or 0 for name in members]
    parts = np.maximum(errors, _LEAST_ERROR) ** -_WEIGHT_POWER
    return dict(zip(members, (parts / parts.sum()).tolist(), strict=True))


def _blend(forecasts: CandidateForecasts, weights: dict[str, float]) -> Floats:
    """Return the weighted mean of the members."""
    members = [weight * forecasts[name] for name, weight in weights.items()]
    return np.sum(members, axis=0)


def wape(forecast: Floats, actual: Floats) -> float | None:
    """Return the absolute errors of forecasts as a share of actual sales, over known days; None without
    sales."""
    sales = np.nansum(np.abs(actual))
    if sales <= 0:
        return None
    missed = np.nansum(np.abs(forecast - actual))
    return round(float(missed / sales), 6)


def _half_widths(errors: Floats) -> Floats:
    """Return the half width of each level and series, in units of forecast and noise; infinite without
    errors. `errors` are [weeks, days, series], the last week is the newest; NaN where unknown."""
    weeks_ago = np.arange(len(errors))[::-1].repeat(DAYS)
    days = np.concatenate(errors)
    # The error to come is one more, of full weight, that is as large as the largest.
    largest = np.nan_to_num(np.fmax.reduce(days), nan=np.inf)
    days = np.vstack([days, largest])
    weights = 0.5 ** (np.append(weeks_ago, 0) / _HALF_LIFE_WEEKS)
    return np.nanquantile(
        days,
        LEVELS,
        axis=0,
        weights=np.broadcast_to(weights, days.T.shape).T,
        method="inverted_cdf",
    )
