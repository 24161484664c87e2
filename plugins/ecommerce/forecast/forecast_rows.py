"""The forecasts of all series of a shop, as rows of `sales_forecasts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from ecommerce.forecast.data.history import KINDS, TOTAL, History
from ecommerce.forecast.models.ensemble import DEFAULT, PanelForecast, TrainedModel, predict, train

AMOUNT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """The forecast of one series on one day: gross sales in reporting currency."""

    series: str
    target_date: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal


@dataclass(frozen=True, slots=True)
class ForecastRun:
    """The forecasts of four weeks from `as_of` on, ordered by series and day; `skipped` has the reason by
    series."""

    as_of: date
    champion: str
    rows: tuple[ForecastRow, ...]
    skipped: Mapping[str, str]

    @property
    def last_known(self) -> date:
        """The business day before `as_of`."""
        return self.as_of - timedelta(days=1)


def train_all(
    history: History, champion: str = DEFAULT, kinds: Sequence[str] = KINDS
) -> dict[str, TrainedModel]:
    """Train the champion on each kind of series.

    Args:
        history: the panels.
        champion: a candidate's name.
        kinds: the kinds to train; those without series are left out.
    """
    return {kind: train(history.panels[kind], champion) for kind in kinds if history.panels[kind].series}


def predict_all(history: History, trained: Mapping[str, TrainedModel]) -> ForecastRun:
    """Return the next four weeks of all trained kinds. The total is the sum of the categories, with intervals
    from the errors of that sum.

    Raises:
        ValueError: nothing was trained.
    """
    if not trained:
        raise ValueError("nothing was trained")
    rows: list[ForecastRow] = []
    skipped: dict[str, str] = {}
    for kind, model in trained.items():
        panel = history.panels[kind]
        groups = [range(len(panel.series))] if kind == "category" else []
        forecast = predict(model, panel, groups)
        skipped |= model.skipped
        rows += _rows(forecast, [*panel.series, *(TOTAL for _ in groups)], history.as_of)
    rows.sort(key=lambda row: (row.series, row.target_date))
    champion = next(iter(trained.values())).champion
    return ForecastRun(history.as_of, champion, tuple(rows), skipped)


def kind_of(series: str) -> str:
    """Return the kind of a series; ValueError for an unknown one."""
    kind, colon, name = series.partition(":")
    if series == TOTAL:
        return "category"
    if kind not in KINDS or not colon or not name:
        raise ValueError(f"{series!r} is not a series: use total, category:…, channel:… or sku:…")
    return kind


def _rows(forecast: PanelForecast, names: list[str], as_of: date) -> Iterator[ForecastRow]:
    for place, name in enumerate(names):
        if np.isnan(forecast.values[:, place]).any():
            continue
        for ahead, values in enumerate(forecast.values):
            bounds = [bound[ahead, place] for level in (80, 95) for bound in forecast.bounds[level]]
            yield ForecastRow(name, as_of + timedelta(days=ahead), *map(_amount, (values[place], *bounds)))


def _amount(value: float) -> Decimal:
    """Round to four decimals, half away from zero."""
    return Decimal(repr(float(value))).quantize(AMOUNT, ROUND_HALF_UP)
