"""The candidate models. Each is fitted on the statistics of a panel and then forecasts the days after any
later panel of the same series as [HORIZON, series]: 0 on closed days, and NaN for a series
with too little history."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecommerce.forecast.data.panel import Floats, Panel, by_week
from ecommerce.forecast.models.features import Statistics, features
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS

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
        means = by_week(values).rolling(self.weeks, min_periods=1).mean().to_numpy()
        ahead = np.tile(means[-1].reshape(DAYS, -1), (WEEKS, 1))
        if self.open_days:
            return _open_days(ahead, known)
        return ahead


@dataclass(frozen=True, slots=True)
class Ridge:
    """A linear model of log sales, one per series: weekday, promotion by weekday, holidays and the days next
    to them, days of the month. Recent days weigh more, and the level of the last weeks corrects it.
    `fits` by series: the coefficients and the logarithms' mean, NaN with fewer than three known weeks."""

    fits: tuple[tuple[Floats, float], ...]

    @classmethod
    def fit(cls, known: Statistics) -> "Ridge | None":
        """Fit on the last three years; None where the history is too short."""
        panel = known.panel
        if panel.days < LEAST_DAYS_RIDGE:
            return None
        age = np.arange(panel.days)[::-1]
        weight = 0.5 ** (age / _HALF_LIFE_DAYS) * (age < _RIDGE_DAYS)
        fits = []
        for values, design in zip(known.values.T, _designs(panel), strict=True):
            is_known = ~np.isnan(values) & (weight > 0)
            if is_known.sum() < 3 * DAYS:
                fits.append((np.zeros(design.shape[1]), np.nan))
                continue
            rows, share = design[: panel.days][is_known], weight[is_known]
            target = np.log1p(np.maximum(values[is_known], 0))
            mean = np.average(target, weights=share)
            weighted = rows * share[:, None]
            matrix = weighted.T @ rows + np.eye(rows.shape[1])
            fits.append((np.linalg.solve(matrix, weighted.T @ (target - mean)), mean))
        return cls(tuple(fits))

    def forecast(self, known: Statistics) -> Floats:
        """Return the forecast of the days after the panel."""
        days = known.panel.days
        past = slice(max(0, days - 4 * _LEVEL_DAYS), days)
        age = np.arange(past.start, days)[::-1] - past.start
        ahead = []
        designs = _designs(known.panel)
        for fit, values, design in zip(self.fits, known.values.T, designs, strict=True):
            coefficients, mean = fit
            line = mean + design @ coefficients
            recent, fitted = values[past], np.maximum(np.expm1(line[past]), 0)
            share = np.where(np.isnan(recent), 0, 0.5 ** (age / (_LEVEL_DAYS / 2)))
            factor, whole = 1.0, share @ fitted
            if whole > 0:
                factor = np.nansum(share * recent) / whole
            highest = 1.5 * np.nanmax(values, initial=0.0)
            highest_line = np.log1p(highest) + 1
            sales = np.expm1(np.minimum(line[days:], highest_line)) * factor
            ahead.append(np.clip(sales, 0, highest))
        return _open_days(np.stack(ahead, axis=1), known)


@dataclass(frozen=True, slots=True)
class Boosting:
    """Gradient-boosted trees for all series and all 28 days: the difference of a day from its weekday
    average, in units of the series' level."""

    trees: "HistGradientBoostingRegressor"

    @classmethod
    def fit(cls, known: Statistics) -> "Boosting | None":
        """Fit on weekly origins of the last year and a half, recent ones more densely; 200,000 rows at most.
        None where the history is too short."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        days, series = known.values.shape
        origins = range(days - 8, _FIRST_ORIGIN, -DAYS)[:_MOST_ORIGINS]
        share = 0.5 ** (np.arange(len(origins)) / _HALF_LIFE_ORIGINS)
        share *= min(1.0, _MOST_ROWS / max(share.sum() * series * HORIZON, 1))
        random = np.random.default_rng(0)  # the same rows each time
        sampled, targets = [], []
        for origin, part in zip(origins, share, strict=True):
            rows, base, level = features(known, origin)
            sales = known.values[origin + 1 :][:HORIZON]
            target = (sales - base[: len(sales)]) / level
            # The first row of numbers has no use: without it, other rows would be drawn than ever before.
            drawn = random.random((len(sales) + 1, series))[1:]
            is_kept = ~np.isnan(target) & (drawn < part)
            sampled.append(rows[: len(sales)][is_kept])
            targets.append(np.clip(target[is_kept], -3, 3))
        if days < LEAST_DAYS_BOOSTING or sum(map(len, targets)) < 500:
            return None
        samples = np.concatenate(sampled)
        # sklearn refuses a column without any value.
        samples[:, np.isnan(samples).all(axis=0)] = 0
        # A growing market, the last feature, never lowers a forecast; otherwise its level would only identify
        # the date.
        rises = np.zeros(samples.shape[1], dtype=np.int8)
        rises[-1] = 1
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
            trees.fit(samples, np.concatenate(targets))
        return cls(trees)

    def forecast(self, known: Statistics) -> Floats:
        """Return the forecast of the days after the panel."""
        rows, base, level = features(known, known.panel.days - 1)
        with _one_thread():
            change = self.trees.predict(rows.reshape(-1, rows.shape[-1]))
        sales = base + change.reshape(base.shape) * level
        return _open_days(np.maximum(sales, 0), known)


Model = WeekdayMean | Ridge | Boosting


def _one_thread() -> Any:
    """A worker runs several tasks at a time: on busy cores, several threads took four times as long for the
    same trees."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp")


def _open_days(values: Floats, known: Statistics) -> Floats:
    """`values` with season and growth, 0 on closed days."""
    coming = slice(known.panel.days, None)
    values = values * known.season[coming]
    return np.where(known.closed[coming] & ~np.isnan(values), 0.0, values)


def _designs(panel: Panel) -> Iterator[Floats]:
    """The rows of the ridge for each series: [days + HORIZON, columns]."""
    weekday = panel.weekdays[:, None] == np.arange(DAYS)
    day = pd.Series(panel.days_of_month)
    calendar = np.column_stack(
        [weekday, day <= 3, day.between(4, 7), day >= 28, day.between(14, 17)]
    )
    holidays = pd.DataFrame(panel.holidays > 0)
    for place, promotion in enumerate(panel.promotions.T):
        is_holiday = holidays[place]
        before = np.append(0.0, promotion[:-1])
        columns = [
            calendar,
            weekday * promotion[:, None],
            promotion,
            (promotion > 0) & (before == 0),
            before * (promotion == 0),
            is_holiday,
            is_holiday.shift(-1, fill_value=False),
            is_holiday.shift(1, fill_value=False),
        ]
        yield np.column_stack(columns).astype(float)
