"""Charts of the forecast: the day within its intervals, and the coming days. All amounts are gross sales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ecommerce.core.text import short_day
from ecommerce.reporting.drawing import (
    FAINT,
    GRID,
    INK,
    MUTED,
    PALE,
    POINTS,
    STRONG,
    TEXT_POINTS,
    amounts_upward,
    canvas,
    legend_above,
    place_axes,
    text_width,
)
from ecommerce.sales.report.figures.model import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 52.0, 11.5
OUTLOOK_WIDTH, OUTLOOK_HEIGHT = 86.0, 40.0
"""Millimetres."""


def expected(figures: Figures) -> Figure:
    """Draw the day's gross sales: both intervals as bands, the forecast as a stroke, the day as a diamond."""
    figure = canvas(WIDTH, HEIGHT)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    width = WIDTH * POINTS
    axes.set_xlim(0, width)
    axes.set_ylim(0, HEIGHT)
    total = figures.expectation.total if figures.expectation else None
    if total is None:
        return figure
    # Lengths on paper, not figures.
    low, high = float(min(total.lower_95, total.actual)), float(max(total.upper_95, total.actual))
    scale = (width - 10) / ((high - low) or 1.0)

    def place(value: object) -> float:
        return 5 + (float(value) - low) * scale  # type: ignore[arg-type]

    middle = HEIGHT / 2
    axes.plot([0, width], [middle, middle], color=GRID, linewidth=0.6, zorder=1)
    for lower, upper, color, high_by in (
        (total.lower_95, total.upper_95, FAINT, 2.4),
        (total.lower_80, total.upper_80, PALE, 2.4),
    ):
        long = max(place(upper) - place(lower), 0.8)
        axes.barh(middle, long, left=place(lower), height=high_by, color=color, linewidth=0, zorder=2)
    forecast, actual = place(total.forecast), place(total.actual)
    axes.plot([forecast, forecast], [middle - 1.9, middle + 1.9], color=INK, linewidth=1.2, zorder=3)
    axes.plot(actual, middle, marker="D", markersize=4.6, color=STRONG, zorder=4)
    _label(axes, "this day", actual, HEIGHT - 0.2, color=INK, va="top")
    _label(axes, "forecast", forecast, 0.2, color=MUTED, va="bottom")
    return figure


def outlook(figures: Figures) -> Figure:
    """Draw the coming days: the interval of each as a bar, its forecast as a stroke."""
    figure = canvas(OUTLOOK_WIDTH, OUTLOOK_HEIGHT)
    axes = figure.add_axes((0, 0, 1, 1))
    days = figures.outlook.days if figures.outlook else []
    for place, day in enumerate(days):
        low, middle, high = (float(value) for value in (day.lower_80, day.forecast, day.upper_80))
        axes.bar(place, high - low, bottom=low, width=0.5, color=PALE, linewidth=0, zorder=2)
        axes.plot([place - 0.32, place + 0.32], [middle, middle], color=INK, linewidth=1.3, zorder=3)
    axes.set_xlim(-0.6, max(len(days), 7) - 0.4)
    labels = [short_day(day.day).replace(" ", "\n", 1) for day in days]
    axes.set_xticks(range(len(days)), labels)
    highest = max((float(day.upper_80) for day in days), default=1.0)
    axes.set_ylim(0, (highest or 1.0) * 1.08)
    amounts_upward(axes)
    place_axes(figure, above=6, below=7)
    axes.tick_params(axis="x", labelsize=_size(labels, axes.get_position().width))
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    _outlook_legend(axes)
    return figure


def _size(labels: Sequence[str], wide: float) -> float:
    """Return the font size with which the days fit on axes of this width, a part of the drawing."""
    room = OUTLOOK_WIDTH * wide * POINTS / 7 - 3
    widest = max((text_width(line) for label in labels for line in label.split("\n")), default=0.0)
    return min(TEXT_POINTS - 0.5, TEXT_POINTS * room / max(widest, 1))


def _outlook_legend(axes: Axes) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    stroke = Line2D([], [], color=INK, linewidth=1.3, label="Forecast")
    legend_above(axes, [stroke, Patch(facecolor=PALE, label="80 % interval")])


def _label(axes: Axes, words: str, at: float, height: float, **style: Any) -> None:
    """Write words centred at `at`, or where they stay within the drawing."""
    half, width = text_width(words) / 2 + 1, axes.get_xlim()[1]
    axes.text(
        min(max(at, half), width - half), height, words, ha="center", fontsize=TEXT_POINTS - 0.5, **style
    )
