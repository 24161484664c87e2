"""The change of net sales: the sections on contributions and on rising and falling products."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ecommerce.core import text
from ecommerce.reporting.sections import Section, name, number, quiet, table, with_others
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.contributions import Changes, Contribution, Mover
from ecommerce.sales.report.figures.model import Figures

MOST = 20
"""Contributions of one kind; the last one adds up the others."""

_KINDS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "categories": ("By category", chart_files.CHANGES_CATEGORIES, text.category),
    "countries": ("By country", chart_files.CHANGES_COUNTRIES, text.country),
    "channels": ("By channel", chart_files.CHANGES_CHANNELS, text.source_name),
}


def sentence(figures: Figures) -> str:
    """Return the change in half a line: `net sales 16,120.00 → 18,342.56 USD: +2,222.56 (+13.8 %)`."""
    changes, currency = figures.changes, figures.currency
    if changes is None:
        return no_base(figures)
    before, now = text.amount(changes.before, currency), text.amount(changes.now, currency)
    difference = text.signed(changes.now - changes.before, currency)
    percent = text.change(changes.now, changes.before)
    in_percent = f" ({percent})" if percent != text.NOTHING else ""
    return f"net sales {before} → {now} {currency}: {difference}{in_percent}{_without(changes)}"


def no_base(figures: Figures) -> str:
    """Return why no change is stated."""
    week, before = (text.short_day(figures.business_date - timedelta(days=days)) for days in (7, 1))
    return f"No change is stated: neither {week} nor {before} is loaded and complete."


def sections(figures: Figures) -> list[Section]:
    """Return the contributions by category, country and channel, then the products."""
    base = text.short_day(figures.changes.base) if figures.changes else "Before"
    return [_contributions(figures, kind, base) for kind in _KINDS] + _movers(figures, base)


def _without(changes: Changes) -> str:
    return f", without {text.listed(map(text.clean, changes.unconverted))}" if changes.unconverted else ""


def _contributions(figures: Figures, kind: str, base: str) -> Section:
    title, chart, name_of = _KINDS[kind]
    changes, currency = figures.changes, figures.currency
    rows: list[Contribution] = getattr(changes, kind) if changes else []
    shown = with_others(rows, MOST, ("before", "now"), alone=lambda row: row.name == text.UNALLOCATED)
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
        [[name_of(row.name), *_cells(row, currency), text.change(row.now, row.before)] for row in shown],
        empty="No sales on either day." if changes else no_base(figures),
        note=f"contribution to the change of net sales in {currency}{_without(changes) if changes else ''}",
        chart=chart,
    )


def _movers(figures: Figures, base: str) -> list[Section]:
    changes, currency = figures.changes, figures.currency
    titles = (("rising", "Rising products", "rose"), ("falling", "Falling products", "fell"))
    sections = []
    for section_id, title, verb in titles:
        rows: list[Mover] = getattr(changes, section_id) if changes else []
        sections.append(
            table(
                section_id,
                title,
                [name("Product"), quiet(base), number("This day"), number("Change")],
                [[text.clean(row.name or row.sku), *_cells(row, currency)] for row in rows],
                keys=[row.sku for row in rows],
                empty=f"No product {verb}." if changes else no_base(figures),
                note=f"sales after discounts, in {currency}",
            )
        )
    return sections


def _cells(row: Contribution | Mover, currency: str) -> list[str]:
    before, now = text.amount(row.before, currency), text.amount(row.now, currency)
    return [before, now, text.signed(row.now - row.before, currency)]
