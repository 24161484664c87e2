"""The candidate models. Each is fitted on a panel and then forecasts the days after any later panel of the
same series as [HORIZON, series]: never negative, and 0 on closed days."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ecommerce.forecast.data.cleaning import CleanedPanel, same_weekday_mean
from ecommerce.forecast.data.panel import Bools, Floats, Panel
from ecommerce.forecast.models.features import NAMES, Statistics, features
from ecommerce.forecast.weeks import HORIZON

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

LEAST_DAYS_RIDGE = 56
LEAST_DAYS_BOOSTING = 182
_MOST_ROWS = 200_000
_MOST_ORIGINS = 78
_HALF_LIFE_ORIGINS = 52
_HALF_LIFE_DAYS = 120
_RIDGE_DAYS = 1092
_LEVEL_DAYS = 28
_FIRST_ORIGIN = 83
_RISES_WITH = np.array([name == "market_trend" for name in NAMES], dtype=np.int8)
"""Of each feature, 1 where a larger value never lowers a forecast."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """The input of every model: a panel, its cleaned values, its running statistics."""

    panel: Panel
    cleaned: CleanedPanel
    statistics: Statistics


class Model(Protocol):
    """A fitted model."""

    def forecast(self, data: ModelInput) -> Floats:
        """Return the `HORIZON` days after the panel, [HORIZON, series]; NaN for a series with too little
        history."""
        ...


@dataclass(frozen=True, slots=True)
class WeekdayMean:
    """The weekday average of the last `weeks`; of one week, the seasonal naive forecast. Days without sales
    count."""

    weeks: int

    def forecast(self, data: ModelInput) -> Floats:
        """As `Model`."""
        return _by_weekday(same_weekday_mean(data.panel.values, self.weeks))


@dataclass(frozen=True, slots=True)
class OpenWeekdayMean:
    """The weekday average of the last `weeks`, over the cleaned days."""

    weeks: int

    def forecast(self, data: ModelInput) -> Floats:
        """As `Model`."""
        return _open_days(_by_weekday(same_weekday_mean(data.cleaned.values, self.weeks)), data)


@dataclass(frozen=True, slots=True)
class Ridge:
    """A linear model of log sales, one per series: weekday, promotion by weekday, holidays and the days next
    to them, days of the month, December; yearly season from two years of history on. Recent days weigh more,
    and the level of the last four weeks corrects it."""

    coefficients: Floats
    """[columns, series], on top of `means` [series]."""
    means: Floats
    smearing: Floats
    """[series]: the mean of a logarithm is below the logarithm of the mean."""
    has_season: bool

    @classmethod
    def fit(cls, data: ModelInput) -> Ridge:
        """Fit on the last three years; a series with fewer than three known weeks gets no coefficients."""
        panel, values = data.panel, data.cleaned.values
        has_season = panel.days >= 730
        calendar = _calendar(panel, has_season=has_season)
        age = np.arange(panel.days)[::-1]
        weight = 0.5 ** (age / _HALF_LIFE_DAYS) * (age < _RIDGE_DAYS)
        coefficients, means, smearing = [], [], []
        for place in range(len(panel.series)):
            design = _design(panel, calendar, place)
            known = ~np.isnan(values[:, place]) & (weight > 0)
            if known.sum() < 21:
                coefficients.append(np.full(design.shape[1], np.nan))
                means.append(np.nan)
                smearing.append(np.nan)
                continue
            rows, share, truth = design[: panel.days][known], weight[known], values[known, place]
            target = np.log1p(np.maximum(truth, 0))
            mean = np.average(target, weights=share)
            weighted = rows * share[:, None]
            matrix = weighted.T @ rows
            matrix[np.diag_indices_from(matrix)] += 1.0
            fit = np.linalg.solve(matrix, weighted.T @ (target - mean))
            fitted = np.maximum(np.expm1(mean + rows @ fit), 0)
            whole = np.average(fitted, weights=share)
            ratio = np.average(np.maximum(truth, 0), weights=share) / whole if whole > 0 else 1.0
            coefficients.append(fit)
            means.append(mean)
            smearing.append(np.clip(ratio, 0.8, 1.5))
        return cls(np.stack(coefficients, axis=1), np.array(means), np.array(smearing), has_season)

    def forecast(self, data: ModelInput) -> Floats:
        """As `Model`."""
        panel, values = data.panel, data.cleaned.values
        calendar = _calendar(panel, has_season=self.has_season)
        values_ahead = np.full((HORIZON, len(panel.series)), np.nan)
        for place in range(len(panel.series)):
            if np.isnan(self.means[place]):
                continue
            line = self.means[place] + _design(panel, calendar, place) @ self.coefficients[:, place]
            recent = values[-4 * _LEVEL_DAYS :, place]
            known = ~np.isnan(recent)
            rest = np.log1p(np.maximum(recent[known], 0)) - line[: panel.days][-4 * _LEVEL_DAYS :][known]
            level = 0.0
            if len(rest):
                share = 0.5 ** (np.arange(len(rest))[::-1] / (_LEVEL_DAYS / 2))
                level = float(np.average(rest, weights=share)) * min(1.0, len(rest) / _LEVEL_DAYS)
            highest = np.nanmax(values[:, place], initial=0.0)
            ahead = np.expm1(np.minimum(line[panel.days :] + level, np.log1p(1.5 * highest) + 1))
            values_ahead[:, place] = np.clip(ahead * self.smearing[place], 0, 1.5 * highest)
        return _open_days(values_ahead, data)


@dataclass(frozen=True, slots=True)
class Boosting:
    """Gradient-boosted trees for all series and all 28 days: the difference of a day from its weekday
    average, in units of the series' level."""

    trees: HistGradientBoostingRegressor
    has_value: Bools
    """[features]: those with any value in training."""

    @classmethod
    def fit(cls, data: ModelInput) -> Boosting | None:
        """Fit on weekly origins of the last year and a half, recent ones more densely; 200,000 rows at most.
        None where the history is too short."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        days, series = data.panel.values.shape
        origins = list(range(days - 8, _FIRST_ORIGIN, -7))[:_MOST_ORIGINS]
        share = 0.5 ** (np.arange(len(origins)) / _HALF_LIFE_ORIGINS)
        share *= min(1.0, _MOST_ROWS / max(share.sum() * series * HORIZON, 1))
        drawn = np.random.default_rng(0)  # the same rows each time
        sampled, targets = [], []
        for origin, part in zip(origins, share, strict=True):
            # With many series, each origin computes features for a sample of them only.
            part_of_series = min(1.0, 4 * part)
            chosen = np.flatnonzero(drawn.random(series) < part_of_series)
            if not len(chosen):
                continue
            rows = min(HORIZON, days - 1 - origin)
            one = features(data.statistics, origin, chosen)
            truth = data.cleaned.values[origin + 1 : origin + 1 + rows][:, chosen]
            target = (truth - one.base[:rows]) / one.level[:rows]
            kept = ~np.isnan(target) & (drawn.random(target.shape) < part / part_of_series)
            sampled.append(one.features[:rows][kept])
            targets.append(np.clip(target[kept], -3, 3))
        if sum(map(len, targets)) < 500:
            return None
        samples = np.concatenate(sampled)
        has_value = ~np.isnan(samples).all(axis=0)  # sklearn refuses a column without any value
        trees = HistGradientBoostingRegressor(
            max_iter=150,
            learning_rate=0.08,
            max_leaf_nodes=31,
            min_samples_leaf=40,
            l2_regularization=1.0,
            max_bins=128,
            early_stopping=False,
            random_state=0,
            # A growing market never lowers a forecast; otherwise its level would only identify the date.
            monotonic_cst=_RISES_WITH[has_value] if has_value[_RISES_WITH > 0].any() else None,
        )
        with _one_thread():
            trees.fit(samples[:, has_value], np.concatenate(targets))
        return cls(trees, has_value)

    def forecast(self, data: ModelInput) -> Floats:
        """As `Model`."""
        one = features(data.statistics, data.panel.days - 1)
        rows = one.features.reshape(-1, one.features.shape[-1])[:, self.has_value]
        with _one_thread():
            difference = self.trees.predict(rows).reshape(one.base.shape)
        return _open_days(np.maximum(one.base + difference * one.level, 0), data)


def model_input(panel: Panel, cleaned: CleanedPanel) -> ModelInput:
    """Return the models' input."""
    return ModelInput(panel, cleaned, Statistics.of(panel, cleaned))


