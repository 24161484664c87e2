"""What the catalogue loads (`CATALOGUE`), its load, its checks, and what the warehouse remembers of earlier
ones."""

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
"""The product catalogue; of `products` it owns the pictures."""

OK, NO_PICTURE, BROKEN, GONE = "ok", "no_picture", "broken", "gone"
"""The states of a product's picture: see the table product_pictures."""


@dataclass(frozen=True, slots=True)
class Known:
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
class Memory:
    """What the warehouse knows of the catalogue as it was loaded last: its products and those that are gone,
    by sku, and how many of its entries were rejected (None before the first load)."""

    products: Mapping[str, Known]
    rejected: int | None

    @property
    def present(self) -> set[str]:
        """The products that the catalogue had."""
        return {sku for sku, known in self.products.items() if known.state != GONE}


def remember() -> Memory:
    """What is known; creates the warehouse's tables on first use, and raises as `schema.prepare`."""
    warehouse = connect(step="audit")
    prepare(warehouse)
    rows = warehouse.query("warehouse/tables/product_pictures/all_products.sql")
    counts = warehouse.query(
        "warehouse/tables/product_pictures/rejected_count.sql", parameters={"source": SOURCE}
    )
    products = {row["sku"]: Known(**row) for row in rows}
    return Memory(products, next((row["rows_rejected"] for row in counts), None))


def load_catalogue(run: DagRun, manifest: Manifest) -> LoadResult:
    """Load what a run has made of the catalogue, in one transaction.

    Raises:
        PipelineError: nothing was loaded; the warehouse is as it was.
    """
    day = manifest.business_date
    result = load([manifest], spec=CATALOGUE, business_date=day, run_id=run.run_id, dag_id=run.dag_id)
    metrics.loaded(run.dag_id, result.audit)
    return result
