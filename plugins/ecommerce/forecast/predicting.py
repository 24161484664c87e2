"""What is forecast of a shop: `total`, `category:…`, `channel:…` and `sku:…`, as rows of
`sales_forecasts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from ecommerce.forecast.forecasting import DEFAULT, Forecast, forecast
from ecommerce.forecast.history import KINDS, TOTAL, History

AMOUNT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one series: gross sales in reporting currency."""

    series: str
    target_date: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal


@dataclass(frozen=True, slots=True)
class Predicted:
    """The forecasts of a shop, made from what was known on the day before `as_of`.

    `days`: four weeks of each series, by series and day. `skipped`: series that cannot be forecast, with the
    reason. `models`: the forecast by kind of series, which has errors and weights.
    """

    as_of: date
    champion: str
    days: tuple[Day, ...]
    skipped: Mapping[str, str]
    models: Mapping[str, Forecast]


def predict(history: History, champion: str = DEFAULT, kinds: tuple[str, ...] = KINDS) -> Predicted:
    """Train the champion on each kind of series and forecast the next four weeks. The total is the sum of the
    categories; its intervals come from the errors of that sum."""
    days: list[Day] = []
    skipped: dict[str, str] = {}
    models = {}
    as_of = None
    for kind in kinds:
        panel = history.panels[kind]
        as_of = panel.origin + timedelta(days=1)
        if not panel.series:
            continue
        groups = [list(range(len(panel.series)))] if kind == "category" else []
        models[kind] = one = forecast(panel, champion, groups)
        skipped |= one.skipped
        names = [*panel.series, *([TOTAL] if groups else [])]
        days += _days(one, names, as_of)
    if as_of is None:
        raise ValueError("no kind of series was asked for")
    days.sort(key=lambda day: (day.series, day.target_date))
    return Predicted(as_of, champion, tuple(days), skipped, models)


def kind_of(series: str) -> str:
    """Which kind of series a name is of; ValueError where it is none."""
    kind, colon, name = series.partition(":")
    if series == TOTAL:
        return "category"
    if kind not in KINDS or not colon or not name:
        raise ValueError(f"{series!r} is no series: say total, category:…, channel:… or sku:…")
    return kind


def _days(one: Forecast, names: list[str], as_of: date) -> Iterator[Day]:
    for place, name in enumerate(names):
        if np.isnan(one.values[:, place]).any():
            continue
        for ahead in range(len(one.values)):
            bounds = [amount(bound[ahead, place]) for level in (80, 95) for bound in one.bounds[level]]
            yield Day(name, as_of + timedelta(days=ahead), amount(one.values[ahead, place]), *bounds)


def amount(value: float) -> Decimal:
    """A forecast as an amount with four decimals, rounded half away from zero."""
    return Decimal(repr(float(value))).quantize(AMOUNT, ROUND_HALF_UP)
