"""Contributions to the change of net sales: by category, country, channel, shop, customers and kind of
amount, and by product. The view `sales_contributions` has the rules."""

from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.templates import render
from ecommerce.reporting.parts import ZERO
from ecommerce.reporting.sections import (
    Section,
    TableColumn,
    amounts,
    column_table,
    name,
    named,
    number,
    quiet,
    with_others,
)
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts.base import (
    DIMENSIONS,
    SHOP,
    Dimension,
    ranked_bars,
)
from ecommerce.sales.report.texts.headline import base_name
from ecommerce.sales.report.texts.products import product_name

MOST_ROWS = 20
"""Rows of a table, the last one for all others; figures.json and figures.csv have all."""


def tables(figures: Figures) -> list[Section]:
    """Return the contributions by category, country and channel, by shop of several, then the products."""
    sections = []
    for dimension in DIMENSIONS:
        if dimension is not SHOP or figures.shops:
            sections.append(_contributions(figures, dimension))
    return [
        *sections,
        _products(figures, "rising", "rose"),
        _products(figures, "falling", "fell"),
    ]


def change_words(figures: Figures) -> str:
    """Return the change in half a line: `net sales 16,120.00 → 18,342.56 USD, +2,222.56`."""
    facts = {
        "figures": figures,
        "no_base": no_base(figures),
        "signed": terms.signed,
        "left_out": left_out(figures),
    }
    return render("summary/changed.txt", facts).strip()


def no_base(figures: Figures) -> str:
    """Return why no change is stated."""
    before = base_name(figures, "day_before")
    week_before = base_name(figures, "week_before")
    return f"No change is stated: neither {week_before} nor {before} is loaded and complete."


def left_out(figures: Figures) -> str:
    """Return `, without amounts in BRL`; nothing where no currency is left out."""
    changes = figures.changes
    return terms.without_amounts(changes.unconverted) if changes else ""


def own_change(now: Decimal, before: Decimal | None) -> str:
    """Return the change of a row in percent, or `new`; there is none from a negative amount."""
    if now and before == 0:
        return "new"
    return text.change(now, max(before or ZERO, ZERO))


def _contributions(figures: Figures, dimension: Dimension) -> Section:
    rows = dimension.rows(figures.changes)
    before, now, contribution = _both_days(figures, "Contribution")
    change = (quiet("Change"), lambda row: own_change(row.now, row.before))
    return column_table(
        f"changes_{dimension.plural}",
        f"By {dimension.name}",
        with_others(rows, MOST_ROWS, "change", alone=terms.UNALLOCATED),
        named(dimension.name.capitalize(), "name", dimension.label),
        before,
        now,
        contribution,
        change,
        empty="No sales on either day." if figures.changes else no_base(figures),
        note=f"contribution to the change of net sales in {figures.currency}{left_out(figures)}",
        chart=ranked_bars(
            f"changes-{dimension.plural}.svg",
            "Contribution to the change of net sales",
            dimension,
            [row for row in rows if row.change] or rows,
            "change",
            contribution,
            change,
        ),
    )


def _products(figures: Figures, movement: str, verb: str) -> Section:
    rows = getattr(figures.changes, movement, [])
    return column_table(
        movement,
        f"{terms.capital(movement)} products",
        rows,
        (name("Product"), product_name),
        *_both_days(figures, "Change"),
        keys=[row.sku for row in rows],
        empty=f"No product {verb}." if figures.changes else no_base(figures),
        note=f"sales before returns, in {figures.currency}",
    )


def _both_days(figures: Figures, difference: str) -> list[TableColumn]:
    currency = figures.currency
    base = text.short_day(figures.changes.base) if figures.changes else "Before"
    return [
        (quiet(base), lambda row: text.amount(row.before, currency)),
        amounts("This day", "now", currency),
        (number(difference), lambda row: terms.signed(row.change, currency)),
    ]
