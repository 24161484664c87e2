"""The forecast of one series outside any run: what `make forecast` prints and draws."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from ecommerce.core.errors import PipelineError
from ecommerce.core.settings import load_settings
from ecommerce.forecast.data.history import query
from ecommerce.forecast.data.panel import Floats
from ecommerce.forecast.models import registry
from ecommerce.forecast.models.training import predict_all, train_all
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ComingDay, PastDay
from ecommerce.forecast.scoring import DayForecast
from ecommerce.forecast.wording import TOTAL, kind_of
from ecommerce.reporting.drawing import save_png, style
from ecommerce.storage.kept_files import Store

SHOWN_DAYS = 56


@dataclass(frozen=True, slots=True)
class AdhocForecast:
    """Four weeks of one series, as `training.ForecastRun` has them, and the actual sales of the last eight,
    NaN where unknown."""

    as_of: date
    champion: str
    currency: str
    rows: list[dict[str, Any]]
    past: Floats


def forecast_series(series: str, as_of: date | None, champion: str | None = None) -> AdhocForecast:
    """Forecast one series from the warehouse's data before `as_of`.

    Args:
        series: `total`, `category:…`, `channel:…` or `sku:…`.
        as_of: the first forecast day; None for today in the shop.
        champion: a candidate; None for the selected one.
    """
    settings, store, kind = load_settings(), Store.of_models(), kind_of(series)
    as_of = as_of or datetime.now(settings.zone).date()
    skus = [series.partition(":")[2]] if kind == "sku" else []
    sales = query(as_of, registry.announced(store, as_of), requested=skus, step="forecast", interactive=True)
    history = sales.panels()
    panel = history.panels[kind]
    if series not in (*panel.series, TOTAL):
        known = ", ".join(sorted(panel.series)[:8]) or "none"
        raise PipelineError(f"the warehouse has no series {series} before {as_of}; it has {known}")
    history = replace(history, panels={kind: panel})
    run = predict_all(history, train_all(history, champion or registry.champion(store, as_of).name))
    rows = [row for row in run.rows if row["series"] == series]
    if not rows:
        raise PipelineError(f"{series} cannot be forecast: {run.skipped.get(series, 'it has no history')}")
    past = panel.values.sum(axis=1) if series == TOTAL else panel.values[:, panel.series.index(series)]
    return AdhocForecast(as_of, run.champion, settings.reporting_currency, rows, past[-SHOWN_DAYS:])


def draw(forecast: AdhocForecast, file: Path) -> None:
    """Write the report's chart of the series as PNG."""
    first = forecast.as_of - timedelta(days=len(forecast.past))
    actuals = [None if np.isnan(value) else Decimal(str(value)) for value in forecast.past]
    past = [
        PastDay(day=first + timedelta(days=place), actual=actual, complete=True)
        for place, actual in enumerate(actuals)
    ]
    coming = [ComingDay(day=row["target_date"], expected=DayForecast.of(row)) for row in forecast.rows]
    try:
        with style():
            save_png(charts.chart(past, coming, forecast.as_of), file, charts.PNG_DPI)
    except OSError as error:
        raise PipelineError(f"{file} cannot be written: {error.strerror}") from None
