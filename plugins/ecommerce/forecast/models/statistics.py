"""The statistics of a panel that models are fitted on, all known at the forecast's origin."""

import numpy as np

from ecommerce.forecast.data.panel import (
    YEAR,
    Floats,
    Panel,
    by_week,
    clean,
    ratio,
    same_weekday_mean,
    total_of,
    trailing_mean,
)
from ecommerce.forecast.models.season import growth, season
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS

_PROMOTION_DAYS = 182
_LEAST_EFFECT = 0.2
_NOISE_DAYS = 56
_LEAST_NOISE = 0.02
_UNKNOWN_NOISE = 0.2
_SEASON_ERROR = 0.3
"""The error of a rise of the season, as a share of its logarithm."""


class Statistics:
    """The input of every model: a panel, and its cleaned `values` without `season`, which includes growth.

    `closed` is [days + HORIZON, series], `season` [days + HORIZON, 1]; the others are [days, series].
    `effect` is that of promotions, `neutral` are the values without it, `base` is their average of eight
    weeks by weekday, `by_weekday` are this and other averages; `week`, `level`, `quarter` and `year` are
    means of 7, 28, 84 and 364 days. `market` [days, 1] is the market index of 28 days relative to the
    year's, NaN where unknown. No row uses later days.
    """

    def __init__(self, panel: Panel) -> None:
        values, closed = clean(panel)
        effect = promotion_effect(values, panel)
        is_promoted = panel.promotions[: panel.days] > 0
        neutral = np.where(is_promoted, values / effect, values)
        line = season(panel, neutral)
        line = line * growth(panel, neutral / line[: panel.days])
        self.panel = panel
        self.closed = closed
        self.season = line
        self.effect = effect
        self.values = values / line[: panel.days]
        self.neutral = neutral / line[: panel.days]
        self.base = same_weekday_mean(self.neutral, 8)
        others = np.where(is_promoted, np.nan, self.values)
        promoted = np.where(is_promoted, self.values, np.nan)
        self.by_weekday = [
            self.base,
            same_weekday_mean(self.neutral, 4),
            self.neutral,
            same_weekday_mean(others, 13),
            same_weekday_mean(promoted, 13),
        ]
        self.week = trailing_mean(self.neutral, DAYS)
        self.quarter = trailing_mean(self.neutral, 84)
        self.year = trailing_mean(self.neutral, YEAR)
        level = trailing_mean(self.neutral, 28)
        self.level = np.where(level > 0, level, np.nan)
        market = panel.market[:, None]
        self.market = ratio(trailing_mean(market, 28), trailing_mean(market, YEAR))

    def weekday_average(self, weeks: int) -> Floats:
        """Return the weekday average of the last `weeks` as the forecast of the days after the panel,
        [HORIZON, series], with the effect of promotions."""
        week = trailing_mean(by_week(self.neutral), weeks)[-1]
        return self.sales(self._promoted(week, self.panel.days - 1))

    def base_after(self, origin: int) -> Floats:
        """Return `base` of the days after `origin`, the number of the last known day, with the effect of
        promotions: [HORIZON, series]."""
        return self._promoted(self.base[origin + 1 - DAYS : origin + 1], origin)

    def sales(self, values: Floats) -> Floats:
        """Return a forecast of what is left without the season as sales; 0 on closed days."""
        coming = slice(self.panel.days, None)
        values = values * self.season[coming]
        return np.where(self.closed[coming] & ~np.isnan(values), 0.0, values)

    def _promoted(self, week: Floats, origin: int) -> Floats:
        """Return a usual week [DAYS, series] as the days after `origin`, with the effect of promotions."""
        values = np.tile(week, (WEEKS, 1))
        coming = self.panel.promotions[origin + 1 : origin + 1 + HORIZON]
        return np.where(coming > 0, values * self.effect[origin], values)

    def noise(self) -> Floats:
        """Return the relative size of ordinary errors [HORIZON, series and total]: the mean difference of the
        last eight weeks' days from their usual weekday, and more where the season moves away from that of
        the last four."""
        values = np.append(self.neutral, total_of(self.neutral), axis=1)
        usual = same_weekday_mean(values, 8)
        errors = np.abs(ratio(values[DAYS:], usual[:-DAYS]) - 1)
        noise = trailing_mean(np.minimum(errors, 1), _NOISE_DAYS)[-1]
        noise = np.maximum(np.nan_to_num(noise, nan=_UNKNOWN_NOISE), _LEAST_NOISE)
        past, coming = np.split(self.season, [self.panel.days])
        moves = np.log(coming / np.mean(past[-28:]))
        return np.hypot(noise, _SEASON_ERROR * moves)


def promotion_effect(values: Floats, panel: Panel) -> Floats:
    """Return the sales of days on promotion relative to others, measured over half a year up to each day."""
    is_promoted = panel.promotions[: panel.days] > 0
    relative = ratio(values, same_weekday_mean(values, 8))
    promoted = trailing_mean(np.where(is_promoted, relative, np.nan), _PROMOTION_DAYS)
    others = trailing_mean(np.where(is_promoted, np.nan, relative), _PROMOTION_DAYS)
    effect = np.nan_to_num(ratio(promoted, others), nan=1.0)
    return np.maximum(effect, _LEAST_EFFECT)
