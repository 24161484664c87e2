"""The best-selling products of the day."""

from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import (
    Section,
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
        column_table(
            "products",
            "Top products",
            figures.products,
            roomy(named("SKU", "sku", grow=0.7)),
            (name("Product", 2), product_name),
            roomy(named("Category", "category", terms.category)),
            quantities("Units", "units"),
            amounts("Sales", "sales", figures.currency),
            keys=[product.sku for product in figures.products],
            empty="No sales.",
            note=f"sales before returns, in {figures.currency}",
        )
    ]


def product_name(product: Any) -> str:
    """Return the name of a product, or its SKU."""
    return text.clean(product.name or product.sku)
