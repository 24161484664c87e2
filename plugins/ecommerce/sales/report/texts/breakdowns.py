"""The sales of the day by channel, category, country, shop and an attribute of the orders."""

from collections.abc import Collection
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.parts import total
from ecommerce.reporting.sections import (
    Section,
    TableColumn,
    amounts,
    column_table,
    counts,
    named,
    quantities,
    quiet,
    roomy,
    with_others,
)
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
    figures: Any,
    dimension: Dimension,
    *,
    changes: Collection[TableColumn] = (),
    most: int = MOST_ROWS,
) -> Section:
    """Return the sales of a day's or a period's figures by a dimension, in at most `most` rows; `changes` are
    further columns."""
    rows = dimension.rows(figures)
    currency = figures.currency
    sales = total(rows, "net_sales")
    orders = [] if dimension is CATEGORY else [counts("Orders", "orders")]
    net_sales = amounts("Net sales", "net_sales", currency)
    share = (quiet("Share"), lambda row: text.share(row.net_sales, sales))
    return column_table(
        dimension.plural,
        f"By {dimension.name.lower()}",
        with_others(rows, most, "net_sales", alone=terms.UNALLOCATED),
        named(dimension.name.capitalize(), "name", dimension.label),
        *orders,
        roomy(quantities("Units", "units")),
        roomy(amounts("Gross sales", "gross_sales", currency)),
        roomy(amounts("Discounts", "discounts", currency)),
        roomy(amounts("Returns", "returns", currency)),
        net_sales,
        share,
        *changes,
        empty="No sales.",
        note=f"amounts in {currency}",
        chart=ranked_bars(
            f"{dimension.plural}.svg",
            "Net sales",
            dimension,
            rows,
            "net_sales",
            net_sales,
            share,
        ),
    )
