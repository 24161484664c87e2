"""What is forecast of a shop: `total`, `category:…`, `channel:…` and `sku:…`, as rows of
`sales_forecasts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from ecommerce.forecast.data.history import KINDS, TOTAL, History
from ecommerce.forecast.models.ensemble import DEFAULT, Forecast, Trained, predict, train

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
    """The forecasts of a shop, made from what was known before `as_of`: four weeks of each series, by series
    and day; `skipped` are series that cannot be forecast, with the reason."""

    as_of: date
    champion: str
    days: tuple[Day, ...]
    skipped: Mapping[str, str]

    @property
    def last_known(self) -> date:
        """The business day before `as_of`."""
        return self.as_of - timedelta(days=1)


def train_all(history: History, champion: str = DEFAULT, kinds: Sequence[str] = KINDS) -> dict[str, Trained]:
    """The champion, fitted on each kind of series; kinds without any series are left out."""
    return {kind: train(history.panels[kind], champion) for kind in kinds if history.panels[kind].series}


def predict_all(history: History, trained: Mapping[str, Trained]) -> Predicted:
    """The next four weeks of the kinds that were trained. The total is the sum of the categories; its
    intervals come from the errors of that sum.

    Raises:
        ValueError: nothing was trained.
    """
    days: list[Day] = []
    skipped: dict[str, str] = {}
    for kind, model in trained.items():
        panel = history.panels[kind]
        groups = [range(len(panel.series))] if kind == "category" else []
        made = predict(model, panel, groups)
        skipped |= model.skipped
        days += _days(made, [*panel.series, *(TOTAL for _ in groups)], history.as_of)
    days.sort(key=lambda day: (day.series, day.target_date))
    champion = next(iter(trained.values())).champion if trained else ""
    if not champion:
        raise ValueError("nothing was trained")
    return Predicted(history.as_of, champion, tuple(days), skipped)


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
