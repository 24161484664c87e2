"""What the report says of where the change comes from: contributions, and products that rose or fell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.reporting.sections import Section, first_and_others, name, number, quiet, table
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.contributions import Changes, Contribution, Mover
from ecommerce.sales.report.figures.model import Figures

MOST = 20
"""Contributions of one kind; those behind are added up."""

_KINDS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "categories": ("By category", chart_files.CHANGES_CATEGORIES, text.category),
    "countries": ("By country", chart_files.CHANGES_COUNTRIES, text.country),
    "channels": ("By channel", chart_files.CHANGES_CHANNELS, text.source_name),
}


def sentence(figures: Figures) -> str:
    """The whole change in half a line: `16,120.00 → 18,342.56, +2,222.56 (+13.8 %)`."""
    changes, currency = figures.changes, figures.currency
    if changes is None:
        return no_base(figures)
    before, now = text.amount(changes.before, currency), text.amount(changes.now, currency)
    difference = text.signed(changes.now - changes.before, currency)
    percent = text.change(changes.now, changes.before)
    said = f" ({percent})" if percent != text.NOTHING else ""
    return f"net sales {before} → {now} {currency}: {difference}{said}{without(changes)}"


def without(changes: Changes) -> str:
    """`, without BRL`: the currencies that neither day has; nothing where there are none."""
    return f", without {', '.join(map(text.clean, changes.unconverted))}" if changes.unconverted else ""


def no_base(figures: Figures) -> str:
    """Why there is no change to speak of."""
    week, before = (text.short_day(figures.business_date - timedelta(days=days)) for days in (7, 1))
    return f"No change is stated: neither {week} nor {before} is loaded and complete."


def sections(figures: Figures) -> list[Section]:
    """The contributions by category, country and channel, then the products."""
    base = text.short_day(figures.changes.base) if figures.changes else "Before"
    return [_contributions(figures, kind, base) for kind in _KINDS] + _movers(figures, base)


def rest(rows: Sequence[Contribution], most: int) -> list[Contribution]:
    """The first `most` rows; when there are more, the last one adds up all the others but returns of whole
    orders."""
    shown, others = first_and_others(rows, most, alone=lambda row: row.name == text.UNALLOCATED)
    if others:
        before, now = (sum((getattr(row, each) for row in others), Decimal(0)) for each in ("before", "now"))
        shown.append(Contribution(name=f"{len(others)} others", before=before, now=now))
    return shown


def _contributions(figures: Figures, kind: str, base: str) -> Section:
    title, chart, name_of = _KINDS[kind]
    rows: list[Contribution] = getattr(figures.changes, kind) if figures.changes else []
    currency = figures.currency
    return table(
        f"changes_{kind}",
        title,
        [
            name(title.removeprefix("By ").capitalize()),
            quiet(base),
            number("This day"),
            number("Contribution"),
            quiet("Change"),
        ],
        [
            [
                name_of(row.name),
                text.amount(row.before, currency),
                text.amount(row.now, currency),
                text.signed(row.now - row.before, currency),
                text.change(row.now, row.before),
            ]
            for row in rest(rows, MOST)
        ],
        empty="No sales on either day." if figures.changes else no_base(figures),
        note=f"contribution to the change of net sales{without(figures.changes) if figures.changes else ''}",
        chart=chart,
    )


def _movers(figures: Figures, base: str) -> list[Section]:
    found: Changes | None = figures.changes
    named = (("rising", "Rising products", "rose"), ("falling", "Falling products", "fell"))
    return [
        table(
            section_id,
            title,
            [name("Product"), quiet(base), number("This day"), number("Change")],
            [_mover(row, figures.currency) for row in getattr(found, section_id, ())],
            keys=[row.sku for row in getattr(found, section_id, ())],
            empty=f"No product {verb}." if found else no_base(figures),
            note="sales after discounts",
        )
        for section_id, title, verb in named
    ]


def _mover(row: Mover, currency: str) -> list[str]:
    return [
        text.clean(row.name or row.sku),
        text.amount(row.before, currency),
        text.amount(row.now, currency),
        text.signed(row.now - row.before, currency),
    ]
