"""The running statistics of a panel, and the features of boosting, all known at the forecast's origin."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecommerce.forecast.data.panel import (
    YEAR,
    Floats,
    Panel,
    clean,
    ratio,
    same_weekday_mean,
    shifted,
)
from ecommerce.forecast.models.season import growth, season
from ecommerce.forecast.weeks import HORIZON

LEAST_EFFECT = 0.2
LEAST_NOISE, SEASON_ERROR = 0.02, 0.3
"""The error of a rise of the season, as a share of its logarithm."""


class Statistics:
    """The input of every model: a panel, its cleaned `values` without `season` (growth included) and
    statistics of them, [days, series]; no row uses later days. `closed` is [days + HORIZON, series], `season`
    [days + HORIZON, 1], `market` [days]: the market index of four weeks relative to the year's. `neutral` are
    the values without the `effect` of promotions, which is measured over half a year, and `levels` their
    means by number of days. Only the last `seen` days of the panel are kept."""

    def __init__(self, panel: Panel, seen: int | None = None) -> None:
        values, closed = clean(panel)
        neutral, _ = _neutral(values, panel)
        line = season(panel, neutral)
        line = line * growth(panel, neutral / line[: panel.days])
        cut = max(0, panel.days - (seen or panel.days))
        self.panel = panel = panel.until(panel.days, first=cut)
        self.closed, self.season = closed[cut:], line[cut:]
        self.values = values[cut:] / self.season[: panel.days]
        values, is_promoted = self.values, panel.promotions[: panel.days] > 0
        self.neutral, self.effect = _neutral(values, panel)
        self.neutral_8 = same_weekday_mean(self.neutral, 8)
        self.neutral_4 = same_weekday_mean(self.neutral, 4)
        self.without_promotion = same_weekday_mean(
            np.where(is_promoted, np.nan, values), 13
        )
        self.with_promotion = same_weekday_mean(
            np.where(is_promoted, values, np.nan), 13
        )
        self.levels = {
            days: trailing_mean(self.neutral, days) for days in (7, 28, 84, YEAR)
        }
        market = (
            np.full((len(values), 1), np.nan)
            if panel.market is None
            else panel.market[:, None]
        )
        self.market = ratio(trailing_mean(market, 28), trailing_mean(market, YEAR))[
            :, 0
        ]

    def unit(self) -> Floats:
        """Return the relative size of ordinary errors [HORIZON, series and total]: the noise of the last
        eight weeks, and more where the season moves away from that of the last four."""
        values = np.column_stack([self.neutral, np.nansum(self.neutral, axis=1)])[-120:]
        usual = shifted(same_weekday_mean(values, 8), 7)
        noise = trailing_mean(np.minimum(np.abs(ratio(values, usual) - 1), 1), 56)[-1]
        noise = np.maximum(np.nan_to_num(noise, nan=0.2), LEAST_NOISE)
        moves = np.log(
            self.season[self.panel.days :]
            / np.mean(self.season[: self.panel.days][-28:], axis=0)
        )
        return np.sqrt(noise**2 + (SEASON_ERROR * moves) ** 2)


def features(
    known: Statistics, origin: int, chosen: Any = slice(None)
) -> tuple[NDArray[np.float32], Floats, Floats]:
    """Return the features of the days after `origin`, the number of the last known day, of the series at the
    places `chosen` (default all), [HORIZON, series, features], the market's last; and `base` [HORIZON,
    series] and `level` [series], NaN for a series without recent history. Boosting forecasts the
    difference from `base` in units of `level`, the mean of the last 28 days."""
    panel = known.panel
    ahead = np.arange(1, HORIZON + 1)
    day = origin + ahead
    same_weekday = (
        origin - 6 + (ahead - 1) % 7
    )  # the last one that is known at the origin
    promotions, closed = panel.promotions[:, chosen], known.closed[:, chosen]
    is_holiday = panel.holidays[:, chosen] > 0

    def at(table: Floats, days: Any) -> Floats:
        return np.where(
            days[:, None] >= 0, table[:, chosen][np.maximum(days, 0)], np.nan
        )

    effect = known.effect[origin, chosen]
    levels = {days: table[origin, chosen] for days, table in known.levels.items()}
    level = np.where(np.isnan(levels[28]), levels[84], levels[28])
    level = np.where(level > 0, level, np.nan)
    base = at(known.neutral_8, same_weekday)
    base = np.where(np.isnan(base), level, base) * np.where(
        promotions[day] > 0, _known(effect), 1
    )
    after = np.minimum(day + 1, len(promotions) - 1)
    a_year_ago = day - YEAR
    columns = {
        "weekday": panel.weekdays[day, None],
        "days ahead": ahead[:, None],
        "day of month": panel.days_of_month[day, None],
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
        "level of 7 days": levels[7] / level,
        "trend of 84 days": ratio(level, levels[84]),
        "trend of the year": ratio(levels[84], levels[YEAR]),
        "week a year ago": ratio(  # the week around the day, by the month up to that origin
            at(known.levels[7], a_year_ago + 3),
            at(known.levels[28], np.full(HORIZON, origin - YEAR)),
        ),
        "effect of promotions": effect,
        "size": np.log(level),
        "market": known.market[origin],
    }
    table = np.stack(np.broadcast_arrays(*columns.values()), axis=-1)
    return table.astype(np.float32), base, level


def trailing_mean(values: Floats, days: int) -> Floats:
    """Return the mean of the `days` days up to each day, over known days."""
    known = ~np.isnan(values)
    total = np.cumsum(np.where(known, values, 0), axis=0)
    count = np.cumsum(known, axis=0).astype(float)
    if days < len(values):
        total[days:] = total[days:] - total[:-days].copy()
        count[days:] = count[days:] - count[:-days].copy()
    return ratio(total, count)


def _days_on_promotion(promotions: Floats, origin: int) -> Floats:
    """Return for how many days a promotion has lasted, from two weeks before the origin at most."""
    is_promoted = promotions[max(0, origin - 13) : origin + HORIZON + 1] > 0
    number = np.arange(1, len(is_promoted) + 1)[:, None]
    last_without = np.maximum.accumulate(np.where(is_promoted, 0, number), axis=0)
    return (number - last_without)[-HORIZON:].astype(float)


def _neutral(values: Floats, panel: Panel) -> tuple[Floats, Floats]:
    """`values` without the effect of promotions, and the effect: the sales of days on promotion relative to
    others, measured over half a year up to each day."""
    is_promoted = panel.promotions[: panel.days] > 0
    relative = ratio(values, same_weekday_mean(values, 8))
    promoted = trailing_mean(np.where(is_promoted, relative, np.nan), 182)
    effect = ratio(
        promoted, trailing_mean(np.where(is_promoted, np.nan, relative), 182)
    )
    return np.where(is_promoted, values / _known(effect), values), effect


def _known(effect: Floats) -> Floats:
    return np.maximum(np.nan_to_num(effect, nan=1.0), LEAST_EFFECT)
