"""Small shops with a known pattern."""

from datetime import date

import numpy as np

from ecommerce.forecast.data.panel import Panel
from ecommerce.forecast.weeks import HORIZON

MONDAY = date(2025, 1, 6)
WEEK = np.array([80.0, 90.0, 100.0, 110.0, 140.0, 160.0, 120.0])


def weekly(days, series=1, noise=0.05, seed=3):
    """[days, series]: the same week again and again, of 800, with some noise."""
    drawn = np.random.default_rng(seed)
    pattern = WEEK[np.arange(days) % 7][:, None] * drawn.lognormal(
        0, noise, (days, series)
    )
    return np.round(pattern, 2)


def make_panel(
    values,
    promotions=None,
    holidays=None,
    market=None,
):
    """A panel that begins on a Monday."""
    shape = (len(values) + HORIZON, values.shape[1])
    return Panel(
        first_day=MONDAY,
        series=tuple(f"category:{place}" for place in range(values.shape[1])),
        values=values,
        promotions=np.zeros(shape) if promotions is None else promotions,
        holidays=np.zeros(shape, dtype=np.int64) if holidays is None else holidays,
        market=np.full(len(values), np.nan) if market is None else market,
    )
