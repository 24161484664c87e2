"""The features of boosting, all known at the forecast's origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecommerce.forecast.data.cleaning import CleanedPanel, same_weekday_mean
from ecommerce.forecast.data.panel import Floats, Panel
from ecommerce.forecast.weeks import HORIZON

if TYPE_CHECKING:
    from numpy.typing import NDArray

YEAR = 364
"""Days; the same weekday a year ago."""
LEAST_EFFECT = 0.2

NAMES = (
    *("weekday", "days_ahead", "day_of_month", "day_of_year"),
    *("promotion", "promotion_day_before", "promotion_day_after", "promotion_week_before", "promotion_days"),
    *("holiday", "holiday_day_before", "holiday_day_after", "closed_day_before", "closed_day_after"),
    *("base", "weekday_mean_4", "weekday_last", "weekday_without_promotion", "weekday_with_promotion"),
    *("level_7", "trend_84", "trend_year", "last_year_week", "last_year_day"),
    *("promotion_effect", "size", "market_trend"),
)
"""The features in their order. Amounts are relative to the level: the mean of the last 28 days."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Running statistics of a panel, [days, series], `market` [days]. No row uses later days, except
    `week_around`, which is used a year later."""

    panel: Panel
    closed: NDArray[np.bool_]
    neutral: Floats
    neutral_8: Floats
    neutral_4: Floats
    without_promotion: Floats
    with_promotion: Floats
    effect: Floats
    level_7: Floats
    level_28: Floats
    level_84: Floats
    level_year: Floats
    week_around: Floats
    market: Floats

    @classmethod
    def of(cls, panel: Panel, cleaned: CleanedPanel) -> Statistics:
        """Compute them; `neutral` are the values without the effect of promotions, measured over half a
        year."""
        values = cleaned.values
        is_promoted = panel.promotions[: panel.days] > 0
        usual = same_weekday_mean(values, 8)
        relative = np.divide(values, usual, out=np.full_like(values, np.nan), where=usual > 0)
        promoted = trailing_mean(np.where(is_promoted, relative, np.nan), 182)
        ordinary = trailing_mean(np.where(is_promoted, np.nan, relative), 182)
        effect = np.divide(promoted, ordinary, out=np.full_like(values, np.nan), where=ordinary > 0)
        known_effect = np.maximum(np.nan_to_num(effect, nan=1.0), LEAST_EFFECT)
        neutral = np.where(is_promoted, values / known_effect, values)
        week = trailing_mean(neutral, 7)
        around = np.full_like(values, np.nan)
        around[:-3] = week[3:]
        return cls(
            panel=panel,
            closed=cleaned.closed,
            neutral=neutral,
            neutral_8=same_weekday_mean(neutral, 8),
            neutral_4=same_weekday_mean(neutral, 4),
            without_promotion=same_weekday_mean(np.where(is_promoted, np.nan, values), 13),
            with_promotion=same_weekday_mean(np.where(is_promoted, values, np.nan), 13),
            effect=effect,
            level_7=week,
            level_28=trailing_mean(neutral, 28),
            level_84=trailing_mean(neutral, 84),
            level_year=trailing_mean(neutral, YEAR),
            week_around=around,
            market=_market_trend(panel, len(values)),
        )


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """`features` [HORIZON, series, len(NAMES)]. Boosting forecasts the difference from `base` in units of
    `level`; both [HORIZON, series], NaN for a series without recent history."""

    features: NDArray[np.float32]
    base: Floats
    level: Floats


def features(known: Statistics, origin: int, chosen: Any = slice(None)) -> FeatureTable:
    """Return the features of the days after an origin.

    Args:
        known: the panel's statistics.
        origin: the number of the last known day.
        chosen: places of the series to compute; default all.
    """
    panel = known.panel
    ahead = np.arange(1, HORIZON + 1)
    day = origin + ahead
    same_weekday = day - 7 * np.ceil(ahead / 7).astype(int)  # the last one that is known at the origin
    promotions, closed = panel.promotions[:, chosen], known.closed[:, chosen]
    is_holiday = panel.holidays[:, chosen] > 0
    shape = promotions[day].shape

    def at(table: Floats, days: Any) -> Floats:
        values = np.full(shape, np.nan)
        exists = days >= 0
        values[exists] = table[:, chosen][days[exists]]
        return values

    def now(table: Floats) -> Floats:
        return np.broadcast_to(table[origin, chosen], shape)

    def of_day(values: Any) -> Floats:
        return np.broadcast_to(np.asarray(values, dtype=float)[:, None], shape)

    level = now(known.level_28)
    level = np.where(np.isnan(level), now(known.level_84), level)
    level = np.where(level > 0, level, np.nan)
    base = at(known.neutral_8, same_weekday)
    base = np.where(np.isnan(base), level, base)
    effect = now(known.effect)
    base = base * np.where(promotions[day] > 0, np.maximum(np.nan_to_num(effect, nan=1.0), LEAST_EFFECT), 1)
    after = np.minimum(day + 1, len(promotions) - 1)
    dates = panel.dates[day]
    a_year_ago, level_then = day - YEAR, now(known.level_28)
    if origin >= YEAR:
        level_then = np.broadcast_to(known.level_28[origin - YEAR, chosen], shape)
    else:
        level_then = np.full(shape, np.nan)
    columns = (
        of_day(panel.weekdays[day]),
        of_day(ahead),
        of_day((dates - dates.astype("datetime64[M]")).astype(int) + 1),
        of_day((dates - dates.astype("datetime64[Y]")).astype(int) + 1),
        promotions[day],
        promotions[day - 1],
        promotions[after],
        promotions[np.maximum(day - 7, 0)],
        _days_on_promotion(promotions, origin),
        is_holiday[day],
        is_holiday[day - 1],
        is_holiday[after],
        closed[day - 1],
        closed[after],
        base / level,
        at(known.neutral_4, same_weekday) / level,
        at(known.neutral, same_weekday) / level,
        at(known.without_promotion, same_weekday) / level,
        at(known.with_promotion, same_weekday) / level,
        now(known.level_7) / level,
        _ratio(level, now(known.level_84)),
        _ratio(now(known.level_84), now(known.level_year)),
        _ratio(at(known.week_around, a_year_ago), level_then),
        _ratio(at(known.neutral, a_year_ago), at(known.neutral_8, a_year_ago - 7)),
        effect,
        np.log(level),
        np.full(shape, known.market[origin]),
    )
    return FeatureTable(np.stack(columns, axis=-1).astype(np.float32), base, level)


def trailing_mean(values: Floats, days: int) -> Floats:
    """Return the mean of the `days` days up to each day, over known days."""
    known = ~np.isnan(values)
    total = np.cumsum(np.where(known, values, 0), axis=0)
    count = np.cumsum(known, axis=0).astype(float)
    if days < len(values):
        total[days:] = total[days:] - total[:-days].copy()
        count[days:] = count[days:] - count[:-days].copy()
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _market_trend(panel: Panel, days: int) -> Floats:
    """[days]: the market index of the last four weeks relative to that of the year; NaN without an index."""
    if panel.market is None:
        return np.full(days, np.nan)
    index = panel.market[:, None]
    return _ratio(trailing_mean(index, 28), trailing_mean(index, YEAR))[:, 0]


def _days_on_promotion(promotions: Floats, origin: int) -> Floats:
    """Return for how many days a promotion has lasted, from two weeks before the origin at most."""
    run = np.zeros(promotions.shape[1])
    runs = []
    for day in range(max(0, origin - 13), origin + HORIZON + 1):
        run = np.where(promotions[day] > 0, run + 1, 0)
        runs.append(run)
    return np.stack(runs[-HORIZON:])


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
