"""The charts over time: the trend of net sales, the day within its forecast, and the coming days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ecommerce.core.text import average_name, short_day
from ecommerce.reporting.drawing import (
    FAINT,
    GRID,
    INK,
    MUTED,
    PALE,
    POINTS,
    SIGNAL,
    STRONG,
    TEXT_POINTS,
    amounts_upward,
    canvas,
    legend_above,
    place_axes,
    text_width,
)
from ecommerce.sales.report.figures.model import Figures, TrendDay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 120.0
EXPECTED_WIDTH, EXPECTED_HEIGHT = 52.0, 11.5
OUTLOOK_WIDTH, OUTLOOK_HEIGHT = 86.0, 40.0
"""Millimetres."""
_LABEL_POINTS = TEXT_POINTS - 0.5
_FEWEST_FOR_WORDS = 7
"""Days before the first loaded one that leave room to say why nothing is there."""
_MEAN: dict[str, Any] = {"color": INK, "linewidth": 1.1}
_AVERAGE: dict[str, Any] = {"color": SIGNAL, "linewidth": 0.9, "dashes": (4, 2.5)}
_HATCHED: dict[str, Any] = {"facecolor": GRID, "edgecolor": PALE, "linewidth": 0.6, "hatch": "/////"}
_GAP: dict[str, Any] = {"color": MUTED, "marker": "x", "markersize": 3.5, "linestyle": ""}


def trend(figures: Figures, height: float) -> Figure:
    """Draw the trend, `WIDTH` wide and `height` millimetres high. An incomplete day is hatched, a missing one
    a cross; days before the first that was ever loaded are left empty."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    figure = canvas(WIDTH, height)
    axes = figure.add_axes((0, 0, 1, 1))
    days, average = figures.trend, figures.headline["net_sales"].average
    loaded = [place for place, day in enumerate(days) if day.net_sales is not None]
    missing = [place for place, day in enumerate(days) if day in figures.gaps]
    partial = [place for place in loaded if not days[place].complete]
    means = {place: mean for place in loaded if (mean := days[place].weekday_mean) is not None}
    entries: list[Patch | Line2D] = []
    _bars(axes, days)
    axes.plot(missing, [0] * len(missing), zorder=3, clip_on=False, **_GAP)
    for place, mean in means.items():
        axes.hlines(float(mean), place - 0.42, place + 0.42, zorder=3, **_MEAN)
    if means:
        entries.append(Line2D([], [], label="Weekday average (last 4 weeks)", **_MEAN))
    if average is not None:
        axes.axhline(float(average), zorder=2.5, **_AVERAGE)
        entries.append(Line2D([], [], label=average_name(figures.averaged_days), **_AVERAGE))
    if partial:
        entries.append(Patch(label="Incomplete", **_HATCHED))
    if missing:
        entries.append(Line2D([], [], label="Not loaded", **_GAP))
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    weekly = range(len(days) - 1, -1, -7)
    axes.set_xlim(-0.7, len(days) - 0.3)
    axes.set_xticks(list(weekly), [short_day(days[place].business_date) for place in weekly])
    # The last label ends with its bar: centred, it would run over the edge of the chart.
    axes.get_xticklabels()[0].set(horizontalalignment="right", fontweight="bold")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    amounts_upward(axes)
    if not any(day.net_sales for day in days):
        axes.set_ylim(0, 1)
        axes.set_yticks([0])
    place_axes(figure, above=6.5, below=5)
    _fit_dates(axes, WIDTH, 7 / (len(days) + 0.4))
    if loaded and loaded[0] >= _FEWEST_FOR_WORDS and not any(place < _FEWEST_FOR_WORDS for place in missing):
        words = f"loaded since {short_day(days[loaded[0]].business_date)}"
        at = (loaded[0] - 1) / 2, sum(axes.get_ylim()) / 2
        axes.text(*at, words, ha="center", va="center", color=MUTED, fontsize=_LABEL_POINTS)
    if entries:
        legend_above(axes, entries)
    return figure


