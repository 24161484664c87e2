"""The forecast chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. SVG for the PDF and the page, a narrower SVG for phones, PNG for the mail."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

SVG = "forecast.svg"
NARROW_SVG = "forecast-narrow.svg"
PNG = "forecast.png"
SIZE = (178.0, 86.0)
NARROW_SIZE = (90.0, 74.0)
"""Width and height in millimetres."""
PNG_DPI = 190


def draw(figures: ForecastFigures, folder: Path) -> None:
    """Write `SVG`, `NARROW_SVG` and `PNG` into `folder`."""
    with drawing.style():
        figure = chart(figures)
        drawing.save(figure, folder / SVG)
        drawing.save_png(figure, folder / PNG, PNG_DPI)
        narrow = chart(figures, NARROW_SIZE, days_per_label=28, legend_columns=3)
        drawing.save(narrow, folder / NARROW_SVG)


def chart(
    figures: ForecastFigures,
    size: tuple[float, float] = SIZE,
    days_per_label: int = 14,
    legend_columns: int | None = None,
) -> "Figure":
    """Draw the chart within `drawing.style`."""
    figure = drawing.canvas(*size, layout="constrained")
    axes = figure.add_subplot()
    past = figures.past
    coming = []
    _draw_past(axes, past)
    if figures.total:
        coming = figures.total.days
        _draw_coming(axes, coming)
    axes.axvline(-0.5, color=MUTED, linewidth=0.6, zorder=1.5)
    axes.set_xlim(-len(past) - 0.7, len(coming) - 0.3)
    places = range(-len(past), max(len(coming), 1), days_per_label)
    mondays = [figures.as_of + timedelta(days=place) for place in places]
    axes.set_xticks(places, [short_day(monday) for monday in mondays])
    axes.set_ylim(bottom=0)
    drawing.amounts_upward(axes)
    entries = axes.get_legend_handles_labels()[0]
    drawing.legend_above(figure, entries, legend_columns)
    return figure


def _draw_past(axes: Any, days: Sequence[PastDay]) -> None:
    """Draw sales, the forecasts in force with their 80 % interval, and the days outside it; day -1 is the
    last known one."""
    amounts = _amounts(days, -len(days))
    places = amounts.index
    sales = pd.Series([day.actual for day in days], places, dtype=float)
    axes.plot(sales, color=INK, linewidth=1.1, zorder=4, label="Sales")
    axes.fill_between(
        places,
        "lower_80",
        "upper_80",
        data=amounts,
        color=PALE,
        linewidth=0,
        zorder=2,
    )
    axes.plot(
        amounts["forecast"],
        color=STRONG,
        linewidth=1,
        dashes=(3, 1.5),
        zorder=3,
        label="Forecast in force",
    )
    marks = pd.Series([day.mark for day in days], places)
    for mark, fill in ((OUTSIDE_80, "white"), (OUTSIDE_95, SIGNAL)):
        axes.plot(
            sales[marks == mark],
            linestyle="",
            marker="o",
            markersize=4,
            markeredgecolor=SIGNAL,
            markerfacecolor=fill,
            zorder=5,
            label=mark.capitalize(),
        )


def _draw_coming(axes: Any, days: Sequence[ComingDay]) -> None:
    amounts = _amounts(days, 0)
    axes.plot(
        amounts["forecast"], color=STRONG, linewidth=1.8, zorder=4, label="Forecast"
    )
    for level, colour, order in (("80", PALE, 2.5), ("95", FAINT, 2)):
        axes.fill_between(
            amounts.index,
            f"lower_{level}",
            f"upper_{level}",
            data=amounts,
            color=colour,
            linewidth=0,
            zorder=order,
            label=f"{level} % interval",
        )


def _amounts(days: Sequence[PastDay | ComingDay], first: int) -> pd.DataFrame:
    """Return the forecasts and their bounds, NaN on days without one; `first` is the first day's number."""
    rows = [dict(day.expected or ()) for day in days]
    places = range(first, first + len(days))
    return pd.DataFrame(rows, places, list(DayForecast.model_fields), dtype=float)
