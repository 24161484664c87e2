"""The runs beside the daily one, without Airflow: what the tasks of their DAGs call, at any instant."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import time_machine

from ecommerce.core.names import DAG_SYNC
from ecommerce.core.staging import DagRun, Manifest
from ecommerce.sales import loading, transform, windows
from ecommerce.sources import STOREFRONT, storefront
from ecommerce.warehouse import reads
from ecommerce.warehouse.load import LoadResult


def sync(at: datetime) -> LoadResult:
    """What `storefront_orders_sync` does in a run that begins at `at`; the load's result."""
    with time_machine.travel(at):
        return finish_sync(at, stage_sync(at))


def stage_sync(at: datetime) -> Manifest:
    """The first half of a sync that takes place now, at `at`: extract and transform; a manifest."""
    run = _run(DAG_SYNC, at)
    window = windows.window_of_sync(STOREFRONT, run, reads, datetime.now(UTC))
    return transform.transform(storefront.extract(window), run_id=run.run_id)


def finish_sync(at: datetime, loadable: Manifest) -> LoadResult:
    """The second half: load and check; the load's result."""
    run = _run(DAG_SYNC, at)
    loaded = loading.load_read(run, loadable)
    loading.check(run, loaded)
    return loaded


def compare(at: datetime) -> list[dict[str, Any]]:
    """What the comparisons of `sales_reconciliation` find at `at`, the newest day first."""
    from ecommerce.sales.reconciliation import comparison
    from ecommerce.sales.reconciliation import differences as reconciliation

    with time_machine.travel(at):
        found = [
            comparison.compare_sales_db(),
            comparison.compare_storefront(_context("sales_reconciliation", at)),
        ]
    return reconciliation.newest_first([[each.to_xcom() for each in of_source] for of_source in found])


def reconcile(at: datetime, most: int = 7) -> list[dict[str, Any]]:
    """What `sales_reconciliation` does in a run that begins at `at`; the differences it found."""
    from ecommerce.sales import loading as steps
    from ecommerce.sales.reconciliation import differences as reconciliation

    differences = compare(at)
    context = _context("sales_reconciliation", at)
    with time_machine.travel(at):
        for day in reconciliation.days_to_reread(differences, most):
            raw = reconciliation.reread(context, day)
            loaded = steps.load_reads(context, reconciliation.transform_all(context, raw))
            steps.checks(context, loaded)
    return differences


def _context(dag_id: str, at: datetime) -> dict[str, Any]:
    run_id = f"test__{at:%Y%m%dT%H%M%S}"
    return {"dag_run": SimpleNamespace(dag_id=dag_id, run_id=run_id), "run_id": run_id}


def _run(dag_id: str, at: datetime) -> DagRun:
    return DagRun(dag_id, f"test__{at:%Y%m%dT%H%M%S}")
