"""Horizontal bars: label, bar, and figures in columns of their own, so that nothing overlaps. Labels are
measured before they are drawn and shortened where they would not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from ecommerce.core.text import NOTHING, amount, change, clean, count, country, share, source_name
from ecommerce.documents.drawing import MILLIMETRE, MUTED, SIGNAL, STRONG, canvas, shorten, text_width
from ecommerce.sales.report.changes import Contribution
from ecommerce.sales.report.figures import Breakdown, Figures
from ecommerce.sales.report.texts_headline import signed
from ecommerce.sales.report.website import STEPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, ROW = 86.0, 5.0
"""Millimetres."""
MOST = 6
"""Bars of one chart; the last of more stands for all the others."""
_GAP = 6
"""Points between two columns."""


class Bar(NamedTuple):
    """One bar: its label, its length, the two figures behind it, and whether it stands for several things."""

    label: str
    value: Decimal
    figure: str = ""
    beside: str = ""
    is_rest: bool = False


def channels(figures: Figures) -> Figure:
    """Net sales by channel, each with its share."""
    return _net_sales(figures, figures.channels, source_name)


def categories(figures: Figures) -> Figure:
    """Net sales by category."""
    return _net_sales(figures, figures.categories, clean)


def countries(figures: Figures) -> Figure:
    """Net sales by country of delivery."""
    return _net_sales(figures, figures.countries, country)


def changed_categories(figures: Figures) -> Figure:
    """What each category contributes to the change of net sales, with its own change in per cent."""
    return _contributions(figures, figures.changes.categories if figures.changes else [], clean)


def changed_countries(figures: Figures) -> Figure:
    """As `changed_categories`, by country."""
    return _contributions(figures, figures.changes.countries if figures.changes else [], country)


def changed_channels(figures: Figures) -> Figure:
    """As `changed_categories`, by channel."""
    return _contributions(figures, figures.changes.channels if figures.changes else [], source_name)


def funnel(figures: Figures) -> Figure:
    """The sessions that reached each step, and their share of all."""
    steps = figures.website.steps if figures.website else []
    whole = Decimal(steps[0].sessions) if steps else Decimal(0)
    return bars(
        [
            Bar(
                STEPS[each.step],
                Decimal(each.sessions),
                count(each.sessions),
                share(Decimal(each.sessions), whole),
            )
            for each in steps
        ]
    )


def top(
    rows: Sequence[tuple[str, Decimal, Decimal]], most: int = MOST
) -> list[tuple[str, Decimal, Decimal, bool]]:
    """Name and two amounts of the first `most` rows, and whether it is the rest: when there are more, the
    last one adds up all the others."""
    if len(rows) <= most:
        return [(*row, False) for row in rows]
    others = rows[most - 1 :]
    sums = (sum((row[1] for row in others), Decimal(0)), sum((row[2] for row in others), Decimal(0)))
    return [*((*row, False) for row in rows[: most - 1]), (f"{len(others)} others", *sums, True)]


def bars(rows: Sequence[Bar]) -> Figure:
    """The drawing of `rows`."""
    figure = canvas(WIDTH, ROW * len(rows))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    width = WIDTH * MILLIMETRE * 72  # from here on, lengths are in points
    axes.set_xlim(0, width)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    beside_left = width - max(text_width(row.beside) for row in rows) - _GAP
    figures_left = beside_left - max(text_width(row.figure) for row in rows) - _GAP
    label_width = min(max(text_width(row.label[:100]) for row in rows) + _GAP, figures_left * 0.55)
    # Lengths on paper, not figures. What stands for many things has no bar: it would dwarf the others.
    lengths = [0.0 if row.is_rest else float(row.value) for row in rows]
    low, high = min(0.0, *lengths), max(0.0, *lengths)
    scale = (figures_left - label_width) / ((high - low) or 1.0)
    zero = label_width - low * scale
    axes.barh(
        range(len(rows)),
        [length * scale for length in lengths],
        left=zero,
        height=0.56,
        color=[STRONG if length >= 0 else SIGNAL for length in lengths],
        linewidth=0,
    )
    for place, row in enumerate(rows):
        axes.text(0, place, shorten(row.label, label_width - _GAP), va="center")
        axes.text(beside_left, place, row.figure, va="center", ha="right")
        axes.text(width, place, row.beside, va="center", ha="right", color=MUTED)
    axes.plot([zero, zero], [-0.42, len(rows) - 0.58], color=MUTED, linewidth=0.5)
    return figure


def _net_sales(figures: Figures, rows: Sequence[Breakdown], name_of: Callable[[str], str]) -> Figure:
    total = sum((row.net_sales for row in rows), Decimal(0))
    return bars(
        [
            Bar(
                name if is_rest else name_of(name),
                value,
                amount(value, figures.currency),
                share(value, total),
                is_rest,
            )
            for name, value, _, is_rest in top([(row.name, row.net_sales, Decimal(0)) for row in rows])
        ]
    )


def _contributions(figures: Figures, rows: Sequence[Contribution], name_of: Callable[[str], str]) -> Figure:
    moved = [row for row in rows if row.now != row.before] or rows
    return bars(
        [
            Bar(
                name if is_rest else name_of(name),
                now - before,
                signed(now - before, figures.currency),
                _change(now, before),
                is_rest,
            )
            for name, before, now, is_rest in top([(row.name, row.before, row.now) for row in moved])
        ]
    )


def _change(now: Decimal, before: Decimal) -> str:
    said = change(now, before)
    return "new" if said == NOTHING and now else said
