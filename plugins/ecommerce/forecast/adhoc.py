"""The forecast of one series outside any run: what `make forecast` prints and draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from ecommerce.core.errors import PipelineError
from ecommerce.core.settings import load_settings
from ecommerce.forecast.data.history import TOTAL, panels, query_history
from ecommerce.forecast.data.panel import Floats
from ecommerce.forecast.forecast_rows import ForecastRow, kind_of, predict_all, train_all
from ecommerce.forecast.models import registry
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ComingDay, DayForecast, PastDay
from ecommerce.reporting.drawing import save_png, style
from ecommerce.storage.kept_files import Store
from ecommerce.warehouse.client import connect

SHOWN_DAYS = 56


@dataclass(frozen=True, slots=True)
class AdhocForecast:
    """Four weeks of one series, and the actual sales of the last eight, NaN where unknown."""

    series: str
    as_of: date
    champion: str
    currency: str
    rows: tuple[ForecastRow, ...]
    past: Floats


def forecast_series(series: str, as_of: date | None, champion: str | None = None) -> AdhocForecast:
    """Forecast one series from the warehouse's data before `as_of`.

    Args:
        series: `total`, `category:…`, `channel:…` or `sku:…`.
        as_of: the first forecast day; None for today in the shop.
        champion: a candidate; None for the selected one.

    Raises:
        PipelineError: the series is unknown or too short, or the warehouse is unavailable.
    """
    settings, store, kind = load_settings(), Store.of_models(), kind_of(series)
    as_of = as_of or datetime.now(settings.zone).date()
    skus = [series.partition(":")[2]] if kind == "sku" else []
    announced = registry.announced(store, as_of)
    history = panels(
        *query_history(connect(step="forecast", interactive=True), as_of, announced.promotions, skus),
        as_of - timedelta(days=1),
        announced=announced,
        calendar=settings.holiday_calendar,
        requested=skus,
    )
    panel = history.panels[kind]
    if series not in (*panel.series, TOTAL):
        known = ", ".join(sorted(panel.series)[:8]) or "none"
        raise PipelineError(f"the warehouse has no series {series} before {as_of}; it has {known}")
    run = predict_all(history, train_all(history, champion or registry.champion(store, as_of).name, (kind,)))
    rows = tuple(row for row in run.rows if row.series == series)
    if not rows:
        raise PipelineError(f"{series} cannot be forecast: {run.skipped.get(series, 'it has no history')}")
    past = panel.values.sum(axis=1) if series == TOTAL else panel.values[:, panel.series.index(series)]
    return AdhocForecast(series, as_of, run.champion, settings.reporting_currency, rows, past[-SHOWN_DAYS:])


def draw(forecast: AdhocForecast, file: Path) -> None:
    """Write the report's chart of the series as PNG.

    Raises:
        PipelineError: the file cannot be written.
    """
    past = [
        PastDay(
            day=forecast.as_of - timedelta(days=len(forecast.past) - place),
            actual=None if np.isnan(value) else Decimal(str(value)),
            complete=True,
        )
        for place, value in enumerate(forecast.past)
    ]
    coming = [ComingDay(day=row.target_date, expected=DayForecast.of(row)) for row in forecast.rows]
    try:
        with style():
            save_png(charts.chart(past, coming, forecast.as_of), file, charts.PNG_DPI)
    except OSError as error:
        raise PipelineError(f"{file} cannot be written: {error.strerror}") from None
