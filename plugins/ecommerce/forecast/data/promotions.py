"""Which part of a series is on promotion on a day: of an article all or nothing, of a category the part that
the promoted articles had in its sales in the quarter before the promotion began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from ecommerce.forecast.data.panel import Floats
from ecommerce.forecast.weeks import HORIZON
from ecommerce.sources.partner_ftp.files import Promotion

WINDOW_DAYS = 91
LEAST_PART = 0.02
"""A smaller part of a series is no promotion of it."""


def of_articles(promotions: Sequence[Promotion], skus: Sequence[str], first: date, days: int) -> Floats:
    """[days + HORIZON, skus]: 1 on promotion, else 0; `first` is the first day of `days` days of history."""
    found = np.zeros((days + HORIZON, len(skus)))
    places = {sku: place for place, sku in enumerate(skus)}
    for each in promotions:
        span = _span(each, first)
        if each.sku is None:
            found[span] = 1
        elif each.sku in places:
            found[span, places[each.sku]] = 1
    return found


def of_wholes(
    promotions: Sequence[Promotion], articles: Mapping[str, tuple[int, Floats]], wholes: Floats, first: date
) -> Floats:
    """[days + HORIZON, wholes]: the part of each whole that is on promotion, at most 1.

    Args:
        promotions: those that were, and that are announced.
        articles: of each promoted article, the place of the whole it belongs to and its daily sales [days].
        wholes: daily sales [days, wholes], NaN where they are unknown.
        first: the first day.
    """
    days = len(wholes)
    found = np.zeros((days + HORIZON, wholes.shape[1]))
    known = np.nan_to_num(wholes)
    for each in promotions:
        span = _span(each, first)
        if each.sku is None:
            found[span] = 1
            continue
        if each.sku not in articles:
            continue
        place, sales = articles[each.sku]
        end = min(span.start, days)
        window = slice(max(0, end - WINDOW_DAYS), end)
        whole = known[window, place].sum()
        if whole > 0:
            found[span, place] += sales[window].sum() / whole
    found[found < LEAST_PART] = 0
    return np.minimum(found, 1)


def _span(promotion: Promotion, first: date) -> slice:
    start, end = (promotion.start_date - first).days, (promotion.end_date - first).days + 1
    return slice(max(start, 0), max(end, 0))
