"""Transform of orders: a source's raw staging folder → its loadable one, by include/sql/transform/orders."""

from ecommerce.sources import live_sources
from ecommerce.storage.staging import Manifest
from ecommerce.transform.run import TransformSpec, run_transform

ORDERS = TransformSpec(
    folder="orders",
    first_steps=("country_codes", "order_status", "staged"),
    required_tables=("orders", "order_lines", "refunds", "order_versions"),
)


def transform(manifest: Manifest, *, run_id: str, mapping: str = "") -> Manifest:
    """Transform orders as `run_transform`; `mapping` is by default the source's platform. The control totals
    also have orders (count) and amount (of the accepted lines, gross, decimal text)."""
    source = live_sources().get(manifest.source)
    if source and not mapping:
        mapping = source.platform.name
    return run_transform(ORDERS, manifest, run_id=run_id, mapping=mapping)
