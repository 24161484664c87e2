"""The best-selling products of the day."""

from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import MOST_PRODUCTS, DayQueries


class SoldProduct(Part):
    """A product; `sales` is gross sales less discounts."""

    sku: str
    name: str | None
    category: str | None
    units: Decimal
    sales: Decimal


class Product(SoldProduct):
    """One product of the day; `thumbnail` is the URI of its picture."""

    thumbnail: str | None = None


class Products(Part):
    """The products with the largest sales, the largest first, and the one with the most units."""

    products: list[Product]
    most_units: Product | None = None


def read(queries: DayQueries) -> Products:
    """Return the products."""
    # The query returns the products that changed most, too, which may not have sold on this day.
    sold = [row for row in queries.products if row["sales"] is not None]
    products = Product.list_of(sold)
    most_units = max(products, key=lambda product: product.units, default=None)
    return Products(products=products[:MOST_PRODUCTS], most_units=most_units)
