"""Growth, seasons and offers over the years.

They are relative to the day of the move: an average weekday then has the ledger's `orders_per_day`.
"""

import math
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from statistics import fmean

from demo.ledger.catalogue import PRODUCTS

_MONTHS = (0.90, 0.88, 0.95, 1.0, 1.02, 0.96, 0.88, 0.9, 1.0, 1.06, 1.16, 1.3)
"""The relative sales in the middle of each month, before growth."""
_DOUBLED_IN = 410
"""Days in which sales double: 150 orders a day were 60 one and a half years before."""
_MOST_GROWTH = 2.0
_SLOW_TUESDAY = 0.6
"""Of the orders of a Tuesday: on the first one after the move, ads were off for half of the day."""
_TUESDAY = 1
# Friday to Monday after the fourth Thursday of November.
_AFTER_THANKSGIVING = (2.4, 1.6, 1.5, 2.0)
# The additional demand for a category in its peak month, as a share, and that month.
_CATEGORY_SEASONS = {
    "Garden": (0.85, 5),
    "Lighting": (0.5, 12),
    "Textiles": (0.45, 12),
    "Tableware": (0.2, 12),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer: it multiplies orders by `draw`, and `share` of them use the coupon `code`."""

    code: str
    percent: str
    draw: float
    share: float


@dataclass(frozen=True, slots=True)
class Season:
    """The seasons of a company that moved to this pipeline on `moved_on`."""

    moved_on: date

    def volume(self, day: date) -> float:
        """Return the orders of an average weekday around `day`, relative to `orders_per_day`."""
        growth = min(_MOST_GROWTH, 2 ** ((day - self.moved_on).days / _DOUBLED_IN))
        volume = growth * _seasonal_factor(day) / _seasonal_factor(self.moved_on)
        if self.is_slow(day):
            volume *= _SLOW_TUESDAY
        offer = offer_of(day)
        return volume * offer.draw if offer else volume

    def is_slow(self, day: date) -> bool:
        """Return whether `day` is the first Tuesday after the move."""
        since = day - self.moved_on
        return day.weekday() == _TUESDAY and timedelta(0) <= since < timedelta(weeks=1)


@cache
def popularity(day: date) -> tuple[float, ...]:
    """Return the relative demand for each of `PRODUCTS` on `day`."""
    demand = []
    for number, product in enumerate(PRODUCTS):
        swing, best = _CATEGORY_SEASONS.get(product.category or "", (0.0, 1))
        year = (day - date(day.year, best, 15)).days / 365.25
        seasonal = 1 + swing * math.cos(2 * math.pi * year)
        # Every fifth product sells twice as well as its neighbours.
        demand.append(2 * seasonal if number % 5 == 0 else seasonal)
    return tuple(demand)


@cache
def offer_of(day: date) -> Offer | None:
    """Return the offer of `day`: in the week of May's second Monday, or the four days after Thanksgiving."""
    spring = _nth_weekday(
        day.year,
        5,
        0,
        2,
    )
    if timedelta(0) <= day - spring < timedelta(days=7):
        return Offer(
            "SPRING25",
            "0.25",
            1.5,
            0.5,
        )
    friday = _nth_weekday(
        day.year,
        11,
        3,
        4,
    ) + timedelta(days=1)
    for number, draw in enumerate(_AFTER_THANKSGIVING):
        if day == friday + timedelta(days=number):
            return Offer(
                "BLACKFRIDAY",
                "0.20",
                draw,
                0.6,
            )
    return None


def market_index(week: date) -> Decimal:
    """Return the market's sales in the week from the Monday `week`; 100 is average.

    The index has seasons and noise, but neither this company's growth nor its offers.
    """
    noise = random.Random(week.isoformat()).uniform(-1.5, 1.5)
    season = 100 * _seasonal_factor(week + timedelta(days=3)) / fmean(_MONTHS)
    return Decimal(season + noise).quantize(Decimal("0.1"))


def _nth_weekday(
    year: int,
    month: int,
    weekday: int,
    number: int,
) -> date:
    """Return the n-th `weekday` (0 is Monday) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _seasonal_factor(day: date) -> float:
    """Interpolate between the middles of the two nearest months."""
    place = day.month - 1 + (day.day - 15) / 30.5
    before = math.floor(place)
    share = place - before
    return _MONTHS[before % 12] * (1 - share) + _MONTHS[(before + 1) % 12] * share
