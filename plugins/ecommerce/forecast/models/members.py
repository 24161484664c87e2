"""The candidate models. Each is fitted on the statistics of a panel and then forecasts the days after any
later panel of the same series as [HORIZON, series]: 0 on closed days, and NaN for a series
with too little history."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecommerce.forecast.data.panel import Floats, Panel, by_week, ratio, trailing_mean
from ecommerce.forecast.models.features import Statistics, features
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

LEAST_DAYS_RIDGE = 56
"""Eight weeks."""
_RIDGE_DAYS = 1092
"""Three years."""
_HALF_LIFE_DAYS = 120
"""A day that is so much older counts half in the ridge."""
_LEVEL_DAYS = 28
"""The ridge is corrected by the last four times as many days; after half as many a day counts half."""
LEAST_DAYS_BOOSTING = 182
"""Half a year."""
_FIRST_ORIGIN = 83
"""Boosting learns from later origins only: they know 84 days, the longest average but that of the year."""
_MOST_ORIGINS = 78
"""Weekly origins: a year and a half."""
_HALF_LIFE_ORIGINS = 52
"""Of an origin that is a year older, half as many rows are drawn."""
_MOST_ROWS = 200_000
"""Drawn rows: of 1,000 series over a year and a half there would be 1.4 million."""
_LEAST_ROWS = 500
"""Fewer drawn rows are too few for trees of up to 31 leaves with 40 rows each."""
_LARGEST_CHANGE = 3
"""Boosting learns a difference from the base of at most so many levels: a larger one would dominate the
squared error."""


@dataclass(frozen=True, slots=True)
class WeekdayMean:
    """The weekday average of the last `weeks`; of one week, the seasonal naive forecast. Days without sales
    count, unless only `open_days` do."""

    weeks: int
    open_days: bool = False

    def forecast(self, known: Statistics) -> Floats:
        """Return the forecast of the days after the panel."""
        values = known.panel.values
        if self.open_days:
            values = known.values
        week = trailing_mean(by_week(values), self.weeks)[-1]
        ahead = np.tile(week, (WEEKS, 1))
        if self.open_days:
            return _open_days(ahead, known)
        return ahead


@dataclass(frozen=True, slots=True)
class Ridge:
    """A linear model of log sales, one per series: weekday, promotion by weekday, holidays and the days next
    to them, days of the month. Recent days weigh more, and the level of the last weeks corrects it.
    `coefficients` [series, columns] are of the difference from the logarithms' `mean` [series], which is NaN
    with fewer than three known weeks."""

    coefficients: Floats
    mean: Floats

    @classmethod
    def fit(cls, known: Statistics) -> "Ridge | None":
        """Fit on the last three years; None where the history is too short."""
        days = known.panel.days
        if days < LEAST_DAYS_RIDGE:
            return None
        values = known.values.T
        age = np.arange(days)[::-1]
        weight = 0.5 ** (age / _HALF_LIFE_DAYS) * (age < _RIDGE_DAYS)
        share = np.where(np.isnan(values), 0, weight)
        target = np.log1p(np.nan_to_num(values))
        is_enough = (share > 0).sum(axis=1) >= 3 * DAYS
        mean = ratio((share * target).sum(axis=1), share.sum(axis=1) * is_enough)
        rows = _designs(known.panel)[:, :days]
        weighted = rows.transpose(0, 2, 1) * share[:, None]
        matrix = weighted @ rows + np.eye(rows.shape[2])
        sums = weighted @ (target - np.nan_to_num(mean)[:, None])[..., None]
        coefficients = np.linalg.solve(matrix, sums)[..., 0]
        return cls(coefficients.astype(np.float64), mean)

    def forecast(self, known: Statistics) -> Floats:
        """Return the forecast of the days after the panel."""
        days = known.panel.days
        values = known.values
        products = _designs(known.panel) @ self.coefficients[..., None]
        line = products[..., 0].T + self.mean
        recent = values[-4 * _LEVEL_DAYS :]
        fitted = np.maximum(np.expm1(line[days - len(recent) : days]), 0)
        age = np.arange(len(recent))[::-1, None]
        share = np.where(np.isnan(recent), 0, 0.5 ** (age / (_LEVEL_DAYS / 2)))
        factor = ratio(np.nansum(share * recent, axis=0), (share * fitted).sum(axis=0))
        highest = 1.5 * np.nanmax(values, axis=0, initial=0.0)
        line = np.minimum(line[days:], np.log1p(highest) + 1)
        sales = np.expm1(line) * np.nan_to_num(factor, nan=1.0)
        return _open_days(np.clip(sales, 0, highest), known)


@dataclass(frozen=True, slots=True)
class Boosting:
    """Gradient-boosted trees for all series and all 28 days: the difference of a day from its weekday
    average, in units of the series' level."""

    trees: "HistGradientBoostingRegressor"

    @classmethod
    def fit(cls, known: Statistics) -> "Boosting | None":
        """Fit on weekly origins of the last year and a half, recent ones more densely; on about `_MOST_ROWS`
        rows at most. None where the history is too short."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        days, series = known.values.shape
        if days < LEAST_DAYS_BOOSTING:
            return None
        origins = range(days - 8, _FIRST_ORIGIN, -DAYS)[:_MOST_ORIGINS]
        share = 0.5 ** (np.arange(len(origins)) / _HALF_LIFE_ORIGINS)
        expected_rows = share.sum() * series * HORIZON
        share *= min(1.0, _MOST_ROWS / max(expected_rows, 1))
        # The same rows each time.
        rng = np.random.default_rng(0)
        sampled = []
        targets = []
        for origin, part in zip(origins, share, strict=True):
            # Some of the series, and some of their days.
            part_of_series = min(1.0, 4 * part)
            chosen = np.flatnonzero(rng.random(series) < part_of_series)
            rows, base, level = features(known, origin)
            sales = known.values[origin + 1 :][:HORIZON]
            target = ((sales - base[: len(sales)]) / level)[:, chosen]
            drawn = rng.random(target.shape)
            is_kept = ~np.isnan(target) & (drawn < part / part_of_series)
            sampled.append(rows[: len(sales), chosen][is_kept])
            targets.append(target[is_kept])
        samples = np.concatenate(sampled)
        if len(samples) < _LEAST_ROWS:
            return None
        changes = np.concatenate(targets).clip(-_LARGEST_CHANGE, _LARGEST_CHANGE)
        # sklearn refuses a column without any value.
        samples[:, np.isnan(samples).all(axis=0)] = 0
        # A growing market, the last feature, never lowers a forecast; otherwise its level would only identify
        # the date.
        rises = [0] * (samples.shape[1] - 1) + [1]
        trees = HistGradientBoostingRegressor(
            max_iter=150,
            learning_rate=0.08,
            max_leaf_nodes=31,
            min_samples_leaf=40,
            l2_regularization=1.0,
            max_bins=128,
            early_stopping=False,
            random_state=0,
            monotonic_cst=rises,
        )
        with _one_thread():
            trees.fit(samples, changes)
        return cls(trees)

    def forecast(self, known: Statistics) -> Floats:
        """Return the forecast of the days after the panel."""
        rows, base, level = features(known, known.panel.days - 1)
        with _one_thread():
            change = self.trees.predict(rows.reshape(-1, rows.shape[-1]))
        sales = base + change.reshape(base.shape) * level
        return _open_days(np.maximum(sales, 0), known)


Model = WeekdayMean | Ridge | Boosting


def _one_thread() -> AbstractContextManager[Any]:
    """A worker runs several tasks at a time: on busy cores, several threads took four times as long for the
    same trees."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="openmp")
    return limits


