"""How the report's charts are drawn: horizontal bars, the trend of net sales, the day within its forecast,
and the coming days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ecommerce.core.text import short_day, short_weekday
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
    shorten,
    text_width,
)
from ecommerce.sales.report.figures.model import Figures, TrendDay
from ecommerce.sales.report.terms import average_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BARS_WIDTH, ROW = 86.0, 5.0
TREND_WIDTH, TREND_HEIGHT = 120.0, 64.0
EXPECTED_WIDTH, EXPECTED_HEIGHT = 52.0, 11.5
OUTLOOK_WIDTH, OUTLOOK_HEIGHT = 86.0, 40.0
"""Millimetres."""
_COLUMN_GAP = 6
"""Points between two columns."""
_BASELINE = 0.26 * TEXT_POINTS / (ROW * POINTS)
"""Below the middle of a row, so that the text looks centred."""
_MEAN: dict[str, Any] = {"color": INK, "linewidth": 1.1}
_AVERAGE: dict[str, Any] = {"color": SIGNAL, "linewidth": 0.9, "dashes": (4, 2.5)}
_HATCHED: dict[str, Any] = {
    "facecolor": GRID,
    "edgecolor": PALE,
    "linewidth": 0.6,
    "hatch": "/////",
}
_GAP: dict[str, Any] = {
    "color": MUTED,
    "marker": "x",
    "markersize": 3.5,
    "linestyle": "",
}


class Bar(NamedTuple):
    """A row: its label, the length of its bar, and two figures. What adds up others has length 0: its bar
    would dwarf them."""

    label: str
    length: float
    figure: str = ""
    detail: str = ""


def bars(rows: Sequence[Bar]) -> Figure:
    """Draw label, bar and figures of each row in columns. Horizontal lengths are points, vertical ones rows;
    labels that do not fit are shortened."""
    figure = canvas(BARS_WIDTH, ROW * len(rows))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    width = BARS_WIDTH * POINTS
    axes.set(xlim=(0, width), ylim=(len(rows), 0))
    detail_left = width - max(text_width(row.detail) for row in rows) - _COLUMN_GAP
    figures_left = (
        detail_left - max(text_width(row.figure) for row in rows) - _COLUMN_GAP
    )
    widest_label = max(text_width(row.label[:100]) for row in rows)
    label_width = min(widest_label + _COLUMN_GAP, figures_left * 0.65)
    low, high = (
        min(0.0, *(row.length for row in rows)),
        max(0.0, *(row.length for row in rows)),
    )
    scale = (figures_left - label_width) / ((high - low) or 1.0)
    zero = label_width - low * scale
    for place, row in enumerate(rows):
        middle = place + 0.5
        for x, words, colour, side in (
            (0.0, shorten(row.label, label_width - _COLUMN_GAP + 0.01), INK, "left"),
            (detail_left, row.figure, INK, "right"),
            (width, row.detail, MUTED, "right"),
        ):
            axes.text(
                x, middle + _BASELINE, words, color=colour, ha=side, va="baseline"
            )
        if row.length:
            colour = STRONG if row.length > 0 else SIGNAL
            axes.barh(
                middle,
                row.length * scale,
                left=zero,
                height=0.56,
                color=colour,
                linewidth=0,
            )
    axes.vlines(zero, 0.08, len(rows) - 0.08, color=MUTED, linewidth=0.5)
    return figure


def trend(figures: Figures) -> Figure:
    """Draw the trend. An incomplete day is hatched, a missing one a cross; days before the first that was
    ever loaded are left empty."""
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    figure = canvas(TREND_WIDTH, TREND_HEIGHT, layout="constrained")
    axes = figure.add_subplot()
    days, average = figures.trend, figures.average("net_sales")
    missing = [place for place, day in enumerate(days) if day in figures.gaps]
    means = {
        place: float(day.weekday_mean)
        for place, day in enumerate(days)
        if day.net_sales is not None and day.weekday_mean is not None
    }
    entries: list[Any] = []
    _bars(axes, days)
    if means:
        left, right = ([place + half for place in means] for half in (-0.42, 0.42))
        name = "Weekday average (last 4 weeks)"
        entries.append(
            axes.hlines([*means.values()], left, right, zorder=3, label=name, **_MEAN)
        )
    if average is not None:
        name = average_name(figures.averaged_days)
        entries.append(axes.axhline(float(average), zorder=2.5, label=name, **_AVERAGE))
    if any(not day.complete for day in days if day.net_sales is not None):
        entries.append(Patch(label="Incomplete", **_HATCHED))
    if missing:
        zeros = [0] * len(missing)
        entries += axes.plot(
            missing, zeros, zorder=3, clip_on=False, label="Not loaded", **_GAP
        )
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    weekly = range(len(days) - 1, -1, -7)
    axes.set_xlim(-0.7, len(days) - 0.3)
    # Each label ends with its bar: centred, the last one would run over the edge of the chart.
    labels = [short_day(days[place].business_date) for place in weekly]
    axes.set_xticks(list(weekly), labels, horizontalalignment="right")
    axes.get_xticklabels()[0].set_fontweight("bold")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    amounts_upward(axes)
    if not any(day.net_sales for day in days):
        axes.set_ylim(0, 1)
        axes.set_yticks([0])
    legend_above(figure, entries)
    return figure


def expected(figures: Figures) -> Figure:
    """Draw the day's gross sales: both intervals as bands, the forecast as a stroke, the day as a diamond."""
    figure = canvas(EXPECTED_WIDTH, EXPECTED_HEIGHT)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    total = figures.expected_total
    if total is None:
        return figure
    actual, forecast = float(total.actual), float(total.forecast)
    low, high = min(float(total.lower_95), actual), max(float(total.upper_95), actual)
    point = ((high - low) or 1.0) / (EXPECTED_WIDTH * POINTS - 10)
    left, right, middle = low - 5 * point, high + 5 * point, EXPECTED_HEIGHT / 2
    axes.set(xlim=(left, right), ylim=(0, EXPECTED_HEIGHT))
    axes.plot([left, right], [middle, middle], color=GRID, linewidth=0.6, zorder=1)
    bands = (
        (total.lower_95, total.upper_95, FAINT),
        (total.lower_80, total.upper_80, PALE),
    )
    for lower, upper, color in bands:
        long = max(float(upper - lower), 0.8 * point)
        axes.barh(
            middle,
            long,
            left=float(lower),
            height=2.4,
            color=color,
            linewidth=0,
            zorder=2,
        )
    axes.plot(
        [forecast, forecast],
        [middle - 1.9, middle + 1.9],
        color=INK,
        linewidth=1.2,
        zorder=3,
    )
    axes.plot(actual, middle, marker="D", markersize=4.6, color=STRONG, zorder=4)
    for words, at, height, color, va in (
        ("this day", actual, EXPECTED_HEIGHT - 0.2, INK, "top"),
        ("forecast", forecast, 0.2, MUTED, "bottom"),
    ):
        side = "left" if at < (left + right) / 2 else "right"
        axes.text(
            at, height, words, ha=side, va=va, color=color, fontsize=TEXT_POINTS - 0.5
        )
    return figure


