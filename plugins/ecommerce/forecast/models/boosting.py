"""Gradient-boosted trees for all series and all 28 days: the difference of a day from its weekday average, in
units of the series' level."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ecommerce.forecast.data.panel import Floats, is_known, ratio
from ecommerce.forecast.models.statistics import Statistics
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS

LEAST_DAYS = 182
"""Half a year."""
_FIRST_ORIGIN = 83
"""Boosting learns from later origins only: they know 84 days, the longest average of its features."""
_MOST_ORIGINS = 78
"""Weekly origins: a year and a half."""
_MOST_ROWS = 200_000
"""Of 1,000 series over a year and a half there would be 2.2 million; boosting learns from fewer origins."""
_LEAST_ROWS = 500
"""Fewer rows are too few for trees of up to 31 leaves with 40 rows each."""
_LARGEST_CHANGE = 3
"""Boosting learns a difference from the base of at most so many levels: a larger one would dominate the
squared error."""


@dataclass(frozen=True, slots=True)
class Boosting:
    """The fitted `trees`, a HistGradientBoostingRegressor."""

    trees: Any

    @classmethod
    def fit(cls, known: Statistics) -> "Boosting | None":
        """Fit on weekly origins of the last year and a half, on every second one where they have more
        than `_MOST_ROWS` rows; None where the history is too short."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        days, series = known.values.shape
        if days < LEAST_DAYS:
            return None
        origins = range(days - 8, _FIRST_ORIGIN, -DAYS)[:_MOST_ORIGINS]
        step = 1 + len(origins) * HORIZON * series // _MOST_ROWS
        samples = []
        changes = []
        for origin in origins[::step]:
            sales = known.values[origin + 1 :][:HORIZON]
            base = known.base_after(origin)[: len(sales)]
            change = (sales - base) / known.level[origin]
            is_sample = is_known(change)
            samples.append(features_after(known, origin)[: len(sales)][is_sample])
            changes.append(change[is_sample])
        rows = np.concatenate(samples)
        if len(rows) < _LEAST_ROWS:
            return None
        # sklearn refuses a column without any value.
        rows[:, np.isnan(rows).all(axis=0)] = 0
        # A growing market, the last feature, never lowers a forecast.
        rises = [0] * (rows.shape[1] - 1) + [1]
        trees = HistGradientBoostingRegressor(
            max_iter=150,
            learning_rate=0.08,
            min_samples_leaf=40,
            early_stopping=False,
            random_state=0,
            monotonic_cst=rises,
        )
        targets = np.concatenate(changes).clip(-_LARGEST_CHANGE, _LARGEST_CHANGE)
        # A worker runs several tasks at a time: on busy cores, several threads took four times as long.
        with threadpool_limits(1, user_api="openmp"):
            trees.fit(rows, targets)
        return cls(trees)

    def forecast(self, known: Statistics) -> Floats:
        """Return the forecast of the days after the panel, [HORIZON, series]; NaN for series without recent
        history."""
        last = known.panel.days - 1
        base = known.base_after(last)
        rows = features_after(known, last)
        with threadpool_limits(1, user_api="openmp"):
            change = self.trees.predict(rows.reshape(-1, rows.shape[-1]))
        change = change.reshape(base.shape) * known.level[last]
        return known.sales(np.maximum(base + change, 0))


def features_after(known: Statistics, origin: int) -> NDArray[np.float32]:
    """Return the features of the days after `origin`, the number of the last known day, the market's last:
    [HORIZON, series, features]."""
    panel = known.panel
    level = known.level[origin]
    quarter = known.quarter[origin]
    usual_week = known.base[: origin + 1][-DAYS:]
    day = origin + np.arange(1, HORIZON + 1)
    dates = panel.dates[day]
    day_after = np.minimum(day + 1, len(panel.promotions) - 1)
    is_holiday = panel.holidays > 0
    nearby = [day, day - 1, day_after]
    columns = [
        dates.day_of_week.to_numpy()[:, None],
        dates.day.to_numpy()[:, None],
        *panel.promotions[[*nearby, day - DAYS]],
        *is_holiday[nearby],
        np.tile(usual_week / level, (WEEKS, 1)),
        ratio(level, quarter),
        ratio(quarter, known.year[origin]),
        np.log(level),
        known.market[origin],
    ]
    table = np.stack(np.broadcast_arrays(*columns), axis=-1)
    return table.astype(np.float32)