def _one_thread() -> AbstractContextManager[Any]:
    """A worker runs several tasks at a time: on busy cores, several threads took four times as long for the
    same trees."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="openmp")
    return limits


def _by_weekday(means: Floats) -> Floats:
    """Return for each day of the horizon the last known average of its weekday."""
    ahead = np.arange(1, HORIZON + 1)
    back = len(means) - 1 + ahead - 7 * np.ceil(ahead / 7).astype(int)
    ahead_means = np.full((HORIZON, means.shape[1]), np.nan)
    ahead_means[back >= 0] = means[back[back >= 0]]
    return ahead_means


def _open_days(values: Floats, data: ModelInput) -> Floats:
    closed = data.cleaned.closed[data.panel.days :]
    return np.where(closed & ~np.isnan(values), 0.0, values)


def _calendar(panel: Panel, *, has_season: bool) -> Floats:
    """[days + HORIZON, columns]: the features that all series share. The first seven are the weekdays."""
    dates = panel.dates
    month = dates.astype("datetime64[M]")
    day = (dates - month).astype(int) + 1
    is_december = month.astype(int) % 12 == 11
    columns = [panel.weekdays == weekday for weekday in range(7)]
    columns += [day <= 3, (day >= 4) & (day <= 7), day >= 28, (day >= 14) & (day <= 17)]
    weeks = ((1, 7), (8, 16), (17, 24), (25, 31))
    columns += [is_december & (day >= first) & (day <= last) for first, last in weeks]
    if has_season:
        turn = 2 * np.pi * (dates - dates.astype("datetime64[Y]")).astype(int) / 365.25
        columns += [wave(times * turn) for times in (1, 2) for wave in (np.sin, np.cos)]
    return np.stack(columns, axis=1).astype(float)


def _design(panel: Panel, calendar: Floats, place: int) -> Floats:
    promotion = panel.promotions[:, place]
    holiday = (panel.holidays[:, place] > 0).astype(float)
    before = np.concatenate([[0.0], promotion[:-1]])
    return np.column_stack(
        [
            calendar,
            calendar[:, :7] * promotion[:, None],
            promotion,
            (promotion > 0) & (before == 0),
            before * (promotion == 0),
            holiday,
            np.concatenate([holiday[1:], [0.0]]),
            np.concatenate([[0.0], holiday[:-1]]),
        ]
    )
