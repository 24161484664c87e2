"""The best-selling products of the day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ecommerce.core import text
from ecommerce.reporting.parts import Part
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
from ecommerce.sales.day_queries import MOST_PRODUCTS, DayQueries
from ecommerce.sales.report.sections.base import Cell, cells_of

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures


class Product(Part):
    """One product of the day; `sales` is gross sales less discounts, `thumbnail` the URI of its picture."""

    sku: str
    name: str | None
    category: str | None
    units: Decimal
    sales: Decimal
    thumbnail: str | None = None


class Products(Part):
    """The products with the largest sales, the largest first, and the one with the most units."""

    products: list[Product]
    most_units: Product | None = None


def read(queries: DayQueries) -> dict[str, Any]:
    """Return the fields of `Products`."""
    # The query returns the products that changed most, too, which may not have sold on this day.
    sold = [row for row in queries.products if row["sales"] is not None]
    products = [Product.of(row) for row in sold]
    most_units = max(products, key=lambda product: product.units, default=None)
    return {"products": products[:MOST_PRODUCTS], "most_units": most_units}


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


def cells(figures: Figures) -> Iterator[Cell]:
    """Yield the products for `figures.csv`."""
    return cells_of("products", figures.products, "sku", "units", "sales")


def product_name(product: Any) -> str:
    """Return the name of a product, or its SKU."""
    return text.clean(product.name or product.sku)
