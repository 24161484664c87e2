"""Small shops with a known pattern."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from ecommerce.forecast.data.panel import Panel, holidays_of
from ecommerce.forecast.weeks import HORIZON

MONDAY = date(2025, 1, 6)
WEEK = np.array([80.0, 90.0, 100.0, 110.0, 140.0, 160.0, 120.0])


def weekly(
    days: int, series: int = 1, noise: float = 0.05, seed: int = 3
) -> np.ndarray:
    """[days, series]: the same week again and again, of 800, with some noise."""
    drawn = np.random.default_rng(seed)
    pattern = WEEK[np.arange(days) % 7][:, None] * drawn.lognormal(
        0, noise, (days, series)
    )
    return np.round(pattern, 2)


def shapes(days: int, seed: int) -> np.ndarray:
    """[days, 40]: series of every shape: rare sellers, alternating and heavy-tailed days, also negative ones,
    an absurd day at several ages, none or one sale ever, growth, gaps."""
    drawn, day = np.random.default_rng(seed), np.arange(days)
    usual = list(weekly(days, 14, 0.1, seed).T)
    for series, age in zip(usual, (1, 5, 10, 50, 180, 330), strict=False):
        series[-min(age, days)] *= 100
    usual[6] *= 1.1 ** (day / 7)
    usual[7] *= 0.9 ** (day / 7)
    usual[8][drawn.random(days) < 0.3] = np.nan
    usual[9][drawn.random(days) < 0.1] *= -0.5
    usual[10][:-60] = np.nan
    usual[11] *= 1e9
    usual[12] *= np.where(day // 7 % 2, 1, 0.001)
    one_sale, late_sale = (
        np.where(day == sold, 50.0, 0.0) for sold in (days // 2, days - 3)
    )
    rare = [
        np.where(drawn.random(days) < part, drawn.lognormal(3, 1, days), 0.0)
        for part in (
            0.005,
            0.01,
            0.02,
            0.03,
            0.05,
            0.08,
            0.1,
            0.15,
            0.2,
            0.3,
            0.4,
            0.5,
            0.6,
            0.7,
        )
    ]
    wild = [
        np.where(day % 2, 1000.0, 1.0),
        np.where(day % 2, 1000.0, 0.0),
        np.where(day % 2, 100.0, -99.0) * drawn.lognormal(0, 1, days),
        drawn.normal(100, 150, days),
        drawn.pareto(1.05, days) * 100,
        drawn.pareto(0.6, days) * 100,
        drawn.standard_cauchy(days) * 100,
        drawn.lognormal(0, 6, days),
        -drawn.lognormal(3, 1, days),
    ]
    return np.column_stack([*usual, *rare, *wild, np.zeros(days), one_sale, late_sale])


def dated(values: np.ndarray, as_of: date) -> Panel:
    """A panel that ends before `as_of`, with the holidays of the United States."""
    first = as_of - timedelta(days=len(values))
    holidays = holidays_of("US", first, len(values) + HORIZON)
    panel = make_panel(
        values, holidays=np.repeat(holidays[:, None], values.shape[1], axis=1)
    )
    return replace(panel, first_day=first)


def make_panel(
    values: np.ndarray,
    promotions: np.ndarray | None = None,
    holidays: np.ndarray | None = None,
    market: np.ndarray | None = None,
) -> Panel:
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


def changed(values: np.ndarray, change: Callable[[np.ndarray], None]) -> np.ndarray:
    """A changed copy."""
    copy = values.copy()
    change(copy)
    return copy
