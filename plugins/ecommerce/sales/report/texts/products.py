"""The best-selling products of the day."""

from collections.abc import Collection, Sequence
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import (
    Section,
    TableColumn,
    amounts,
    column_table,
    name,
    named,
    quantities,
    roomy,
)
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures


def tables(figures: Figures) -> list[Section]:
    """Return the table of the products."""
    return [
        product_table("products", "Top products", figures.products, figures.currency)
    ]


def product_table(
    section_id: str,
    title: str,
    products: Sequence[Any],
    currency: str,
    changes: Collection[TableColumn] = (),
) -> Section:
    """Return a table of products with their sales; `changes` are further columns."""
    return column_table(
        section_id,
        title,
        products,
        roomy(named("SKU", "sku", grow=0.7)),
        (name("Product", 2), product_name),
        roomy(named("Category", "category", terms.category)),
        quantities("Units", "units"),
        amounts("Sales", "sales", currency),
        *changes,
        keys=[product.sku for product in products],
        empty="No sales.",
        note=f"sales before returns, in {currency}",
    )


def product_name(product: Any) -> str:
    """Return the name of a product, or its SKU."""
    return text.clean(product.name or product.sku)
