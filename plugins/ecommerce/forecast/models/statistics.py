"""The statistics of a panel that models are fitted on, all known at the forecast's origin."""

import numpy as np

from ecommerce.forecast.data.panel import (
    YEAR,
    Bools,
    Floats,
    Panel,
    by_week,
    clean,
    only_where,
    ratio,
    same_weekday_mean,
    trailing_mean,
    with_total,
)
from ecommerce.forecast.models.season import growth, season
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS

_PROMOTION_DAYS = 182
_LEAST_EFFECT = 0.2
_NOISE_DAYS = 56
_LEAST_NOISE = 0.02
_UNKNOWN_NOISE = 0.2


class Statistics:
    """The input of every model: a panel, and its cleaned `values` without `season`, which includes growth.

    `closed` is [days + HORIZON, series], `season` [days + HORIZON, 1]; the others are [days, series].
    `effect` is that of promotions, `neutral` are the values without it, `base` is their average of eight
    weeks by weekday; `level`, `quarter` and `year` are means of 28, 84 and 364 days. `market` [days, 1] is
    the market index of 28 days relative to the year's, NaN where unknown. No row uses later days.
    """

    def __init__(self, panel: Panel) -> None:
        days = panel.days
        values, closed = clean(panel)
        is_promoted = panel.promotions[:days] > 0
        effect = promotion_effect(values, is_promoted)
        neutral = np.where(is_promoted, values / effect, values)
        line = season(panel, neutral)
        line = line * growth(panel, neutral / line[:days])
        self.panel = panel
        self.closed = closed
        self.season = line
        self.effect = effect
        self.values = values / line[:days]
        self.neutral = neutral / line[:days]
        self.base = same_weekday_mean(self.neutral, 8)
        self.quarter = trailing_mean(self.neutral, 84)
        self.year = trailing_mean(self.neutral, YEAR)
        level = trailing_mean(self.neutral, 28)
        self.level = only_where(level > 0, level)
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
        week = self.base[: origin + 1][-DAYS:]
        return self._promoted(week, origin)

    def sales(self, values: Floats) -> Floats:
        """Return a forecast of what is left without the season as sales; 0 on closed days."""
        coming = slice(self.panel.days, None)
        values = values * self.season[coming]
        return np.where(self.closed[coming] & ~np.isnan(values), 0.0, values)

    def _promoted(
        self,
        week: Floats,
        origin: int,
    ) -> Floats:
        """Return a usual week [DAYS, series] as the days after `origin`, with the effect of promotions."""
        values = np.tile(week, (WEEKS, 1))
        coming = self.panel.promotions[origin + 1 :][:HORIZON]
        return np.where(coming > 0, values * self.effect[origin], values)

    def noise(self) -> Floats:
        """Return the relative size of ordinary errors [1, series and total]: the mean difference of the last
        eight weeks' days from their usual weekday."""
        values = with_total(self.neutral)
        usual = same_weekday_mean(values, 8)
        share = ratio(values[DAYS:], usual[:-DAYS])
        errors = np.minimum(np.abs(share - 1), 1)
        noise = trailing_mean(errors, _NOISE_DAYS)[-1:]
        noise = np.nan_to_num(noise, nan=_UNKNOWN_NOISE)
        return np.maximum(noise, _LEAST_NOISE)


def promotion_effect(values: Floats, is_promoted: Bools) -> Floats:
    """Return the sales of days on promotion relative to others, measured over half a year up to each day."""
    relative = ratio(values, same_weekday_mean(values, 8))
    promoted = trailing_mean(only_where(is_promoted, relative), _PROMOTION_DAYS)
    others = trailing_mean(only_where(~is_promoted, relative), _PROMOTION_DAYS)
    effect = np.nan_to_num(ratio(promoted, others), nan=1.0)
    return np.maximum(effect, _LEAST_EFFECT)