def expected(figures: Figures) -> Figure:
    """Draw the day's gross sales: both intervals as bands, the forecast as a stroke, the day as a diamond."""
    figure = canvas(EXPECTED_WIDTH, EXPECTED_HEIGHT)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    total = figures.expectation.total if figures.expectation else None
    if total is None:
        return figure
    actual, forecast = float(total.actual), float(total.forecast)
    low, high = min(float(total.lower_95), actual), max(float(total.upper_95), actual)
    point = ((high - low) or 1.0) / (EXPECTED_WIDTH * POINTS - 10)
    left, right, middle = low - 5 * point, high + 5 * point, EXPECTED_HEIGHT / 2
    axes.set(xlim=(left, right), ylim=(0, EXPECTED_HEIGHT))
    axes.plot([left, right], [middle, middle], color=GRID, linewidth=0.6, zorder=1)
    bands = ((total.lower_95, total.upper_95, FAINT), (total.lower_80, total.upper_80, PALE))
    for lower, upper, color in bands:
        long = max(float(upper - lower), 0.8 * point)
        axes.barh(middle, long, left=float(lower), height=2.4, color=color, linewidth=0, zorder=2)
    axes.plot([forecast, forecast], [middle - 1.9, middle + 1.9], color=INK, linewidth=1.2, zorder=3)
    axes.plot(actual, middle, marker="D", markersize=4.6, color=STRONG, zorder=4)
    for words, at, height, color, va in (
        ("this day", actual, EXPECTED_HEIGHT - 0.2, INK, "top"),
        ("forecast", forecast, 0.2, MUTED, "bottom"),
    ):
        half = (text_width(words) / 2 + 1) * point
        inside = min(max(at, left + half), right - half)
        axes.text(inside, height, words, ha="center", va=va, color=color, fontsize=_LABEL_POINTS)
    return figure


def outlook(figures: Figures) -> Figure:
    """Draw the coming days: the interval of each as a bar, its forecast as a stroke."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = canvas(OUTLOOK_WIDTH, OUTLOOK_HEIGHT)
    axes = figure.add_axes((0, 0, 1, 1))
    days = figures.outlook.days if figures.outlook else []
    for place, day in enumerate(days):
        low, middle, high = (float(value) for value in (day.lower_80, day.forecast, day.upper_80))
        axes.bar(place, high - low, bottom=low, width=0.5, color=PALE, linewidth=0, zorder=2)
        axes.plot([place - 0.32, place + 0.32], [middle, middle], color=INK, linewidth=1.3, zorder=3)
    axes.set_xlim(-0.6, max(len(days), 7) - 0.4)
    axes.set_xticks(range(len(days)), [short_day(day.day).replace(" ", "\n", 1) for day in days])
    highest = max((float(day.upper_80) for day in days), default=1.0)
    axes.set_ylim(0, (highest or 1.0) * 1.08)
    amounts_upward(axes)
    place_axes(figure, above=6, below=7)
    _fit_dates(axes, OUTLOOK_WIDTH, 1 / 7)
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    stroke = Line2D([], [], color=INK, linewidth=1.3, label="Forecast")
    legend_above(axes, [stroke, Patch(facecolor=PALE, label="80 % interval")])
    return figure


def _bars(axes: Axes, days: Sequence[TrendDay]) -> None:
    """Draw the days' bars: the last day is dark, one that is not complete hatched."""
    for place, day in enumerate(days):
        fill = STRONG if place == len(days) - 1 else PALE
        if day.net_sales is not None:
            axes.bar(
                place,
                float(day.net_sales),  # a length on paper, not a figure
                width=0.76,
                color=fill if day.complete else GRID,
                hatch=None if day.complete else "/////",
                edgecolor=fill,
                linewidth=0 if day.complete else 0.6,
                zorder=2,
            )


def _fit_dates(axes: Axes, width: float, step: float) -> None:
    """Make the dates as small as they must be not to run into each other: some locales write long ones.

    Args:
        axes: with the dates as labels.
        width: of the drawing, in millimetres.
        step: between two dates, as a part of the axes.
    """
    labels = [max(each.get_text().split("\n"), key=len) for each in axes.get_xticklabels()]
    is_bold = axes.get_xticklabels()[0].get_fontweight() == "bold" if labels else False
    # A bold label ends with its bar, the one before it has its middle there.
    needed = max((text_width(label, bold=is_bold) for label in labels), default=1.0) * (1.5 if is_bold else 1)
    room = step * axes.get_position().width * width * POINTS - (5 if is_bold else 3)
    axes.tick_params(axis="x", labelsize=min(_LABEL_POINTS, TEXT_POINTS * room / max(needed, 1.0)))
