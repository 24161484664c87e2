"""The forecast chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. SVG for the PDF, a narrower SVG for phones, PNG for the mail."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.text import short_day
from ecommerce.forecast.report.figures import (
    OUTSIDE_80,
    OUTSIDE_95,
    ComingDay,
    ForecastFigures,
    PastDay,
)
from ecommerce.reporting import drawing
from ecommerce.reporting.drawing import FAINT, INK, MUTED, PALE, SIGNAL, STRONG

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, NARROW_SVG, PNG = "forecast.svg", "forecast-narrow.svg", "forecast.png"
WIDTH, HEIGHT = 178.0, 86.0
_PHONE_WIDTH, _PHONE_HEIGHT = 90.0, 74.0
PNG_DPI = 190


def draw(figures: ForecastFigures, folder: Path, lower_by: float = 0.0) -> None:
    """Write `SVG`, lower by millimetres than usual, `NARROW_SVG` and `PNG` into `folder`."""
    with drawing.style():
        drawing.save(chart(figures, HEIGHT - lower_by), folder / SVG)
        drawing.save(chart(figures, _PHONE_HEIGHT, _PHONE_WIDTH), folder / NARROW_SVG)
        drawing.save_png(chart(figures), folder / PNG, PNG_DPI)


def chart(
    figures: ForecastFigures, height: float = HEIGHT, width: float = WIDTH
) -> "Figure":
    """Draw the chart within `drawing.style`; height and width are in millimetres. A narrow chart labels every
    fourth Monday, others every second."""
    from matplotlib.ticker import MaxNLocator

    past, coming, as_of = (
        figures.past,
        figures.total.days if figures.total else [],
        figures.as_of,
    )
    figure = drawing.canvas(width, height, layout="constrained")
    axes = figure.add_subplot()
    entries = [
        *_past(axes, past, as_of),
        *(_coming(axes, coming, as_of) if coming else []),
    ]
    axes.axvline(-0.5, color=MUTED, linewidth=0.6, zorder=1.5)
    axes.set_xlim(-len(past) - 0.7, len(coming) - 0.3)
    is_narrow = width < WIDTH
    step = 28 if is_narrow else 14
    places = range(-(len(past) // step) * step, max(len(coming), 1), step)
    axes.set_xticks(
        places, [short_day(as_of + timedelta(days=place)) for place in places]
    )
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    drawing.amounts_upward(axes)
    drawing.legend_above(figure, entries, 3 if is_narrow else None)
    return figure


def _past(axes: Any, days: Sequence[PastDay], as_of: date) -> list[Any]:
    places = _places(days, as_of)
    entries = axes.plot(
        places,
        _amounts(days, "actual"),
        color=INK,
        linewidth=1.1,
        zorder=4,
        label="Sales",
    )
    if any(each.expected for each in days):
        expected = [each.expected for each in days]
        lower, upper = _amounts(expected, "lower_80"), _amounts(expected, "upper_80")
        axes.fill_between(places, lower, upper, color=PALE, linewidth=0, zorder=2)
        dashed = {"color": STRONG, "linewidth": 1, "dashes": (3, 1.5), "zorder": 3}
        entries += axes.plot(
            places, _amounts(expected, "forecast"), label="Forecast in force", **dashed
        )
    ring = {"marker": "o", "markersize": 4, "markeredgecolor": SIGNAL, "zorder": 5}
    for mark, label, fill in (
        (OUTSIDE_80, "Outside 80 %", "white"),
        (OUTSIDE_95, "Outside 95 %", SIGNAL),
    ):
        if marked := [each for each in days if each.mark == mark]:
            look = ring | {"linestyle": "", "markerfacecolor": fill, "label": label}
            entries += axes.plot(
                _places(marked, as_of), _amounts(marked, "actual"), **look
            )
    return list(entries)


def _coming(axes: Any, days: Sequence[ComingDay], as_of: date) -> list[Any]:
    places, expected = _places(days, as_of), [each.expected for each in days]
    forecast = _amounts(expected, "forecast")
    entries = axes.plot(
        places, forecast, color=STRONG, linewidth=1.8, zorder=4, label="Forecast"
    )
    for level, colour, order in ((80, PALE, 2.5), (95, FAINT, 2)):
        bounds = (_amounts(expected, f"{side}_{level}") for side in ("lower", "upper"))
        look = {
            "color": colour,
            "linewidth": 0,
            "zorder": order,
            "label": f"{level} % interval",
        }
        entries.append(axes.fill_between(places, *bounds, **look))
    return list(entries)


def _places(days: Sequence[PastDay | ComingDay], as_of: date) -> list[int]:
    return [(each.day - as_of).days for each in days]


def _amounts(rows: Sequence[Any], name: str) -> list[float]:
    """The amounts `name` of the rows; NaN where there is none."""
    amounts = (getattr(each, name, None) for each in rows)
    return [float("nan") if amount is None else float(amount) for amount in amounts]