def _open_days(values: Floats, known: Statistics) -> Floats:
    """`values` with season and growth, 0 on closed days."""
    coming = slice(known.panel.days, None)
    values = values * known.season[coming]
    return np.where(known.closed[coming] & ~np.isnan(values), 0.0, values)


def _designs(panel: Panel) -> Floats:
    """Return the rows of the ridge: [series, days + HORIZON, columns]."""
    weekday = panel.dates.day_of_week.to_numpy()[:, None]
    day = panel.dates.day.to_numpy()[:, None]
    promotion = panel.promotions
    before = _shifted(promotion, 1)
    holidays = (panel.holidays > 0).astype(float)
    columns: list[Any] = [
        day <= 3,
        (day >= 4) & (day <= 7),
        day >= 28,
        (day >= 14) & (day <= 17),
    ]
    columns += [
        promotion,
        (promotion > 0) & (before == 0),
        before * (promotion == 0),
    ]
    columns += [
        holidays,
        _shifted(holidays, -1),
        _shifted(holidays, 1),
    ]
    for number in range(DAYS):
        is_weekday = weekday == number
        columns += [is_weekday, is_weekday * promotion]
    return np.stack(np.broadcast_arrays(*columns), axis=-1).transpose(1, 0, 2)


def _shifted(table: Floats, days: int) -> Floats:
    """Return `table` [days, series] so many days later, with zeros on the days without a value."""
    return pd.DataFrame(table).shift(days, fill_value=0).to_numpy()
