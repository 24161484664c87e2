"""The load of the product catalogue (`CATALOGUE`), and its state in the warehouse before a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ecommerce.runtime import metrics
from ecommerce.sources.product_catalogue.source import SOURCE
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import LoadResult, load
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.spec import LoadSpec

CATALOGUE = LoadSpec(
    name="catalogue",
    sources=(SOURCE,),
    files=("product_pictures", "rejected_rows"),
    tables=("product_pictures", "products", "rejected_rows", "load_audit"),
    counted="product_pictures",
    looked_up=("newest_read", "arriving_pictures", "gone_products"),
)
"""The product catalogue, which owns the pictures in `products`."""

OK, NO_PICTURE, BROKEN, GONE = "ok", "no_picture", "broken", "gone"
"""The states of a product's picture in the table product_pictures."""


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A row of `product_pictures`, without the run; instants are aware."""

    sku: str
    name: str | None
    category: str | None
    state: str
    reason: str | None
    image_url_hash: str | None
    image_host: str | None
    etag: str | None
    last_modified: str | None
    sha256: str | None
    picture_uri: str | None
    thumbnail_uri: str | None
    fetched_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class LastCatalogue:
    """The catalogue as loaded last: products by SKU, including removed ones, and the number of rejected
    entries (None before the first load)."""

    products: Mapping[str, StoredProduct]
    rejected: int | None

    @property
    def present(self) -> set[str]:
        """The SKUs of the products in the catalogue."""
        return {sku for sku, product in self.products.items() if product.state != GONE}


def last_catalogue() -> LastCatalogue:
    """Read the catalogue as loaded last; creates missing tables, and raises as `schema.prepare`."""
    warehouse = connect(step="audit")
    prepare(warehouse)
    rows = warehouse.query("warehouse/tables/product_pictures/all_products.sql")
    counts = warehouse.query(
        "warehouse/tables/product_pictures/rejected_count.sql", parameters={"source": SOURCE}
    )
    products = {row["sku"]: StoredProduct(**row) for row in rows}
    return LastCatalogue(products, next((row["rows_rejected"] for row in counts), None))


def load_catalogue(run: DagRun, manifest: Manifest) -> LoadResult:
    """Load the result of a run, in one transaction.

    Raises:
        PipelineError: nothing was loaded.
    """
    day = manifest.business_date
    result = load([manifest], spec=CATALOGUE, business_date=day, run_id=run.run_id, dag_id=run.dag_id)
    metrics.loaded(run.dag_id, result.audit)
    return result
