"""The sales of the day by channel, category, country, shop and an attribute of the orders."""

from typing import Any

from ecommerce.core import text
from ecommerce.reporting.parts import total
from ecommerce.reporting.sections import Section, rendered_table, with_others
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts.base import (
    CATEGORY,
    CHANNEL,
    COUNTRY,
    SHOP,
    Dimension,
    ranked_bars,
)

FIGURES = ("units", "gross_sales", "discounts", "returns", "net_sales")
"""The figures of a breakdown, apart from the number of orders."""
MOST_ROWS = 21
"""Of a table; the last one is all others. figures.json and figures.csv have all."""


def tables(figures: Figures) -> list[Section]:
    """Return the sales by channel, category and country, by shop of several, and for the annex by
    `REPORT_ATTRIBUTE` where it is set."""
    dimensions = [CHANNEL, CATEGORY, COUNTRY]
    if figures.shops:
        dimensions.append(SHOP)
    sections = [by_dimension(figures, dimension) for dimension in dimensions]
    if figures.attribute:
        attribute = Dimension(terms.label(figures.attribute), "attributes", text.clean)
        section = by_dimension(figures, attribute)
        sections.append(section | {"id": "attribute", "annex": True, "chart": None})
    return sections


def by_shop(figures: Figures) -> Section:
    """Return the sales by shop of several, or else by channel."""
    return by_dimension(figures, SHOP if figures.shops else CHANNEL)


def by_dimension(
    figures: Any, dimension: Dimension, *, before: str = "", most: int = MOST_ROWS
) -> Section:
    """Return the sales of a day's or a period's figures by a dimension, in at most `most` rows; with the
    changes since the period that is named `before`, if any."""
    rows = dimension.rows(figures)
    sales = total(rows, "net_sales")
    facts = {
        "dimension": dimension,
        "rows": with_others(rows, most, "net_sales", alone=terms.UNALLOCATED),
        "currency": figures.currency,
        "sales": sales,
        "before": before,
        "own_change": terms.own_change,
    }
    chart = ranked_bars(
        f"{dimension.plural}.svg",
        "Net sales",
        dimension,
        rows,
        "net_sales",
        figure=lambda row: text.amount(row.net_sales, figures.currency),
        detail=lambda row: text.share(row.net_sales, sales),
    )
    section = rendered_table("tables/breakdown.txt", facts, chart=chart)
    return section | {"id": dimension.plural}
