"""Horizontal bars: label, bar, and figures in columns of their own, so that nothing overlaps. Labels are
measured before they are drawn and shortened where they would not fit.

These are SVG files of rectangles and texts, which a Jinja2 template writes: matplotlib takes ten times as
long to lay the same out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from ecommerce.core.templates import render
from ecommerce.core.text import (
    UNALLOCATED,
    amount,
    category,
    change,
    count,
    country,
    share,
    signed,
    source_name,
)
from ecommerce.reporting import svg_text
from ecommerce.reporting.drawing import INK, MUTED, POINTS, SIGNAL, STRONG, TEXT_POINTS, shorten, text_width
from ecommerce.reporting.sections import first_and_others
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.model import Breakdown, Figures
from ecommerce.sales.report.figures.website import STEPS

WIDTH, ROW = 86.0, 5.0
"""Millimetres."""
MOST = 6
"""Bars of one chart; the last of more stands for all the others."""
_GAP = 6
"""Points between two columns."""
_THICK = 0.56
"""Of a bar, as a part of its row."""
_BASELINE = 0.26
"""Below the middle of a row, in heights of the letters: there its text looks centred."""


class Bar(NamedTuple):
    """One bar: its label, its length, the two figures behind it, and whether it stands for several things."""

    label: str
    value: Decimal
    figure: str = ""
    beside: str = ""
    is_rest: bool = False


def channels(figures: Figures) -> str:
    """Net sales by channel, each with its share."""
    return _net_sales(figures, figures.channels, source_name)


def categories(figures: Figures) -> str:
    """Net sales by category."""
    return _net_sales(figures, figures.categories, category)


def countries(figures: Figures) -> str:
    """Net sales by country of delivery."""
    return _net_sales(figures, figures.countries, country)


def changed_categories(figures: Figures) -> str:
    """What each category contributes to the change of net sales, with its own change in per cent."""
    return _contributions(figures, figures.changes.categories if figures.changes else [], category)


def changed_countries(figures: Figures) -> str:
    """As `changed_categories`, by country."""
    return _contributions(figures, figures.changes.countries if figures.changes else [], country)


def changed_channels(figures: Figures) -> str:
    """As `changed_categories`, by channel."""
    return _contributions(figures, figures.changes.channels if figures.changes else [], source_name)


def funnel(figures: Figures) -> str:
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
    """Name and two amounts of the `most` largest rows, and whether it is the rest: when there are more, the
    last one adds up all the others but returns of whole orders."""
    first, others = first_and_others(
        rows, most, size=lambda row: row[2] - row[1], alone=lambda row: row[0] == UNALLOCATED
    )
    shown = [(*row, False) for row in first]
    if others:
        sums = (sum((row[1] for row in others), Decimal(0)), sum((row[2] for row in others), Decimal(0)))
        shown.append((f"{len(others)} others", *sums, True))
    return shown


def bars(rows: Sequence[Bar]) -> str:
    """The SVG file of `rows`. Its lengths are points."""
    width, tall = WIDTH * POINTS, ROW * POINTS
    beside_left = width - max(text_width(row.beside) for row in rows) - _GAP
    figures_left = beside_left - max(text_width(row.figure) for row in rows) - _GAP
    label_width = min(max(text_width(row.label[:100]) for row in rows) + _GAP, figures_left * 0.65)
    # Lengths on paper, not figures. What stands for many things has no bar: it would dwarf the others.
    lengths = [0.0 if row.is_rest else float(row.value) for row in rows]
    low, high = min(0.0, *lengths), max(0.0, *lengths)
    scale = (figures_left - label_width) / ((high - low) or 1.0)
    zero = label_width - low * scale
    drawn = []
    for place, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        middle = (place + 0.5) * tall
        drawn.append(
            row._asdict()
            | {
                "label": shorten(row.label, label_width - _GAP + 0.01),
                "left": _points(zero + min(length, 0) * scale),
                "length": _points(abs(length) * scale),
                "fill": STRONG if length >= 0 else SIGNAL,
                "top": _points(middle - _THICK * tall / 2),
                "baseline": _points(middle + _BASELINE * TEXT_POINTS),
            }
        )
    facts = {
        "width": _points(width),
        "height": _points(tall * len(rows)),
        "rows": drawn,
        "thick": _points(_THICK * tall),
        "figures_right": _points(beside_left),
        "zero": _points(zero),
        "line_top": _points(0.08 * tall),
        "line_bottom": _points((len(rows) - 0.08) * tall),
        "size": TEXT_POINTS,
        "ink": INK,
        "muted": MUTED,
    }
    return svg_text.set_fonts(render("charts/bars.svg", facts))


def _points(length: float) -> float:
    return round(length, 3)


def _net_sales(figures: Figures, rows: Sequence[Breakdown], name_of: Callable[[str], str]) -> str:
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


def _contributions(figures: Figures, rows: Sequence[Contribution], name_of: Callable[[str], str]) -> str:
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
    return "new" if now and not before else change(now, before)
