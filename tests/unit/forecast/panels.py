"""Small shops with a known pattern."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from ecommerce.forecast.data.panel import Panel, holidays_of
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


def shapes(days, seed):
    """[days, 20]: rare sellers, alternating and heavy-tailed days, also negative ones, an absurd day at
    several ages, none or one sale ever, growth, gaps."""
    drawn, day = np.random.default_rng(seed), np.arange(days)
    usual = weekly(days, 8, 0.1, seed)
    for series, age in enumerate((1, 10, days // 2)):
        usual[-age, series] *= 100
    usual[:, 3] *= 1.1 ** (day / 7)
    usual[drawn.random(days) < 0.3, 4] = np.nan
    usual[:-60, 5] = np.nan
    usual[:, 6] *= 1e9
    usual[:, 7] *= np.where(day // 7 % 2, 1, 0.001)
    sold = drawn.random((days, 6)) < (0.005, 0.02, 0.08, 0.2, 0.5, 0.7)
    rare = np.where(sold, drawn.lognormal(3, 1, (days, 6)), 0.0)
    wild = [
        np.where(day % 2, 1000.0, 0.0),
        np.where(day % 2, 100.0, -99.0) * drawn.lognormal(0, 1, days),
        drawn.pareto(0.6, days) * 100,
        -drawn.lognormal(3, 1, days),
        np.zeros(days),
        np.where(day == days - 3, 50.0, 0.0),
    ]
    return np.column_stack([usual, rare, *wild])


def dated(values, as_of):
    """A panel that ends before `as_of`, with the holidays of the United States."""
    first = as_of - timedelta(days=len(values))
    holidays = holidays_of("US", first, len(values) + HORIZON)
    panel = make_panel(
        values, holidays=np.repeat(holidays[:, None], values.shape[1], axis=1)
    )
    return replace(panel, first_day=first)


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
        market=market,
    )
