"""The load of orders: its `LoadSpec`, and how each kind of run loads."""

from collections.abc import Iterable

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.values import Values
from ecommerce.runtime import metrics
from ecommerce.sales import source_policy
from ecommerce.sources import EXCHANGE_RATES, live_sources
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import LoadResult, load
from ecommerce.warehouse.spec import LoadSpec
from ecommerce.warehouse.staging_tables import StagedLoad

ORDERS = LoadSpec(
    name="orders",
    sources=live_sources,
    rates_source=EXCHANGE_RATES.name,
    files=(
        "order_versions",
        "orders",
        "order_lines",
        "refunds",
        "products",
        "customers",
        "exchange_rates",
        "payments",
        "payouts",
        "rejected_rows",
        "loaded_files",
        "control_totals",
    ),
    tables=(
        "orders",
        "order_lines",
        "refunds",
        "removed_orders",
        "products",
        "customers",
        "exchange_rates",
        "payments",
        "payouts",
        "rejected_rows",
        "loaded_files",
        "load_audit",
        "daily_sales",
        "daily_summary",
        "control_totals",
        "report_restatements",
        "forgotten_hashes",
    ),
    counted="orders",
    not_staged={
        # The product catalogue's.
        "products": frozenset({"picture_uri", "thumbnail_uri"}),
        # Computed by the load.
        "customers": frozenset({"first_ordered_at"}),
    },
    takes_exports=True,
)
"""Orders and their related records, of every source and of exports."""


def load_day(
    day: BusinessDay,
    run: DagRun,
    manifests: Iterable[Manifest],
    params: Values = source_policy.NO_PARAMS,
) -> LoadResult:
    """Load the loadable folders of a run of one or several days, which alone decides whether these days are
    complete. Sources without a manifest are missing, unless they are off. `params` are as in
    `source_policy.policies_of_run`.

    Raises:
        PipelineError: a required source has no manifest, or the warehouse is unavailable.
    """
    policies = source_policy.policies_of_run(params)
    usable = source_policy.usable_manifests(policies, manifests)
    loaded = [manifest.source for manifest in usable]
    missing = source_policy.missing_sources(policies, loaded)
    off = [name for name in policies if policies[name] == source_policy.OFF]
    staged = StagedLoad(
        connect(dag=run.dag_id, step="load"),
        ORDERS,
        usable,
        day.date,
        run.run_id,
        run.dag_id,
        unread=dict.fromkeys(missing, "failed") | dict.fromkeys(off, "off"),
        last_day=day.dates[-1],
    )
    result = load(staged)
    metrics.business_day_done("load", day.end)
    return result
