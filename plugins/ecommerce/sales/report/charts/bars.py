"""Horizontal bars: label, bar and figures in columns; labels that do not fit are shortened.

A Jinja2 template writes these SVG files, in a tenth of the time that matplotlib takes."""

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
from ecommerce.reporting.sections import Row, with_others
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.model import Breakdown, Figures
from ecommerce.sales.report.figures.website import STEPS

WIDTH, ROW = 86.0, 5.0
"""Millimetres."""
MOST = 6
"""Bars of one chart; the last of more adds up the others."""
_GAP = 6
"""Points between two columns."""
_THICK = 0.56
"""Of a bar, as a fraction of its row."""
_BASELINE = 0.26
"""Below the middle of a row, in font sizes, so that the text looks centred."""


class Bar(NamedTuple):
    """One bar: label, length, the two figures behind it, and whether it adds up others."""

    label: str
    value: Decimal
    figure: str = ""
    detail: str = ""
    is_rest: bool = False


def channels(figures: Figures) -> str:
    """Draw net sales by channel, each with its share."""
    return _net_sales(figures, figures.channels, source_name)


def categories(figures: Figures) -> str:
    """Draw net sales by category."""
    return _net_sales(figures, figures.categories, category)


def countries(figures: Figures) -> str:
    """Draw net sales by country of delivery."""
    return _net_sales(figures, figures.countries, country)


def changed_categories(figures: Figures) -> str:
    """Draw the contribution of each category to the change of net sales, and its own change in percent."""
    return _contributions(figures, figures.changes.categories if figures.changes else [], category)


def changed_countries(figures: Figures) -> str:
    """Draw `changed_categories` by country."""
    return _contributions(figures, figures.changes.countries if figures.changes else [], country)


def changed_channels(figures: Figures) -> str:
    """Draw `changed_categories` by channel."""
    return _contributions(figures, figures.changes.channels if figures.changes else [], source_name)


def funnel(figures: Figures) -> str:
    """Draw the sessions that reached each step, and their share of all."""
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


def bars(rows: Sequence[Bar]) -> str:
    """Return the SVG file of `rows`; its lengths are points."""
    width, tall = WIDTH * POINTS, ROW * POINTS
    detail_left = width - max(text_width(row.detail) for row in rows) - _GAP
    figures_left = detail_left - max(text_width(row.figure) for row in rows) - _GAP
    label_width = min(max(text_width(row.label[:100]) for row in rows) + _GAP, figures_left * 0.65)
    # A row that adds up others has no bar: it would dwarf them.
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
        "figures_right": _points(detail_left),
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
    shown = with_others(rows, MOST, ("net_sales",), size=lambda row: row.net_sales, alone=_is_unallocated)
    return bars(
        [
            Bar(
                row.name if is_rest else name_of(row.name),
                row.net_sales,
                amount(row.net_sales, figures.currency),
                share(row.net_sales, total),
                is_rest,
            )
            for row, is_rest in _with_rest(shown, rows)
        ]
    )


def _contributions(figures: Figures, rows: Sequence[Contribution], name_of: Callable[[str], str]) -> str:
    moved = [row for row in rows if row.now != row.before] or rows
    shown = with_others(
        moved, MOST, ("before", "now"), size=lambda row: row.now - row.before, alone=_is_unallocated
    )
    return bars(
        [
            Bar(
                row.name if is_rest else name_of(row.name),
                row.now - row.before,
                signed(row.now - row.before, figures.currency),
                _change(row.now, row.before),
                is_rest,
            )
            for row, is_rest in _with_rest(shown, moved)
        ]
    )


def _with_rest(shown: Sequence[Row], rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """Return each row, and whether it adds up others."""
    return [(row, len(shown) < len(rows) and row is shown[-1]) for row in shown]


def _is_unallocated(row: Breakdown | Contribution) -> bool:
    return row.name == UNALLOCATED


def _change(now: Decimal, before: Decimal) -> str:
    return "new" if now and not before else change(now, before)