def outlook(figures: Figures) -> Figure:
    """Draw the coming days: the interval of each as a bar, its forecast as a stroke."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = canvas(OUTLOOK_WIDTH, OUTLOOK_HEIGHT, layout="constrained")
    axes = figure.add_subplot()
    days = figures.outlook.days if figures.outlook else []
    for place, day in enumerate(days):
        low, middle, high = (
            float(value) for value in (day.lower_80, day.forecast, day.upper_80)
        )
        axes.bar(
            place, high - low, bottom=low, width=0.5, color=PALE, linewidth=0, zorder=2
        )
        axes.plot(
            [place - 0.32, place + 0.32],
            [middle, middle],
            color=INK,
            linewidth=1.3,
            zorder=3,
        )
    axes.set_xlim(-0.6, max(len(days), 7) - 0.4)
    axes.set_xticks(
        range(len(days)),
        [f"{short_weekday(each.day)}\n{each.day.day}" for each in days],
    )
    highest = max((float(day.upper_80) for day in days), default=1.0)
    axes.set_ylim(0, (highest or 1.0) * 1.08)
    amounts_upward(axes)
    axes.axhline(0, color=MUTED, linewidth=0.6, zorder=2.6)
    stroke = Line2D([], [], color=INK, linewidth=1.3, label="Forecast")
    legend_above(figure, [stroke, Patch(facecolor=PALE, label="80 % interval")])
    return figure


def _bars(axes: Axes, days: Sequence[TrendDay]) -> None:
    """Draw the days' bars: the last day is dark, one that is not complete hatched."""
    for place, day in enumerate(days):
        if day.net_sales is None:
            continue
        fill = STRONG if place == len(days) - 1 else PALE
        look: dict[str, Any] = {"color": fill, "linewidth": 0}
        if not day.complete:
            look = _HATCHED | {"edgecolor": fill}
        # A length on paper, not a figure.
        axes.bar(place, float(day.net_sales), width=0.76, zorder=2, **look)
