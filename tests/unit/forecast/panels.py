"""Small shops with a known pattern."""

from datetime import date

import numpy as np

from ecommerce.forecast.data.panel import Panel
from ecommerce.forecast.weeks import HORIZON

MONDAY = date(2025, 1, 6)
WEEK = np.array([80.0, 90.0, 100.0, 110.0, 140.0, 160.0, 120.0])


def weekly(days, series=1, noise=0.05, seed=3):
    """[days, series]: the same week again and again, of 800, with some noise."""
    drawn = np.random.default_rng(seed).lognormal(
        0,
        noise,
        (days, series),
    )
    pattern = WEEK[np.arange(days) % 7]
    return np.round(
        pattern[:, None] * drawn,
        2,
    )


def make_panel(values, promotions=0.0, holidays=0, market=np.nan):
    """A panel that begins on a Monday; the others are arrays, or the value of every day."""
    days, series = values.shape
    return Panel(
        first_day=MONDAY,
        series=tuple(f"category:{place}" for place in range(series)),
        values=values,
        promotions=np.broadcast_to(promotions, (days + HORIZON, series)),
        holidays=np.broadcast_to(holidays, (days + HORIZON, 1)),
        market=np.broadcast_to(market, days),
    )
