"""The report's charts as SVG files. Labels are measured before they are drawn and shortened where they would
not fit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecommerce.core.text import amount, average_name, clean, share, short_day, source_name
from ecommerce.documents.drawing import (
    INK,
    MILLIMETRE,
    MUTED,
    PALE,
    SIGNAL,
    STRONG,
    amounts_upward,
    canvas,
    legend_above,
    save,
    shorten,
    style,
    text_width,
)
from ecommerce.sales.report.figures import Figures, TrendDay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TREND, CHANNELS, CATEGORIES = "trend.svg", "channels.svg", "categories.svg"
CHARTS = (TREND, CHANNELS, CATEGORIES)

_TREND_WIDTH, _TREND_HEIGHT = 178.0, 82.0
_BAR_WIDTH, _BAR_ROW = 86.0, 5.6
_MOST_BARS = 8


class Bar(NamedTuple):
    """One bar: its label, its length, and whether it stands for several things at once."""

    label: str
    value: Decimal
    is_rest: bool = False


def draw(figures: Figures, folder: Path, lower_by: float = 0.0) -> list[Path]:
    """Write the charts `CHARTS` into `folder`; every one exists whatever the figures are. The trend is drawn
    `lower_by` millimetres lower than usual, to leave page one room for other things."""
    channels = [Bar(source_name(row.name), row.net_sales) for row in figures.channels]
    categories = [Bar(clean(row.name), row.net_sales) for row in figures.categories]
    with style():
        save(_trend(figures, _TREND_HEIGHT - lower_by), folder / TREND)
        save(_bars(top_bars(channels), figures.currency), folder / CHANNELS)
        save(_bars(top_bars(categories), figures.currency), folder / CATEGORIES)
    return [folder / name for name in CHARTS]


def top_bars(bars: Sequence[Bar], most: int = _MOST_BARS) -> list[Bar]:
    """The first `most` bars; when there are more, the last one adds up all the others."""
    if len(bars) <= most:
        return list(bars)
    others = bars[most - 1 :]
    rest = sum((bar.value for bar in others), Decimal(0))
    return [*bars[: most - 1], Bar(f"{len(others)} others", rest, is_rest=True)]


def _trend(figures: Figures, height: float) -> Figure:
    figure = canvas(_TREND_WIDTH, height)
    above, below = 7 / height, 6 / height  # room for the legend and for the dates
    axes = figure.add_axes((0.065, below, 0.93, 1 - above - below))
    days = figures.trend
    for place, day in enumerate(days):
        if day.net_sales is None:
            axes.plot(place, 0, marker="x", color=MUTED, markersize=3.5, zorder=3, clip_on=False)
            continue
        axes.bar(
            place,
            float(day.net_sales),  # a length on paper, not a figure
            width=0.74,
            color=STRONG if day.business_date == figures.business_date else PALE,
            hatch=None if day.complete else "/////",
            edgecolor="white",
            linewidth=0,
            zorder=2,
        )
    for place, day in enumerate(days):
        if day.weekday_mean is not None:
            mean = float(day.weekday_mean)
            axes.plot([place - 0.37, place + 0.37], [mean, mean], color=INK, linewidth=1.1, zorder=3)
    average = figures.headline["net_sales"].average
    if average is not None:
        axes.axhline(float(average), color=SIGNAL, linewidth=0.9, dashes=(4, 2.5), zorder=2.5)
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    _trend_axes(axes, days)
    _trend_legend(axes, days, average_name(figures.averaged_days) if average is not None else None)
    return figure


def _trend_axes(axes: Axes, days: Sequence[TrendDay]) -> None:
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


def _trend_legend(axes: Axes, days: Sequence[TrendDay], average: str | None) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries: list[Patch | Line2D] = [
        Patch(facecolor=STRONG, label="This day"),
        Patch(facecolor=PALE, label="Days before"),
    ]
    if any(day.weekday_mean is not None for day in days):
        entries.append(Line2D([], [], color=INK, linewidth=1.1, label="Mean of its weekday"))
    if average:
        entries.append(Line2D([], [], color=SIGNAL, linewidth=0.9, dashes=(4, 2.5), label=average))
    if any(not day.complete and day.net_sales is not None for day in days):
        hatched = Patch(facecolor=PALE, edgecolor="white", linewidth=0, hatch="/////", label="Incomplete")
        entries.append(hatched)
    if any(day.net_sales is None for day in days):
        gap = Line2D([], [], color=MUTED, marker="x", markersize=3.5, linestyle="", label="Not loaded")
        entries.append(gap)
    legend_above(axes, entries)


def _bars(bars: Sequence[Bar], currency: str) -> Figure:
    """Horizontal bars: label, bar, amount and share in columns of their own, so that nothing overlaps."""
    figure = canvas(_BAR_WIDTH, _BAR_ROW * max(len(bars), 1))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    width = _BAR_WIDTH * MILLIMETRE * 72  # from here on, lengths are in points
    axes.set_xlim(0, width)
    axes.set_ylim(max(len(bars), 1) - 0.5, -0.5)
    if not bars:
        axes.text(0, 0, "No sales", color=MUTED, va="center")
        return figure
    total = sum((bar.value for bar in bars), Decimal(0))
    amounts = [amount(bar.value, currency) for bar in bars]
    shares = [share(bar.value, total) for bar in bars]
    shares_left = width - max(map(text_width, shares)) - 6
    amounts_left = shares_left - max(map(text_width, amounts)) - 6
    label_width = min(max(text_width(bar.label) for bar in bars) + 6, amounts_left * 0.55)
    low, high = min(0.0, *(float(bar.value) for bar in bars)), max(0.0, *(float(bar.value) for bar in bars))
    scale = (amounts_left - label_width) / ((high - low) or 1.0)
    zero = label_width - low * scale
    for place, bar in enumerate(bars):
        axes.text(0, place, shorten(bar.label, label_width - 6), va="center")
        color = MUTED if bar.is_rest else STRONG if bar.value >= 0 else SIGNAL
        axes.barh(place, float(bar.value) * scale, left=zero, height=0.56, color=color, linewidth=0)
        axes.text(shares_left, place, amounts[place], va="center", ha="right")
        axes.text(width, place, shares[place], va="center", ha="right", color=MUTED)
    axes.plot([zero, zero], [-0.42, len(bars) - 0.58], color=MUTED, linewidth=0.5)
    return figure
