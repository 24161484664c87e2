"""The load of the product catalogue (`CATALOGUE`), and its state in the warehouse before a run."""

from ecommerce.catalogue.fetch import SOURCE
from ecommerce.core.values import Row, Rows
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.spec import LoadSpec

CATALOGUE = LoadSpec(
    name="catalogue",
    sources=lambda: (SOURCE,),
    files=("product_pictures", "rejected_rows"),
    tables=("product_pictures", "products", "rejected_rows", "load_audit"),
    counted="product_pictures",
)
"""The product catalogue, which owns the pictures in `products`."""

OK = "ok"
NO_PICTURE = "no_picture"
BROKEN = "broken"
GONE = "gone"
"""The states of a product's picture in the table product_pictures."""


def stored_products() -> dict[str, Row]:
    """Return the products of the catalogue as loaded last, by SKU, and those that are gone from it; create
    missing tables. Raises the errors of `schema.prepare`."""
    warehouse = connect(step="audit")
    prepare(warehouse)
    rows = warehouse.query("warehouse/tables/product_pictures/all_products.sql")
    return {row["sku"]: row for row in rows}


def present_products(products: Rows) -> dict[str, Row]:
    """Return the stored `products` that are not gone."""
    return {
        sku: product for sku, product in products.items() if product["state"] != GONE
    }
