"""A linear model of log sales, one per series: weekday, promotion by weekday, holidays and the days next to
them, days of the month. The level of the last weeks corrects it."""

import numpy as np

from ecommerce.forecast.data.panel import (
    Floats,
    Panel,
    is_known,
    only_where,
    ratio,
    trailing_mean,
)
from ecommerce.forecast.models.statistics import Statistics
from ecommerce.forecast.weeks import DAYS

LEAST_DAYS = 56
"""Eight weeks."""
_LEVEL_DAYS = 42
"""Without a correction of the level, Rossmann and Complete Journey lose 0.5 points and more; with that of one
week, promotions of every other week were taken for a level."""


def ridge_forecast(known: Statistics) -> Floats:
    """Fit the model, and return its forecast of the days after the panel, [HORIZON, series]; NaN for series
    with fewer than eight known weeks."""
    from sklearn.linear_model import Ridge

    days = known.panel.days
    rows = _designs(known.panel)
    line = np.full((len(rows), known.values.shape[1]), np.nan)
    for series, sales in enumerate(known.values.T):
        is_fitted = is_known(sales)
        if is_fitted.sum() < LEAST_DAYS:
            continue
        known_rows = rows[:days, series][is_fitted]
        model = Ridge().fit(known_rows, np.log1p(sales[is_fitted]))
        logs = model.predict(rows[:, series])
        line[:, series] = np.expm1(logs)
    line = np.maximum(line, 0)
    fitted = only_where(is_known(known.values), line[:days])
    actual_level = trailing_mean(known.values, _LEVEL_DAYS)[-1]
    fitted_level = trailing_mean(fitted, _LEVEL_DAYS)[-1]
    # After a gap as long as the days of the level, it is not corrected.
    correction = np.nan_to_num(ratio(actual_level, fitted_level), nan=1.0)
    return known.sales(line[days:] * correction)


def _designs(panel: Panel) -> Floats:
    """Return the rows of the model, [days + HORIZON, series, columns]."""
    weekday = panel.dates.day_of_week.to_numpy()[:, None]
    day = panel.dates.day.to_numpy()[:, None]
    holidays = panel.holidays > 0
    padded = np.pad(holidays, ((1, 1), (0, 0)))
    promotions = panel.promotions
    # Complete Journey loses 0.5 points without days of the month, Rossmann without days next to holidays.
    columns = [
        day <= 3,
        (day >= 4) & (day <= 7),
        day >= 28,
        (day >= 14) & (day <= 17),
        promotions,
        holidays,
        padded[2:],
        padded[:-2],
    ]
    for number in range(DAYS):
        is_weekday = weekday == number
        columns += [is_weekday, is_weekday * promotions]
    return np.stack(np.broadcast_arrays(*columns), axis=-1)
