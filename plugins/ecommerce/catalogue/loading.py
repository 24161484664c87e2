"""The load of the product catalogue (`CATALOGUE`), and its state in the warehouse before a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecommerce.catalogue.fetch import SOURCE
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.spec import LoadSpec

CATALOGUE = LoadSpec(
    name="catalogue",
    sources=(SOURCE,),
    files=("product_pictures", "rejected_rows"),
    tables=("product_pictures", "products", "rejected_rows", "load_audit"),
    counted="product_pictures",
)
"""The product catalogue, which owns the pictures in `products`."""

OK, NO_PICTURE, BROKEN, GONE = "ok", "no_picture", "broken", "gone"
"""The states of a product's picture in the table product_pictures."""

Row = dict[str, Any]
"""A row of `product_pictures`, by column."""


@dataclass(frozen=True, slots=True)
class LastCatalogue:
    """The catalogue as loaded last: rows by SKU, including removed products, and the number of rejected
    entries (None before the first load)."""

    products: Mapping[str, Row]
    rejected: int | None

    @property
    def present(self) -> dict[str, Row]:
        """The products in the catalogue, by SKU."""
        present = {}
        for sku, product in self.products.items():
            if product["state"] != GONE:
                present[sku] = product
        return present


def last_catalogue() -> LastCatalogue:
    """Read the catalogue as loaded last; creates missing tables, and raises as `schema.prepare`."""
    warehouse, folder = connect(step="audit"), "warehouse/tables/product_pictures"
    prepare(warehouse)
    products = {}
    for row in warehouse.query(f"{folder}/all_products.sql"):
        products[row["sku"]] = row
    rejected = None
    parameters = {"source": SOURCE}
    for row in warehouse.query(f"{folder}/rejected_count.sql", parameters=parameters):
        rejected = row["rows_rejected"]
    return LastCatalogue(products, rejected)
