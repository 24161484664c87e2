"""The running statistics of a panel, and the features of boosting, all known at the forecast's origin."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecommerce.forecast.data.panel import Floats, Panel, clean, same_weekday_mean
from ecommerce.forecast.weeks import HORIZON

YEAR = 364
"""Days; the same weekday a year ago."""
LEAST_EFFECT = 0.2


class Statistics:
    """The input of every model: a panel, its cleaned `values` and statistics of them, [days, series]. No row
    uses later days, except `week_around`, which is used a year later. `closed` is [days + HORIZON, series],
    `market` [days]: the market index of four weeks relative to the year's. `neutral` are the values without
    the `effect` of promotions, which is measured over half a year."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.values, self.closed = clean(panel)
        values, is_promoted = self.values, panel.promotions[: panel.days] > 0
        relative = _ratio(values, same_weekday_mean(values, 8))
        promoted = trailing_mean(np.where(is_promoted, relative, np.nan), 182)
        self.effect = _ratio(promoted, trailing_mean(np.where(is_promoted, np.nan, relative), 182))
        self.neutral = np.where(is_promoted, values / _known(self.effect), values)
        self.neutral_8 = same_weekday_mean(self.neutral, 8)
        self.neutral_4 = same_weekday_mean(self.neutral, 4)
        self.without_promotion = same_weekday_mean(np.where(is_promoted, np.nan, values), 13)
        self.with_promotion = same_weekday_mean(np.where(is_promoted, values, np.nan), 13)
        self.level_7 = trailing_mean(self.neutral, 7)
        self.level_28 = trailing_mean(self.neutral, 28)
        self.level_84 = trailing_mean(self.neutral, 84)
        self.level_year = trailing_mean(self.neutral, YEAR)
        self.week_around = np.full_like(values, np.nan)
        self.week_around[:-3] = self.level_7[3:]
        market = np.full((len(values), 1), np.nan) if panel.market is None else panel.market[:, None]
        self.market = _ratio(trailing_mean(market, 28), trailing_mean(market, YEAR))[:, 0]


def features(
    known: Statistics, origin: int, chosen: Any = slice(None)
) -> tuple[NDArray[np.float32], Floats, Floats]:
    """Return the features of the days after an origin [HORIZON, series, features], the market's last, and
    `base` and `level` [HORIZON, series], NaN for a series without recent history. Boosting forecasts the
    difference from `base` in units of `level`, the mean of the last 28 days.

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
    effect = now(known.effect)
    base = at(known.neutral_8, same_weekday)
    base = np.where(np.isnan(base), level, base) * np.where(promotions[day] > 0, _known(effect), 1)
    after = np.minimum(day + 1, len(promotions) - 1)
    dates = panel.dates[day]
    a_year_ago = day - YEAR
    columns = {
        "weekday": of_day(panel.weekdays[day]),
        "days ahead": of_day(ahead),
        "day of month": of_day((dates - dates.astype("datetime64[M]")).astype(int) + 1),
        "day of year": of_day((dates - dates.astype("datetime64[Y]")).astype(int) + 1),
        "promotion": promotions[day],
        "promotion the day before": promotions[day - 1],
        "promotion the day after": promotions[after],
        "promotion the week before": promotions[np.maximum(day - 7, 0)],
        "days on promotion": _days_on_promotion(promotions, origin),
        "holiday": is_holiday[day],
        "holiday the day before": is_holiday[day - 1],
        "holiday the day after": is_holiday[after],
        "closed the day before": closed[day - 1],
        "closed the day after": closed[after],
        "base": base / level,
        "weekday average of 4": at(known.neutral_4, same_weekday) / level,
        "last weekday": at(known.neutral, same_weekday) / level,
        "weekday without promotion": at(known.without_promotion, same_weekday) / level,
        "weekday with promotion": at(known.with_promotion, same_weekday) / level,
        "level of 7 days": now(known.level_7) / level,
        "trend of 84 days": _ratio(level, now(known.level_84)),
        "trend of the year": _ratio(now(known.level_84), now(known.level_year)),
        "week a year ago": _ratio(
            at(known.week_around, a_year_ago), at(known.level_28, np.full(HORIZON, origin - YEAR))
        ),
        "day a year ago": _ratio(at(known.neutral, a_year_ago), at(known.neutral_8, a_year_ago - 7)),
        "effect of promotions": effect,
        "size": np.log(level),
        "market": np.full(shape, known.market[origin]),
    }
    return np.stack([*columns.values()], axis=-1).astype(np.float32), base, level


def trailing_mean(values: Floats, days: int) -> Floats:
    """Return the mean of the `days` days up to each day, over known days."""
    known = ~np.isnan(values)
    total = np.cumsum(np.where(known, values, 0), axis=0)
    count = np.cumsum(known, axis=0).astype(float)
    if days < len(values):
        total[days:] = total[days:] - total[:-days].copy()
        count[days:] = count[days:] - count[:-days].copy()
    return _ratio(total, count)


def _days_on_promotion(promotions: Floats, origin: int) -> Floats:
    """Return for how many days a promotion has lasted, from two weeks before the origin at most."""
    run = np.zeros(promotions.shape[1])
    runs = []
    for day in range(max(0, origin - 13), origin + HORIZON + 1):
        run = np.where(promotions[day] > 0, run + 1, 0)
        runs.append(run)
    return np.stack(runs[-HORIZON:])


def _known(effect: Floats) -> Floats:
    return np.maximum(np.nan_to_num(effect, nan=1.0), LEAST_EFFECT)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
