"""The load of orders: its `LoadSpec`, and how each kind of run loads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ecommerce.core.business_day import BusinessDay
from ecommerce.runtime import metrics
from ecommerce.sales import source_policy
from ecommerce.sources import SOURCES
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.load import LoadResult, load
from ecommerce.warehouse.spec import LoadSpec
from ecommerce.warehouse.staging_tables import HISTORY

ORDERS = LoadSpec(
    name="orders",
    sources=SOURCES,
    files=(
        *("order_versions", "orders", "order_lines", "refunds", "products", "customers", "exchange_rates"),
        *("rejected_rows", "loaded_files", "control_totals"),
    ),
    tables=(
        *("orders", "order_lines", "refunds", "removed_orders", "products", "customers", "exchange_rates"),
        *("rejected_rows", "loaded_files", "load_audit", "daily_sales", "daily_summary"),
        *("control_totals", "report_restatements"),
    ),
    counted="orders",
    looked_up=("replaced_orders", "first_orders", "changed_rates", "touched_days"),
    filled_by_script=("daily_summary", "restatement_causes"),
    not_staged={
        "products": frozenset({"picture_uri", "thumbnail_uri"}),  # the product catalogue's
        "customers": frozenset({"first_ordered_at"}),  # computed by the load
    },
    takes_exports=True,
)
"""Orders and their related records, of every source and of exports."""


def load_day(day: BusinessDay, run: DagRun, manifests: Sequence[Manifest]) -> LoadResult:
    """Load the loadable folders of a daily run. Sources without a manifest are missing, unless they are off.

    Args:
        day: the run's business day.
        run: the run.
        manifests: those of the loadable folders.

    Raises:
        PipelineError: nothing was loaded.
    """
    policies = source_policy.source_policy()
    result = _load(
        run,
        manifests,
        day.date,
        missing_sources=source_policy.missing_sources(policies, {manifest.source for manifest in manifests}),
        off_sources=[source for source, policy in policies.items() if policy == source_policy.OFF],
    )
    metrics.loaded(run.dag_id, result.audit)
    metrics.business_day_done("load", day.end)
    return result


def load_read(run: DagRun, manifest: Manifest) -> LoadResult:
    """Load one source's loadable folder outside a daily run, which alone decides whether its day is complete.
    Raises as `load_day`."""
    result = _load(run, [manifest], manifest.business_date)
    metrics.loaded(run.dag_id, result.audit)
    return result


def load_history(run: DagRun, manifest: Manifest) -> LoadResult:
    """Load one part of an export, or undo one: completes no day and moves no watermark. Raises as
    `load_day`."""
    return _load(run, [manifest], manifest.business_date, status=HISTORY)


def _load(run: DagRun, manifests: Sequence[Manifest], day: date, **options: Any) -> LoadResult:
    return load(manifests, spec=ORDERS, business_date=day, run_id=run.run_id, dag_id=run.dag_id, **options)
