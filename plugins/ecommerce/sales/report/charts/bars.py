"""Horizontal bars: label, bar and figures in columns; labels that do not fit are shortened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ecommerce.core import text
from ecommerce.reporting.drawing import (
    INK,
    MUTED,
    POINTS,
    SIGNAL,
    STRONG,
    TEXT_POINTS,
    canvas,
    shorten,
    text_width,
)
from ecommerce.reporting.sections import with_others
from ecommerce.sales.report.figures.base import Dimension
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.website import STEPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, ROW = 86.0, 5.0
"""Millimetres."""
MOST = 6
"""Bars of one chart; the last of more adds up the others."""
_GAP = 6
"""Points between two columns."""
_BASELINE = 0.26 * TEXT_POINTS / (ROW * POINTS)
"""Below the middle of a row, so that the text looks centred."""


class Bar(NamedTuple):
    """One bar: label, length, and the two figures behind it. A row that adds up others has no length: its bar
    would dwarf them."""

    label: str
    length: float
    figure: str = ""
    detail: str = ""


@dataclass(frozen=True)
class BarChart:
    """A chart of bars: its title, the rows that it draws of a day, the field with a row's name, its label,
    its length, its two figures, and the fields that are added up in a row of others."""

    title: str
    rows: Callable[[Figures], Sequence[Any]]
    name: str
    label: Callable[[str], str]
    length: Callable[[Any], Decimal]
    cells: Callable[[Any, Figures], tuple[str, str]]
    sums: tuple[str, ...] = ()

    def draw(self, figures: Figures) -> Figure:
        """Draw the largest rows, and one for the others."""
        return bars(self._bars(figures))

    def alternative(self, figures: Figures) -> str:
        """Return the label and figure of each bar, which the drawing has as outlines only."""
        return f"{self.title}: {text.listed([f'{bar.label} {bar.figure}' for bar in self._bars(figures)])}."

    def _bars(self, figures: Figures) -> list[Bar]:
        rows = self.rows(figures)
        shown = with_others(rows, MOST, self.sums, label=self.name, size=self.length, alone=text.UNALLOCATED)
        drawn = [
            Bar(self.label(getattr(row, self.name)), float(self.length(row)), *self.cells(row, figures))
            for row in shown
        ]
        if len(shown) < len(rows):
            drawn[-1] = drawn[-1]._replace(label=shown[-1].name, length=0)
        return drawn


def net_sales(dimension: Dimension) -> BarChart:
    """Return the chart of net sales by `dimension`, each with its share."""

    def cells(row: Any, figures: Figures) -> tuple[str, str]:
        total = sum((each.net_sales for each in dimension.rows(figures)), Decimal(0))
        return text.amount(row.net_sales, figures.currency), text.share(row.net_sales, total)

    title, label = f"Net sales by {dimension.name}", dimension.label
    return BarChart(title, dimension.rows, "name", label, lambda row: row.net_sales, cells, ("net_sales",))


def contributions(dimension: Dimension) -> BarChart:
    """Return the chart of the contributions to the change of net sales by `dimension`, and the change of each
    in percent."""

    def rows(figures: Figures) -> list[Any]:
        every = dimension.rows(figures.changes)
        return [row for row in every if row.now != row.before] or every

    def cells(row: Any, figures: Figures) -> tuple[str, str]:
        return text.signed(row.now - row.before, figures.currency), own_change(row)

    title = f"Contribution to the change of net sales by {dimension.name}"
    label, sums = dimension.label, ("before", "now")
    return BarChart(title, rows, "name", label, lambda row: row.now - row.before, cells, sums)


def own_change(row: Any) -> str:
    """Return the change of a row in percent, or `new`; there is none from a negative amount."""
    return "new" if row.now and not row.before else text.change(row.now, max(row.before, Decimal(0)))


def funnel() -> BarChart:
    """Return the chart of the sessions that reached each step, and their share of all."""

    def rows(figures: Figures) -> list[Any]:
        return figures.website.steps if figures.website else []

    def cells(row: Any, figures: Figures) -> tuple[str, str]:
        return text.count(row.sessions), text.share(Decimal(row.sessions), Decimal(rows(figures)[0].sessions))

    title = "Sessions by the step that they reached"
    return BarChart(title, rows, "step", STEPS.__getitem__, lambda row: row.sessions, cells)


def bars(rows: Sequence[Bar]) -> Figure:
    """Draw the rows; horizontal lengths are points, vertical ones rows."""
    figure = canvas(WIDTH, ROW * len(rows))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    width = WIDTH * POINTS
    axes.set(xlim=(0, width), ylim=(len(rows), 0))
    detail_left = width - max(text_width(row.detail) for row in rows) - _GAP
    figures_left = detail_left - max(text_width(row.figure) for row in rows) - _GAP
    label_width = min(max(text_width(row.label[:100]) for row in rows) + _GAP, figures_left * 0.65)
    low, high = min(0.0, *(row.length for row in rows)), max(0.0, *(row.length for row in rows))
    scale = (figures_left - label_width) / ((high - low) or 1.0)
    zero = label_width - low * scale
    for place, row in enumerate(rows):
        middle = place + 0.5
        for x, words, colour, side in (
            (0.0, shorten(row.label, label_width - _GAP + 0.01), INK, "left"),
            (detail_left, row.figure, INK, "right"),
            (width, row.detail, MUTED, "right"),
        ):
            axes.text(x, middle + _BASELINE, words, color=colour, ha=side, va="baseline")
        if row.length:
            colour = STRONG if row.length > 0 else SIGNAL
            axes.barh(middle, row.length * scale, left=zero, height=0.56, color=colour, linewidth=0)
    axes.vlines(zero, 0.08, len(rows) - 0.08, color=MUTED, linewidth=0.5)
    return figure
