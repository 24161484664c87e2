"""Contributions to the change of net sales: by category, country, channel, shop, customers and kind of
amount, and by product. The view `sales_contributions` has the rules."""

from ecommerce.core.templates import render
from ecommerce.core.values import Values
from ecommerce.reporting.sections import Section, rendered_table, with_others
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
    return render("summary/changed.txt", _facts(figures)).strip()


def _facts(figures: Figures) -> Values:
    """Return what all templates of the changes need."""
    unconverted = figures.changes.unconverted if figures.changes else []
    return {
        "figures": figures,
        "no_base": no_base(figures),
        "signed": terms.signed,
        "left_out": terms.without_amounts(unconverted),
    }


def no_base(figures: Figures) -> str:
    """Return why no change is stated."""
    before = base_name(figures, "day_before")
    week_before = base_name(figures, "week_before")
    return f"No change is stated: neither {week_before} nor {before} is loaded and complete."


def _contributions(figures: Figures, dimension: Dimension) -> Section:
    rows = dimension.rows(figures.changes)
    facts = {
        "dimension": dimension,
        "rows": with_others(rows, MOST_ROWS, "change", alone=terms.UNALLOCATED),
        "own_change": terms.own_change,
    }
    chart = ranked_bars(
        f"changes-{dimension.plural}.svg",
        "Contribution to the change of net sales",
        dimension,
        [row for row in rows if row.change] or rows,
        "change",
        figure=lambda row: terms.signed(row.change, figures.currency),
        detail=lambda row: terms.own_change(row.now, row.before),
    )
    facts |= _facts(figures)
    section = rendered_table("tables/contributions.txt", facts, chart=chart)
    return section | {"id": f"changes_{dimension.plural}"}


def _products(figures: Figures, movement: str, verb: str) -> Section:
    rows = getattr(figures.changes, movement, [])
    facts = {"rows": rows, "movement": movement, "verb": verb}
    facts |= _facts(figures) | {"product_name": product_name}
    keys = [row.sku for row in rows]
    section = rendered_table("tables/movers.txt", facts, keys=keys)
    return section | {"id": movement}
