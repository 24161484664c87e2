"""A linear model of log sales, one per series: weekday, promotion by weekday, its first day and the day after
it, holidays and the days next to them, days of the month. The level of the last weeks corrects it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ecommerce.forecast.data.panel import Floats, Panel
from ecommerce.forecast.models.statistics import Statistics
from ecommerce.forecast.weeks import DAYS

LEAST_DAYS = 56
"""Eight weeks."""
_HALF_LIFE_DAYS = 365
"""A day that is a year older counts half."""
_LEVEL_HALF_LIFE_DAYS = 28
"""A day that is four weeks older counts half in the level. With one week, promotions of every other week were
taken for a level."""


def ridge_forecast(known: Statistics) -> Floats:
    """Fit the model, and return its forecast of the days after the panel, [HORIZON, series]; NaN for series
    with fewer than eight known weeks."""
    from sklearn.linear_model import Ridge

    days = known.panel.days
    rows = _designs(known.panel)
    weights = 0.5 ** (np.arange(days)[::-1] / _HALF_LIFE_DAYS)
    line = np.full((len(rows), known.values.shape[1]), np.nan)
    for series, sales in enumerate(known.values.T):
        is_known = ~np.isnan(sales)
        if is_known.sum() < LEAST_DAYS:
            continue
        model = Ridge().fit(
            rows[:days, series][is_known],
            np.log1p(sales[is_known]),
            sample_weight=weights[is_known],
        )
        line[:, series] = np.expm1(model.predict(rows[:, series]))
    line = np.maximum(line, 0)
    fitted = np.where(np.isnan(known.values), np.nan, line[:days])
    level = _level(known.values) / np.maximum(_level(fitted), 1e-9)
    return known.sales(line[days:] * level)


def _level(values: Floats) -> Floats:
    """Return the mean of each series, recent days count more."""
    means = pd.DataFrame(values).ewm(halflife=_LEVEL_HALF_LIFE_DAYS).mean()
    return means.to_numpy()[-1]


def _designs(panel: Panel) -> Floats:
    """Return the rows of the model, [days + HORIZON, series, columns]."""
    weekday = panel.dates.day_of_week.to_numpy()[:, None]
    day = panel.dates.day.to_numpy()[:, None]
    holidays = panel.holidays > 0
    promotions = panel.promotions
    before = _shifted(promotions, 1)
    columns = [
        day <= 3,
        (day >= 4) & (day <= 7),
        day >= 28,
        (day >= 14) & (day <= 17),
        promotions,
        (promotions > 0) & (before == 0),
        before * (promotions == 0),
        holidays,
        _shifted(holidays, -1),
        _shifted(holidays, 1),
    ]
    for number in range(DAYS):
        is_weekday = weekday == number
        columns += [is_weekday, is_weekday * promotions]
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def _shifted(table: NDArray[Any], days: int) -> Floats:
    """Return `table` [days, series] so many days later, with zeros on the days without a value."""
    return pd.DataFrame(table.astype(float)).shift(days, fill_value=0).to_numpy()
