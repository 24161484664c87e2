"""The report's chart: eight weeks of sales with the forecasts in force, and the next 28 days with their
intervals. As SVG for the PDF, narrower for a page on a phone, and as PNG for the mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.text import short_day
from ecommerce.forecast.report.figures import VERY_UNUSUAL, ComingDay, Figures, PastDay
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
_WIDTH, _HEIGHT = 178.0, 86.0
_PHONE_WIDTH, _PHONE_HEIGHT = 90.0, 74.0
_PNG_DOTS = 190
_WIDE, _NARROW = FAINT, PALE
_NAN = float("nan")


def draw(figures: Figures, folder: Path, lower_by: float = 0.0) -> Path:
    """Write `SVG`, `NARROW_SVG` and `PNG` into `folder`; the path of the first, which is `lower_by`
    millimetres lower than usual."""
    with style():
        save(_chart(figures, _HEIGHT - lower_by), folder / SVG)
        save(_chart(figures, _PHONE_HEIGHT, _PHONE_WIDTH), folder / NARROW_SVG)
        save_png(_chart(figures, _HEIGHT), folder / PNG, _PNG_DOTS)
    return folder / SVG


def _chart(figures: Figures, height: float, width: float = _WIDTH) -> Figure:
    figure = canvas(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    coming = figures.total.days if figures.total else []
    entries = [*_past(axes, figures.past, figures.as_of), *_coming(axes, coming, figures.as_of)]
    axes.axvline(-0.5, color=MUTED, linewidth=0.6, zorder=1.5)
    is_narrow = width < _WIDTH
    _scales(axes, figures, weeks=4 if is_narrow else 2)
    columns = 3 if is_narrow else max(len(entries), 1)
    place_axes(figure, above=3 + 4 * -(-len(entries) // columns), below=6)
    legend_above(axes, entries, columns)
    return figure


def _past(axes: Axes, days: Sequence[PastDay], as_of: date) -> list[Any]:
    places = [(each.day - as_of).days for each in days]
    (actual,) = axes.plot(
        places,
        [_NAN if each.actual is None else float(each.actual) for each in days],
        color=INK,
        linewidth=1.1,
        zorder=4,
        label="Sales",
    )
    entries = [actual]
    if any(each.expected for each in days):
        lower, upper, said = (
            [float(getattr(each.expected, name)) if each.expected else _NAN for each in days]
            for name in ("lower_80", "upper_80", "forecast")
        )
        axes.fill_between(places, lower, upper, color=_NARROW, linewidth=0, zorder=2)
        entries += axes.plot(
            places, said, color=STRONG, linewidth=1, dashes=(3, 1.5), zorder=3, label="Forecast in force"
        )
    entries += _marks(axes, days, as_of)
    return entries


def _marks(axes: Axes, days: Sequence[PastDay], as_of: date) -> list[Any]:
    found = [(each.mark == VERY_UNUSUAL, (each.day - as_of).days, each.actual) for each in days if each.mark]
    entries = []
    for is_very, words in ((False, "Unusual day"), (True, "Very unusual day")):
        points = [
            (place, float(value)) for very, place, value in found if very == is_very and value is not None
        ]
        if points:
            entries += axes.plot(
                *zip(*points, strict=True),
                linestyle="",
                marker="o",
                markersize=4,
                markeredgecolor=SIGNAL,
                markeredgewidth=1,
                markerfacecolor=SIGNAL if is_very else "white",
                zorder=5,
                label=words,
            )
    missing = [(each.day - as_of).days for each in days if each.actual is None]
    if missing:
        entries += axes.plot(
            missing,
            [0.0] * len(missing),
            linestyle="",
            marker="x",
            color=MUTED,
            markersize=3.5,
            clip_on=False,
            label="Not known",
        )
    return entries


def _coming(axes: Axes, days: Sequence[ComingDay], as_of: date) -> list[Any]:
    if not days:
        return []
    places = [(each.day - as_of).days for each in days]
    entries: list[Any] = []
    (line,) = axes.plot(
        places,
        [float(each.expected.forecast) for each in days],
        color=STRONG,
        linewidth=1.8,
        zorder=4,
        label="Forecast",
    )
    for level, colour, order in ((80, _NARROW, 2.5), (95, _WIDE, 2)):
        lower, upper = (
            [float(getattr(each.expected, f"{side}_{level}")) for each in days] for side in ("lower", "upper")
        )
        entries.append(
            axes.fill_between(
                places, lower, upper, color=colour, linewidth=0, zorder=order, label=f"{level} % interval"
            )
        )
    return [line, *entries]


def _scales(axes: Axes, figures: Figures, weeks: int) -> None:
    """`weeks`: from one date to the next."""
    from matplotlib.ticker import MaxNLocator

    first, last = -len(figures.past), (figures.last_day - figures.as_of).days
    axes.set_xlim(first - 0.7, last + 0.7)
    step = 7 * weeks
    mondays = list(range(-(len(figures.past) // step) * step, last + 1, step))
    axes.set_xticks(mondays, [short_day(figures.as_of + timedelta(days=place)) for place in mondays])
    axes.set_ylim(bottom=0)
    if not any(each.actual for each in figures.past) and figures.total is None:
        axes.set_ylim(0, 1)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    amounts_upward(axes)
