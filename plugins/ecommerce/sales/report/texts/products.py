"""The best-selling products of the day."""

from collections.abc import Sequence
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section, rendered_table
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
    before: str = "",
) -> Section:
    """Return a table of products with their sales; with the changes since the period that is named `before`,
    if any."""
    facts = {
        "title": title,
        "products": products,
        "currency": currency,
        "before": before,
        "product_name": product_name,
        "category": terms.category,
        "own_change": terms.own_change,
    }
    keys = [product.sku for product in products]
    section = rendered_table("tables/products.txt", facts, keys=keys)
    return section | {"id": section_id}


def product_name(product: Any) -> str:
    """Return the name of a product, or its SKU."""
    return text.clean(product.name or product.sku)
