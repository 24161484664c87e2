"""Transform of orders: a source's raw staging folder → its loadable one, by include/sql/transform/orders."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from more_itertools import chunked_even

from ecommerce.sales.source_policy import OPTIONAL, Policies
from ecommerce.sources import live_sources
from ecommerce.storage.staging import Manifest
from ecommerce.transform.run import (
    FEW_BYTES,
    TransformSpec,
    run_transform,
    run_transforms,
)

MOST_SHOPS = 40
"""How many small shops one task transforms: to start a task, and to plan its statements, takes longer than
ten further shops in its pass."""

ORDERS = TransformSpec(
    folder="orders",
    first_steps=("country_codes", "order_status", "staged"),
    required_tables=("orders", "order_lines", "refunds", "order_versions"),
    without_source=("products", "customers", "exchange_rates"),
    joint_mappings=("shopify",),
)


def transform(manifest: Manifest, *, run_id: str, mapping: str = "") -> Manifest:
    """Transform orders as `run_transform`; `mapping` is by default the source's platform. The control totals
    also have orders (count) and amount (of the accepted lines, gross, decimal text)."""
    return run_transform(
        ORDERS, manifest, run_id=run_id, mapping=mapping or _platform_of(manifest)
    )


def transform_batch(manifests: Sequence[Manifest], *, run_id: str) -> list[Manifest]:
    """Transform a batch of `batches` as `transform`, in one pass where the mapping takes several shops."""
    return run_transforms(ORDERS, manifests, run_id, _platform_of(manifests[0]))


def _platform_of(manifest: Manifest) -> str:
    source = live_sources().get(manifest.source)
    return source.platform.name if source else manifest.source


def batches(manifests: Iterable[Manifest], policies: Policies) -> list[list[Manifest]]:
    """Return what one task each transforms: one source, or several small shops of a platform. An optional
    source is alone, because its transform may fail without the others."""
    sources = live_sources()
    ready = []
    shops = defaultdict(list)
    for manifest in manifests:
        if policies.get(manifest.source) == OPTIONAL or manifest.bytes > FEW_BYTES:
            ready.append([manifest])
        else:
            shops[sources[manifest.source].platform.name].append(manifest)
    for small in shops.values():
        ready += chunked_even(small, MOST_SHOPS)
    return ready
