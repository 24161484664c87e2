"""The load: one run's staged files into the warehouse, all of it or nothing.

Load jobs fill staging tables; `look_up.sql` finds the days that change; one script, one transaction, replaces
the orders, recomputes those days and writes the audit. Every step may be repeated, and any order of runs ends
in the same tables. See include/sql/warehouse/load.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ecommerce.core.errors import ConcurrentUpdateError
from ecommerce.core.staging import Manifest
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import in_few_ranges, render
from ecommerce.warehouse.schema import prepare
from ecommerce.warehouse.staged import SUCCESS, Run, stage, suffix

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often a load that lost against a concurrent one is tried before Airflow's retry takes over."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did.

    `rows` counts what it brought, by table. `audit` holds this run's rows of `load_audit`, `restatements` the
    rows of `report_restatements` it added; amounts are Decimal, instants aware. `warnings` are the sentences
    of the extracts and transforms.
    """

    business_date: date
    touched_days: list[date]
    rows: Mapping[str, int]
    audit: list[dict[str, Any]]
    restatements: list[dict[str, Any]]
    warnings: list[str]
    bytes_billed: int


def load(
    manifests: Sequence[Manifest],
    *,
    business_date: date,
    run_id: str,
    dag_id: str,
    missing_sources: Collection[str] = (),
    off_sources: Collection[str] = (),
    status: str = SUCCESS,
    warehouse: Warehouse | None = None,
) -> LoadResult:
    """Load what the transforms left, in one transaction.

    Args:
        manifests: of the loadable folders; there may be none.
        business_date: the run's business day; it gets a summary even if nothing was sold.
        run_id: Airflow's; a second load of the same run replaces the first one's audit and rejected rows.
        dag_id: Airflow's, for names and labels.
        missing_sources: sources that failed; the day stays incomplete until a run has read them.
        off_sources: sources switched off by policy; the day is complete without them.
        status: what the audit says of the manifests' sources: `staged.SUCCESS` or `staged.HISTORY`.
        warehouse: opened from the connection when not given.

    Raises:
        ConcurrentUpdateError: other loads won `ATTEMPTS` times; nothing is loaded.
        PipelineError: as `staged.stage` and `Warehouse.run`; nothing is loaded.
    """
    warehouse = warehouse or connect(dag=dag_id, step="load")
    prepare(warehouse)
    run = Run(business_date, run_id, dag_id, datetime.now(UTC), missing_sources, off_sources, status)
    staging = suffix(run, manifests)
    stage(warehouse, staging, run, manifests)
    touched, rows = _load_staged(warehouse, staging, business_date)
    result = LoadResult(
        business_date=business_date,
        touched_days=touched,
        rows=rows,
        audit=warehouse.query(
            "warehouse/tables/load_audit/of_run.sql",
            business_date=business_date,
            parameters={"run_id": run_id},
        ),
        restatements=warehouse.query("warehouse/tables/report_restatements/of_load.sql", staging=staging),
        warnings=[text for manifest in manifests for text in manifest.control_totals.get("warnings", ())],
        bytes_billed=warehouse.bytes_billed,
    )
    log.info(
        "Loaded %s: %d days recomputed (%s to %s), %d restatements, %d bytes billed",
        *(dict(rows), len(touched), touched[0], touched[-1], len(result.restatements), result.bytes_billed),
    )
    return result


def _load_staged(
    warehouse: Warehouse, staging: str, business_date: date
) -> tuple[list[date], Mapping[str, int]]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _try_to_load(warehouse, staging, business_date)
        except ConcurrentUpdateError:
            if attempt == ATTEMPTS:
                raise
            pause = random.uniform(1, 4) * attempt  # noqa: S311 (two loads must not meet again, that is all)
            log.info("Another load committed first; trying again in %.1f s", pause)
            time.sleep(pause)
    raise AssertionError("the loop returns or raises")


def _try_to_load(
    warehouse: Warehouse, staging: str, business_date: date
) -> tuple[list[date], Mapping[str, int]]:
    look_up = render("warehouse/loads/orders/look_up.sql", staging=staging, settings=warehouse.settings)
    days = in_few_ranges([row["business_date"] for row in warehouse.run(look_up, "look up touched days")])
    script = render(
        "warehouse/loads/orders/script.sql",
        days=days,
        staging=staging,
        settings=warehouse.settings,
        business_date=business_date,
    )
    stem = f"load-{staging}-{hashlib.sha256(script.encode()).hexdigest()[:12]}"
    rows = warehouse.run(script, "load", job_stem=stem)
    return days, {row["name"]: row["entries"] for row in rows}
