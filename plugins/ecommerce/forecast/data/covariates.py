"""What is known of days besides their sales: holidays, promotions, the market index."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.data.panel import Floats, Ints
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.sources.partner_ftp.files import MarketWeek, Promotion

WINDOW_DAYS = 91
LEAST_SHARE = 0.02
"""A smaller share of a category's sales is not a promotion of the category."""


def holidays_of(calendar: str, first_day: date, days: int) -> Ints:
    """Return a number for the name of each day's holiday, the same in every year; 0 on other days.

    Args:
        calendar: a country code, optionally with a subdivision (`US`, `DE-BY`); empty for no holidays.
        first_day: the first day.
        days: the number of days.

    Raises:
        ConfigurationError: the calendar is unknown.
    """
    numbers = np.zeros(days, dtype=np.int64)
    if not calendar:
        return numbers
    from holidays import country_holidays

    last_day = first_day + timedelta(days=days - 1)
    country, _, subdivision = calendar.partition("-")
    try:
        years = range(first_day.year, last_day.year + 1)
        holidays = country_holidays(country, subdiv=subdivision or None, years=years)
    except NotImplementedError:
        raise ConfigurationError(
            f"HOLIDAYS={calendar!r} is not a calendar of the package `holidays`: use a country code such as "
            "US, or a subdivision such as DE-BY; `none` for no holidays"
        ) from None
    for day, name in holidays.items():
        if first_day <= day <= last_day:
            numbers[(day - first_day).days] = 1 + zlib.crc32(name.encode())
    return numbers


def product_promotions(
    promotions: Sequence[Promotion], skus: Sequence[str], first: date, days: int
) -> Floats:
    """Return 1 on days with a promotion of the SKU, else 0, [days + HORIZON, skus].

    Args:
        promotions: past and announced ones.
        skus: the columns.
        first: the first day of the history.
        days: the days of the history.
    """
    promoted = np.zeros((days + HORIZON, len(skus)))
    places = {sku: place for place, sku in enumerate(skus)}
    for each in promotions:
        if each.sku is None:
            promoted[_span(each, first)] = 1
        elif each.sku in places:
            promoted[_span(each, first), places[each.sku]] = 1
    return promoted


def promoted_shares(
    promotions: Sequence[Promotion], products: Mapping[str, tuple[int, Floats]], wholes: Floats, first: date
) -> Floats:
    """Return the share of each whole (a category, the shop) that is on promotion, at most 1, [days + HORIZON,
    wholes]: the share of the promoted products in its sales of the quarter before the promotion.

    Args:
        promotions: past and announced ones.
        products: by SKU the place of its whole, and its daily sales [days].
        wholes: daily sales [days, wholes], NaN where unknown.
        first: the first day of the history.
    """
    days = len(wholes)
    shares = np.zeros((days + HORIZON, wholes.shape[1]))
    known = np.nan_to_num(wholes)
    for each in promotions:
        span = _span(each, first)
        if each.sku is None:
            shares[span] = 1
        elif each.sku in products:
            place, sales = products[each.sku]
            end = min(span.start, days)
            window = slice(max(0, end - WINDOW_DAYS), end)
            whole = known[window, place].sum()
            if whole > 0:
                shares[span, place] += sales[window].sum() / whole
    shares[shares < LEAST_SHARE] = 0
    return np.minimum(shares, 1)


def known_index(weeks: Sequence[MarketWeek], first: date, days: int) -> Floats:
    """Return the market index known on each day: that of the last week that has ended; NaN before the first,
    [days].

    Args:
        weeks: the partner's index.
        first: the first day.
        days: the number of days.
    """
    index = np.full(days, np.nan)
    for each in sorted(weeks, key=lambda week: week.week_start):
        ended = (each.week_start - first).days + DAYS - 1
        if ended < days:
            index[max(ended, 0) :] = float(each.index)
    return index


def _span(promotion: Promotion, first: date) -> slice:
    start, end = (promotion.start_date - first).days, (promotion.end_date - first).days + 1
    return slice(max(start, 0), max(end, 0))
