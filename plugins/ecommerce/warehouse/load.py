"""Loads one run's staged files into the warehouse, all or nothing.

Load jobs fill staging tables. `staged_totals.sql` counts their rows and returns the days of stored rows to
read. `find_changes.sql` decides which stored rows are replaced and which days change. The script
`script.sql`, which is one transaction, replaces the rows, recomputes those days and writes the audit. It is
aborted where another transaction has committed since the first of these look-ups. Every step may be repeated,
and any order of runs ends in the same tables. What is loaded is a domain's `LoadSpec`.

Each statement costs BigQuery about a second, so one with nothing to do is not sent.
"""

import hashlib
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.text import listed
from ecommerce.core.values import Values
from ecommerce.runtime import metrics
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import Warehouse, connect, retry_conflicts
from ecommerce.warehouse.rendering import days_to_read
from ecommerce.warehouse.schema import prepare, replace_view
from ecommerce.warehouse.spec import LoadSpec
from ecommerce.warehouse.staging_tables import (
    SUCCESS,
    StagedLoad,
    audit_rows,
    check_totals,
    stage,
)

log = logging.getLogger(__name__)

MOST_DAYS = 2_000
"""Of one load; BigQuery refuses a statement that changes more than 4,000 partitions."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The result of a load: the days that it recomputed, and the warnings of the extracts and transforms."""

    business_date: date
    touched_days: list[date]
    warnings: list[DataWarning]


def load(staged: StagedLoad) -> LoadResult:
    """Load what the transforms left, in one transaction.

    Raises:
        ConcurrentUpdateError: other transactions won each of `retry_conflicts`' attempts; nothing is loaded.
        ContractError: the staged files are not what the tables and the manifests need; nothing is loaded.
        PipelineError: BigQuery refused a statement, or cannot be reached; nothing is loaded.
    """
    prepare(staged.warehouse)
    if staged.warehouse.settings.shop_names and staged.spec.takes_exports:
        _list_shops(staged.warehouse)
    stage(staged)
    touched_days = _load_staged(staged)
    warnings: list[DataWarning] = []
    for manifest in staged.manifests:
        warnings += manifest.control_totals.get("warnings", ())
    if staged.status == SUCCESS:
        metrics.loaded(staged.dag_id, audit_rows(staged))
    log.info(
        "Loaded %s: %d days recomputed, %d bytes billed",
        ", ".join(manifest.source for manifest in staged.manifests) or "no source",
        len(touched_days),
        staged.warehouse.bytes_billed,
    )
    return LoadResult(staged.business_date, touched_days, warnings)


def _list_shops(warehouse: Warehouse) -> None:
    """Replace the view of shops, whose names are settings; ConfigurationError where an export has one of
    them."""
    retry_conflicts(replace_view)(warehouse, "shops")
    exported = warehouse.query("warehouse/tables/load_audit/exported_shops.sql")
    if exported:
        names = listed(row["source"] for row in exported)
        raise ConfigurationError(
            f"SHOPS: {names} is the name of a loaded export: choose another name for the shop, or undo the "
            "export (make undo-history)"
        )


def load_manifest(
    spec: LoadSpec,
    run: DagRun,
    manifest: Manifest,
    *,
    status: str = SUCCESS,
) -> LoadResult:
    """Load one loadable folder under its business day, as `load` does."""
    staged = StagedLoad(
        connect(dag=run.dag_id, step="load"),
        spec,
        [manifest],
        manifest.business_date,
        run.run_id,
        run.dag_id,
        status=status,
    )
    return load(staged)


def _read_days(staged: StagedLoad) -> list[date]:
    """Return the shop's days, in order, from the first to the last of the reads' windows."""
    if not staged.manifests:
        return staged.days
    timezone = staged.warehouse.settings.shop_timezone
    start = min(manifest.window_start for manifest in staged.manifests)
    end = max(manifest.window_end for manifest in staged.manifests)
    first = shop_day(start, timezone).date
    # A window may be empty.
    return BusinessDay(first, timezone, start, end).dates or [first]


def look_up(staged: StagedLoad) -> tuple[list[date], str]:
    """Look up the days that change, and return them and the script of the transaction.

    Raises:
        ContractError: keys are not unique, totals differ from the manifests', or more than `MOST_DAYS` would
            change.
        PipelineError: BigQuery refused a statement, or cannot be reached.
    """
    run = staged.warehouse.run
    arriving: set[str] = set()
    for manifest in staged.manifests:
        arriving.update(name.removesuffix(".parquet") for name in manifest.columns)
    statement = staged.rendered("staged_totals", arriving=arriving)
    totals = run(statement, "count staged rows")
    counts = []
    stored = defaultdict(list)
    lock_token = ""
    for row in totals:
        if row["token"]:
            lock_token = row["token"]
        elif row.get("business_date"):
            stored[row["name"]].append(row["business_date"])
        else:
            counts.append(row)
    check_totals(staged, counts)
    options: Values = {
        # A report mailed later aborts the load: a restatement is later than figures without it.
        "looked_up_at": datetime.now(UTC),
        "stored": {name: days_to_read(days) for name, days in stored.items()},
        "read_days": _read_days(staged),
    }
    run(staged.rendered("find_changes", **options), "look up touched days")
    touched = staged.warehouse.table_rows(staged.target("touched_days"))
    days = days_to_read([row["business_date"] for row in touched])
    if len(days) > MOST_DAYS:
        raise ContractError(
            f"the load would change {len(days):,} days from {days[0]} to {days[-1]}, "
            f"and a transaction may change {MOST_DAYS:,}: load fewer months or files at once"
        )
    mailed = [row["business_date"] for row in touched if row.get("is_mailed")]
    options["stored"]["report_deliveries"] = mailed
    script = staged.rendered(
        "script",
        days,
        lock_token=lock_token,
        # The same in each row; None where no customer loses an order.
        earliest_date=touched[0].get("earliest") if touched else None,
        arriving={row["name"] for row in counts if row["entries"]},
        **options,
    )
    return days, script


@retry_conflicts
def _load_staged(staged: StagedLoad) -> list[date]:
    """Look up and run the transaction, and return the days that it has recomputed."""
    touched_days, script = look_up(staged)
    digest = hashlib.sha256(script.encode()).hexdigest()[:12]
    stem = f"load-{staged.suffix}-{digest}"
    staged.warehouse.run(script, "load", job_stem=stem)
    return touched_days
