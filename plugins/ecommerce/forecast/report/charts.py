"""The forecast chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. SVG for the PDF and the page, PNG for the mail."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecommerce.core.text import short_day
from ecommerce.forecast.report.figures import (
    OUTSIDE_80,
    OUTSIDE_95,
    ComingDay,
    DayForecast,
    ForecastFigures,
    PastDay,
)
from ecommerce.reporting import drawing
from ecommerce.reporting.drawing import FAINT, INK, MUTED, PALE, SIGNAL, STRONG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, PNG = "forecast.svg", "forecast.png"
WIDTH, HEIGHT = 178.0, 86.0
"""Millimetres."""
PNG_DPI = 190
DAYS_PER_LABEL = 14


def draw(figures: ForecastFigures, folder: Path) -> None:
    """Write `SVG` and `PNG` into `folder`."""
    with drawing.style():
        figure = chart(figures)
        drawing.save(figure, folder / SVG)
        drawing.save_png(figure, folder / PNG, PNG_DPI)


def chart(figures: ForecastFigures) -> "Figure":
    """Draw the chart within `drawing.style`."""
    figure = drawing.canvas(WIDTH, HEIGHT, layout="constrained")
    axes = figure.add_subplot()
    past, coming = figures.past, []
    _draw_past(axes, past)
    if figures.total:
        coming = figures.total.days
        _draw_coming(axes, coming)
    axes.axvline(-0.5, color=MUTED, linewidth=0.6, zorder=1.5)
    axes.set_xlim(-len(past) - 0.7, len(coming) - 0.3)
    places = range(-len(past), max(len(coming), 1), DAYS_PER_LABEL)
    mondays = [figures.as_of + timedelta(days=place) for place in places]
    axes.set_xticks(places, [short_day(monday) for monday in mondays])
    axes.set_ylim(bottom=0)
    drawing.amounts_upward(axes)
    drawing.legend_above(figure, axes.get_legend_handles_labels()[0])
    return figure


def _draw_past(axes: Any, days: Sequence[PastDay]) -> None:
    """Draw sales, the forecasts in force with their 80 % interval, and the days outside it; day -1 is the
    last known one."""
    places = np.arange(-len(days), 0)
    sales = np.array([day.actual for day in days], dtype=float)
    axes.plot(places, sales, color=INK, linewidth=1.1, zorder=4, label="Sales")
    amounts = _amounts(days)
    axes.fill_between(
        places,
        amounts["lower_80"],
        amounts["upper_80"],
        color=PALE,
        linewidth=0,
        zorder=2,
    )
    axes.plot(
        places,
        amounts["forecast"],
        color=STRONG,
        linewidth=1,
        dashes=(3, 1.5),
        zorder=3,
        label="Forecast in force",
    )
    marks = np.array([day.mark for day in days])
    fills = {OUTSIDE_80: "white", OUTSIDE_95: SIGNAL}
    for mark, fill in fills.items():
        is_marked = marks == mark
        axes.plot(
            places[is_marked],
            sales[is_marked],
            linestyle="",
            marker="o",
            markersize=4,
            markeredgecolor=SIGNAL,
            markerfacecolor=fill,
            zorder=5,
            label=mark.capitalize(),
        )


def _draw_coming(axes: Any, days: Sequence[ComingDay]) -> None:
    amounts = _amounts(days)
    forecast = amounts["forecast"]
    axes.plot(forecast, color=STRONG, linewidth=1.8, zorder=4, label="Forecast")
    for level, colour, order in (("80", PALE, 2.5), ("95", FAINT, 2)):
        axes.fill_between(
            amounts.index,
            amounts[f"lower_{level}"],
            amounts[f"upper_{level}"],
            color=colour,
            linewidth=0,
            zorder=order,
            label=f"{level} % interval",
        )


def _amounts(days: Sequence[PastDay | ComingDay]) -> pd.DataFrame:
    """Return the forecasts and their bounds, NaN on days without one."""
    rows = [dict(day.expected or ()) for day in days]
    return pd.DataFrame(rows, columns=list(DayForecast.model_fields), dtype=float)
