"""The trend of net sales: 28 days, the pattern of the week, and the average."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ecommerce.core.text import average_name, short_day
from ecommerce.reporting.drawing import (
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
"""Millimetres."""
_BETWEEN_DATES = 5
"""Points."""
_FEWEST_FOR_WORDS = 7
"""Days before the first loaded one that leave room to say why nothing is there."""


def trend(figures: Figures, height: float) -> Figure:
    """A drawing `WIDTH` wide and `height` millimetres high. An incomplete day is hatched, a missing one a
    cross; days before the first that was ever loaded are left empty."""
    figure = canvas(WIDTH, height)
    axes = figure.add_axes((0, 0, 1, 1))
    days, missing = figures.trend, figures.gaps
    _bars(axes, days)
    crosses = [place for place, day in enumerate(days) if day in missing]
    axes.plot(crosses, [0] * len(crosses), "x", color=MUTED, markersize=3.5, zorder=3, clip_on=False)
    means = [
        (place, float(day.weekday_mean))
        for place, day in enumerate(days)
        if day.weekday_mean is not None and day.net_sales is not None
    ]
    axes.hlines(
        [mean for _, mean in means],
        [place - 0.42 for place, _ in means],
        [place + 0.42 for place, _ in means],
        color=INK,
        linewidth=1.1,
        zorder=3,
    )
    average = figures.headline["net_sales"].average
    if average is not None:
        axes.axhline(float(average), color=SIGNAL, linewidth=0.9, dashes=(4, 2.5), zorder=2.5)
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    _axes(axes, days)
    place_axes(figure, above=6.5, below=5)
    _fit_dates(axes)
    if not any(day in missing for day in days[:_FEWEST_FOR_WORDS]):
        _since(axes, days)
    name = average_name(figures.averaged_days) if average is not None else None
    _legend(axes, days, name, is_missing=bool(missing))
    return figure


def _bars(axes: Axes, days: Sequence[TrendDay]) -> None:
    """The days' bars, drawn kind by kind: the last day is dark, one that is not complete hatched."""
    kinds: dict[tuple[str, bool], list[tuple[int, float]]] = defaultdict(list)
    for place, day in enumerate(days):
        if day.net_sales is not None:
            fill = STRONG if place == len(days) - 1 else PALE
            kinds[fill, day.complete].append((place, float(day.net_sales)))  # a length on paper, not a figure
    for (fill, is_complete), bars in kinds.items():
        axes.bar(
            [place for place, _ in bars],
            [height for _, height in bars],
            width=0.76,
            color=fill if is_complete else GRID,
            hatch=None if is_complete else "/////",
            edgecolor=fill,
            linewidth=0 if is_complete else 0.6,
            zorder=2,
        )


def _axes(axes: Axes, days: Sequence[TrendDay]) -> None:
    from matplotlib.ticker import MaxNLocator

    weekly = range(len(days) - 1, -1, -7)
    axes.set_xlim(-0.7, len(days) - 0.3)
    axes.set_xticks(list(weekly), [short_day(days[place].business_date) for place in weekly])
    # The last label ends with its bar: centred, it would run over the edge of the chart.
    axes.get_xticklabels()[0].set_horizontalalignment("right")
    axes.get_xticklabels()[0].set_fontweight("bold")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    amounts_upward(axes)
    if not any(day.net_sales for day in days):
        axes.set_ylim(0, 1)
        axes.set_yticks([0])


def _fit_dates(axes: Axes) -> None:
    """Make the dates as small as they must be not to run into each other: some locales write long ones."""
    labels = [label.get_text() for label in axes.get_xticklabels()]
    if len(labels) < 2:
        return
    step = 7 * axes.get_position().width * WIDTH * POINTS / (axes.get_xlim()[1] - axes.get_xlim()[0])
    # The newest ends with its bar, the one before it has its middle there.
    needed = text_width(labels[0], bold=True) + text_width(labels[1]) / 2 + _BETWEEN_DATES
    axes.tick_params(axis="x", labelsize=(TEXT_POINTS - 0.5) * min(1.0, step / needed))


def _since(axes: Axes, days: Sequence[TrendDay]) -> None:
    loaded = [place for place, day in enumerate(days) if day.net_sales is not None]
    if loaded and loaded[0] >= _FEWEST_FOR_WORDS:
        words = f"loaded since {short_day(days[loaded[0]].business_date)}"
        low, high = axes.get_ylim()
        place, middle = (loaded[0] - 1) / 2, (low + high) / 2
        axes.text(place, middle, words, ha="center", va="center", color=MUTED, fontsize=TEXT_POINTS - 0.5)


def _legend(axes: Axes, days: Sequence[TrendDay], average: str | None, *, is_missing: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Patch | Line2D] = []
    if any(day.weekday_mean is not None and day.net_sales is not None for day in days):
        entries.append(Line2D([], [], color=INK, linewidth=1.1, label="Weekday average (previous 4)"))
    if average:
        entries.append(Line2D([], [], color=SIGNAL, linewidth=0.9, dashes=(4, 2.5), label=average))
    if any(not day.complete and day.net_sales is not None for day in days):
        hatched = Patch(facecolor=GRID, edgecolor=PALE, linewidth=0.6, hatch="/////", label="Incomplete")
        entries.append(hatched)
    if is_missing:
        gap = Line2D([], [], color=MUTED, marker="x", markersize=3.5, linestyle="", label="Not loaded")
        entries.append(gap)
    if entries:
        legend_above(axes, entries)
