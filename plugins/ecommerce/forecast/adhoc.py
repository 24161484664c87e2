"""One forecast of this deployment apart from any run: what `make forecast` prints and draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from ecommerce.core.errors import PipelineError
from ecommerce.core.settings import load_settings
from ecommerce.forecast.data.history import TOTAL, ask_history, panels
from ecommerce.forecast.data.panel import Floats
from ecommerce.forecast.forecast_rows import Day, kind_of, predict_all, train_all
from ecommerce.forecast.models import registry
from ecommerce.reporting.drawing import INK, STRONG
from ecommerce.storage.kept_files import Store
from ecommerce.warehouse.client import connect

SHOWN_DAYS = 56


@dataclass(frozen=True, slots=True)
class Standing:
    """Four weeks of one series, and the last eight weeks before them: `past` [days], NaN where unknown."""

    series: str
    as_of: date
    champion: str
    currency: str
    days: tuple[Day, ...]
    past: Floats


def forecast_series(series: str, as_of: date | None, champion: str | None = None) -> Standing:
    """Forecast one series from what the warehouse says of the days before `as_of` (default: the shop's
    today).

    Raises:
        PipelineError: there is no such series, or too little is known of it, or the warehouse cannot be
            asked.
    """
    settings = load_settings()
    as_of = as_of or datetime.now(settings.zone).date()
    store = Store.of_models()
    kind = kind_of(series)
    named = [series.partition(":")[2]] if kind == "sku" else []
    known = registry.announced(store, as_of)
    answers = ask_history(connect(step="forecast", interactive=True), as_of, known.promotions, named)
    last, calendar = as_of - timedelta(days=1), settings.holiday_calendar
    history = panels(*answers, last, announced=known, calendar=calendar, asked=named)
    panel = history.panels[kind]
    if series not in (*panel.series, TOTAL):
        some = ", ".join(sorted(panel.series)[:8]) or "none"
        raise PipelineError(f"the warehouse has no series {series} before {as_of}; of its kind it has {some}")
    chosen = champion or registry.champion(store, as_of).name
    made = predict_all(history, train_all(history, chosen, (kind,)))
    days = tuple(day for day in made.days if day.series == series)
    if not days:
        raise PipelineError(
            f"{series} cannot be forecast: {made.skipped.get(series, 'nothing is known of it')}"
        )
    past = panel.values.sum(axis=1) if series == TOTAL else panel.values[:, panel.series.index(series)]
    return Standing(series, as_of, made.champion, settings.reporting_currency, days, past[-SHOWN_DAYS:])


def draw(made: Standing, file: Path) -> None:
    """Write a PNG: eight weeks of actual sales, then the forecast with both intervals; PipelineError where it
    cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), dpi=120)
    axes = figure.add_subplot()
    first = np.datetime64(made.as_of)
    before = first - np.arange(len(made.past), 0, -1)
    ahead = first + np.arange(len(made.days))
    for level, colour in ((95, "#d7e3ee"), (80, "#a9c3da")):
        lower, upper = (
            [float(getattr(day, f"{side}_{level}")) for day in made.days] for side in ("lower", "upper")
        )
        axes.fill_between(ahead, lower, upper, color=colour, linewidth=0, label=f"{level} % interval")
    axes.plot(before, made.past, color=INK, linewidth=1.2, label="actual")
    axes.plot(
        ahead, [float(day.forecast) for day in made.days], color=STRONG, linewidth=1.6, label="forecast"
    )
    axes.set_ylim(bottom=0)
    axes.set_title(f"{made.series}: gross sales in {made.currency}, as of {made.as_of}", parse_math=False)
    axes.legend(frameon=False, ncols=4, loc="upper left", fontsize=8)
    figure.autofmt_xdate()
    try:
        FigureCanvasAgg(figure).print_png(file)
    except OSError as error:
        raise PipelineError(f"{file} cannot be written: {error.strerror}") from None
