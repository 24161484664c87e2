"""The running statistics of a panel, and the features of boosting, all known at the forecast's origin."""

import numpy as np
from numpy.typing import NDArray

from ecommerce.forecast.data.panel import (
    LONGEST_DAYS,
    YEAR,
    Floats,
    Ints,
    Panel,
    clean,
    ratio,
    same_weekday_mean,
    trailing_mean,
)
from ecommerce.forecast.models.season import growth, season
from ecommerce.forecast.weeks import DAYS, HORIZON

LEAST_EFFECT = 0.2
LEAST_NOISE = 0.02
SEASON_ERROR = 0.3
"""The error of a rise of the season, as a share of its logarithm."""


class Statistics:
    """The input of every model: a panel, its cleaned `values` without `season` (growth included) and
    statistics of them, [days, series]; no row uses later days. `closed` is [days + HORIZON, series], `season`
    [days + HORIZON, 1], `market` [days]: the market index of four weeks relative to the year's. `neutral` are
    the values without the `effect` of promotions, which is measured over half a year; `base` is their weekday
    average of eight weeks, `weekdays` has others, and `levels` their means by number of days. Only the last
    `seen` days of the panel are kept."""

    def __init__(self, panel: Panel, seen: int = LONGEST_DAYS) -> None:
        values, closed = clean(panel)
        _, neutral = promotion_effect(values, panel)
        line = season(panel, neutral)
        line = line * growth(panel, neutral / line[: panel.days])
        self.panel = panel = panel.until(panel.days, seen)
        self.closed = closed[-seen - HORIZON :]
        self.season = line[-seen - HORIZON :]
        self.values = values[-seen:] / self.season[:-HORIZON]
        self.effect, self.neutral = promotion_effect(self.values, panel)
        is_promoted = panel.promotions[: panel.days] > 0
        others = np.where(is_promoted, np.nan, self.values)
        promoted = np.where(is_promoted, self.values, np.nan)
        self.base = same_weekday_mean(self.neutral, 8)
        self.weekdays = {
            "weekday average of 4": same_weekday_mean(self.neutral, 4),
            "last weekday": self.neutral,
            "weekday without promotion": same_weekday_mean(others, 13),
            "weekday with promotion": same_weekday_mean(promoted, 13),
        }
        self.levels = {
            days: trailing_mean(self.neutral, days) for days in (7, 28, 84, YEAR)
        }
        year = trailing_mean(panel.market, YEAR)
        self.market = ratio(trailing_mean(panel.market, 28), year)

    def unit(self) -> Floats:
        """Return the relative size of ordinary errors [HORIZON, series and total]: the noise of the last
        eight weeks, and more where the season moves away from that of the last four."""
        total = np.nansum(self.neutral, axis=1)
        values = np.column_stack([self.neutral, total])[-120:]
        usual = same_weekday_mean(values, 8)
        errors = np.abs(ratio(values[DAYS:], usual[:-DAYS]) - 1)
        noise = trailing_mean(np.minimum(errors, 1), 56)[-1]
        noise = np.maximum(np.nan_to_num(noise, nan=0.2), LEAST_NOISE)
        past, coming = np.split(self.season, [self.panel.days])
        moves = np.log(coming / np.mean(past[-28:]))
        return np.hypot(noise, SEASON_ERROR * moves)


def features(
    known: Statistics, origin: int
) -> tuple[NDArray[np.float32], Floats, Floats]:
    """Return the features of the days after `origin`, the number of the last known day (at least 13):
    [HORIZON, series, features], the market's last; and `base` [HORIZON, series] and `level` [series], NaN for
    a series without recent history. Boosting forecasts the difference from `base` in units of `level`, the
    mean of the last 28 days."""
    panel = known.panel
    promotions = panel.promotions
    closed = known.closed
    is_holiday = panel.holidays > 0
    ahead = np.arange(1, HORIZON + 1)
    day = origin + ahead
    dates = panel.dates[day]
    day_after = np.minimum(day + 1, len(promotions) - 1)
    last_weekday = origin - 6 + (ahead - 1) % DAYS  # known at the origin

    effect = known.effect[origin]
    levels = {days: table[origin] for days, table in known.levels.items()}
    level = np.where(np.isnan(levels[28]), levels[84], levels[28])
    level = np.where(level > 0, level, np.nan)
    base = _at(known.base, last_weekday)
    base = np.where(np.isnan(base), level, base)
    base = base * np.where(promotions[day] > 0, _at_least(effect), 1)
    # The week around the same day a year ago, by the month up to that origin.
    week_a_year_ago = _at(known.levels[7], day - YEAR + 3)
    month_a_year_ago = _at(known.levels[28], np.full(HORIZON, origin - YEAR))
    columns = {
        "weekday": dates.day_of_week.to_numpy()[:, None],
        "days ahead": ahead[:, None],
        "day of month": dates.day.to_numpy()[:, None],
    }
    columns |= {
        "promotion": promotions[day],
        "promotion the day before": promotions[day - 1],
        "promotion the day after": promotions[day_after],
        "promotion the week before": promotions[day - DAYS],
        "days on promotion": _days_on_promotion(promotions, origin),
    }
    columns |= {
        "holiday": is_holiday[day],
        "holiday the day before": is_holiday[day - 1],
        "holiday the day after": is_holiday[day_after],
        "closed the day before": closed[day - 1],
        "closed the day after": closed[day_after],
        "base": base / level,
    }
    columns |= {
        name: _at(averages, last_weekday) / level
        for name, averages in known.weekdays.items()
    }
    columns |= {
        "level of 7 days": levels[7] / level,
        "trend of 84 days": ratio(level, levels[84]),
        "trend of the year": ratio(levels[84], levels[YEAR]),
        "week a year ago": ratio(week_a_year_ago, month_a_year_ago),
    }
    columns |= {
        "effect of promotions": effect,
        "size": np.log(level),
        "market": known.market[origin],
    }
    table = np.stack(np.broadcast_arrays(*columns.values()), axis=-1)
    return table.astype(np.float32), base, level


def _at(table: Floats, days: Ints) -> Floats:
    """Return the rows of these days; NaN before the first one."""
    return np.where(days[:, None] < 0, np.nan, table[np.maximum(days, 0)])


def _days_on_promotion(promotions: Floats, origin: int) -> Ints:
    """Return for how many days a promotion has lasted, from two weeks before the origin at most."""
    is_promoted = promotions[origin - 13 : origin + HORIZON + 1] > 0
    number = np.arange(1, len(is_promoted) + 1)[:, None]
    last_without = np.maximum.accumulate(np.where(is_promoted, 0, number), axis=0)
    return (number - last_without)[-HORIZON:]


def promotion_effect(values: Floats, panel: Panel) -> tuple[Floats, Floats]:
    """Return the sales of days on promotion relative to others, measured over half a year up to each day, and
    `values` without this effect."""
    is_promoted = panel.promotions[: panel.days] > 0
    relative = ratio(values, same_weekday_mean(values, 8))
    promoted = trailing_mean(np.where(is_promoted, relative, np.nan), 182)
    others = trailing_mean(np.where(is_promoted, np.nan, relative), 182)
    effect = ratio(promoted, others)
    return effect, np.where(is_promoted, values / _at_least(effect), values)


def _at_least(effect: Floats) -> Floats:
    return np.maximum(np.nan_to_num(effect, nan=1.0), LEAST_EFFECT)
