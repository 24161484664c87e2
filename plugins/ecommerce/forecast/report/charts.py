"""The forecast chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. SVG for the PDF, a narrower SVG for phones, PNG for the mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.text import short_day
from ecommerce.forecast.report.figures import OUTSIDE_80, OUTSIDE_95, ComingDay, ForecastFigures, PastDay
from ecommerce.reporting.drawing import (
    FAINT,
    INK,
    MUTED,
    PALE,
    SIGNAL,
    STRONG,
    amounts_upward,
    canvas,
    legend_above,
    place_axes,
    save,
    save_png,
    style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SVG, NARROW_SVG, PNG = "forecast.svg", "forecast-narrow.svg", "forecast.png"
WIDTH, HEIGHT = 178.0, 86.0
_PHONE_WIDTH, _PHONE_HEIGHT = 90.0, 74.0
PNG_DPI = 190
_NAN = float("nan")


def draw(figures: ForecastFigures, folder: Path, lower_by: float = 0.0) -> Path:
    """Write `SVG`, `NARROW_SVG` and `PNG` into `folder`.

    Args:
        figures: the report's.
        folder: an existing folder.
        lower_by: millimetres that the first SVG is lower than usual.

    Returns:
        The path of the first SVG.
    """
    coming = figures.total.days if figures.total else []

    def drawn(height: float, width: float = WIDTH) -> Figure:
        return chart(figures.past, coming, figures.as_of, height, width)

    with style():
        save(drawn(HEIGHT - lower_by), folder / SVG)
        save(drawn(_PHONE_HEIGHT, _PHONE_WIDTH), folder / NARROW_SVG)
        save_png(drawn(HEIGHT), folder / PNG, PNG_DPI)
    return folder / SVG


def chart(
    past: Sequence[PastDay],
    coming: Sequence[ComingDay],
    as_of: date,
    height: float = HEIGHT,
    width: float = WIDTH,
) -> Figure:
    """Draw the chart within `drawing.style`.

    Args:
        past: the days before `as_of`.
        coming: the forecast days; none without a forecast.
        as_of: the first forecast day.
        height: in millimetres.
        width: in millimetres; a narrow chart labels every fourth Monday, others every second.
    """
    figure = canvas(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    entries = [*_past(axes, past, as_of), *_coming(axes, coming, as_of)]
    axes.axvline(-0.5, color=MUTED, linewidth=0.6, zorder=1.5)
    is_narrow = width < WIDTH
    _scales(axes, len(past), len(coming), as_of, step=28 if is_narrow else 14)
    if not coming and not any(each.actual for each in past):
        axes.set_ylim(0, 1)
    columns = 3 if is_narrow else max(len(entries), 1)
    place_axes(figure, above=3 + 4 * -(-len(entries) // columns), below=6)
    legend_above(axes, entries, columns)
    return figure


def _past(axes: Axes, days: Sequence[PastDay], as_of: date) -> list[Any]:
    places = _places(days, as_of)
    actuals = [_NAN if each.actual is None else float(each.actual) for each in days]
    entries = axes.plot(places, actuals, color=INK, linewidth=1.1, zorder=4, label="Sales")
    if any(each.expected for each in days):
        lower, upper, forecast = (
            [float(getattr(each.expected, name)) if each.expected else _NAN for each in days]
            for name in ("lower_80", "upper_80", "forecast")
        )
        axes.fill_between(places, lower, upper, color=PALE, linewidth=0, zorder=2)
        dashed: dict[str, Any] = {"color": STRONG, "linewidth": 1, "dashes": (3, 1.5), "zorder": 3}
        entries += axes.plot(places, forecast, label="Forecast in force", **dashed)
    rings: dict[str, Any] = {"marker": "o", "markersize": 4, "markeredgecolor": SIGNAL, "zorder": 5}
    crosses: dict[str, Any] = {"marker": "x", "markersize": 3.5, "color": MUTED, "clip_on": False}
    marks = [
        (
            "Outside 80 %",
            [each for each in days if each.mark == OUTSIDE_80],
            rings | {"markerfacecolor": "white"},
        ),
        (
            "Outside 95 %",
            [each for each in days if each.mark == OUTSIDE_95],
            rings | {"markerfacecolor": SIGNAL},
        ),
        ("No data", [each for each in days if each.actual is None], crosses),
    ]
    for label, marked, look in marks:
        if marked:
            heights = [float(each.actual or 0) for each in marked]
            entries += axes.plot(_places(marked, as_of), heights, linestyle="", label=label, **look)
    return entries


def _coming(axes: Axes, days: Sequence[ComingDay], as_of: date) -> list[Any]:
    if not days:
        return []
    places = _places(days, as_of)
    forecast = [float(each.expected.forecast) for each in days]
    entries: list[Any] = axes.plot(places, forecast, color=STRONG, linewidth=1.8, zorder=4, label="Forecast")
    for level, colour, order in ((80, PALE, 2.5), (95, FAINT, 2)):
        lower, upper = (
            [float(getattr(each.expected, f"{side}_{level}")) for each in days] for side in ("lower", "upper")
        )
        look: dict[str, Any] = {"color": colour, "linewidth": 0, "zorder": order}
        entries.append(axes.fill_between(places, lower, upper, label=f"{level} % interval", **look))
    return entries


def _places(days: Sequence[PastDay | ComingDay], as_of: date) -> list[int]:
    return [(each.day - as_of).days for each in days]


def _scales(axes: Axes, past: int, coming: int, as_of: date, step: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(-past - 0.7, coming - 0.3)
    places = list(range(-(past // step) * step, max(coming, 1), step))
    axes.set_xticks(places, [short_day(as_of + timedelta(days=place)) for place in places])
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    amounts_upward(axes)
