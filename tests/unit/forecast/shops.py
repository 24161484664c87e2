"""Histories of small shops, and figures as a back-test gives them."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from ecommerce.forecast.data.history import History
from ecommerce.forecast.models.ensemble import CANDIDATES
from ecommerce.forecast.weeks import HORIZON
from tests.unit.forecast.panels import MONDAY, make_panel, weekly

AS_OF = date(2026, 12, 6)
WORST = 0.4
SERIES = {"category": 3, "channel": 2, "sku": 2}


def history(days=170):
    """A shop that sells nearly twice as much on promotion, five days of every eighteen."""
    panels = {}
    for seed, (kind, series) in enumerate(SERIES.items()):
        panels[kind] = panel(kind, days, series, seed)
    return History(
        MONDAY + timedelta(days=days),
        panels,
        (),
        {},
        {},
        (),
    )


def panel(kind, days, series, seed):
    """Series of one kind."""
    promoted = np.zeros((days + HORIZON, series))
    promoted[np.arange(days + HORIZON) % 18 < 5] = 1
    values = weekly(days, series, 0.1, seed) * (1 + 0.8 * promoted[:days])
    names = tuple(f"{kind}:{place}" for place in range(series))
    return replace(make_panel(values, promoted), series=names)


def figures(origins=8, /, **scores):
    """A back-test with the scores that are given, some with a bias; the other candidates are bad."""
    judged = []
    for name in CANDIDATES if origins >= 4 else ():
        score = scores.get(name, WORST)
        value, bias = score if isinstance(score, tuple) else (score, 0.0)
        judged.append(
            {
                "candidate": name,
                "score": value,
                "by_origin": [value] * 8,
                "weekly": dict.fromkeys(SERIES, value),
                "bias": bias,
            }
        )
    days = [AS_OF - timedelta(days=29 + 7 * week) for week in range(origins)]
    return {
        "as_of": str(AS_OF),
        "first_day": "2026-01-01",
        "days": 339,
        "origins": sorted(map(str, days)),
        "series": SERIES,
        "scores": judged,
    }
