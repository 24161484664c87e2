"""The runs beside the daily one, without Airflow: what the tasks of their DAGs call, at any instant."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import time_machine

from ecommerce.sources import STOREFRONT
from ecommerce.sales import loading as steps
from ecommerce.sales import transform
from ecommerce.sales import windows as reads
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.reconciliation import differences as reconciliation
from ecommerce.sources.storefront import reading as storefront
from ecommerce.warehouse import reads as audit


def sync(at: datetime) -> dict[str, Any]:
    """What `storefront_orders_sync` does in a run that begins at `at`; the load's result."""
    with time_machine.travel(at):
        return finish_sync(at, stage_sync(at))


def stage_sync(at: datetime) -> dict[str, Any]:
    """The first half of a sync that takes place now, at `at`: extract and transform; a manifest."""
    context = _context("storefront_orders_sync", at)
    window = reads.sync_window(context, STOREFRONT, audit.last_read(STOREFRONT), datetime.now(UTC))
    raw = storefront.extract(window, audit.known_refunds)
    return transform.transform(raw, run_id=context["run_id"]).to_xcom()


def finish_sync(at: datetime, loadable: dict[str, Any]) -> dict[str, Any]:
    """The second half: load and check; the load's result."""
    context = _context("storefront_orders_sync", at)
    loaded = steps.load_reads(context, [loadable])
    steps.checks(context, loaded)
    return loaded


def compare(at: datetime) -> list[dict[str, Any]]:
    """What the comparisons of `sales_reconciliation` find at `at`, the newest day first."""
    with time_machine.travel(at):
        found = [
            comparison.compare_sales_db(),
            comparison.compare_storefront(_context("sales_reconciliation", at)),
        ]
    return reconciliation.newest_first([[each.to_xcom() for each in of_source] for of_source in found])


def reconcile(at: datetime, most: int = 7) -> list[dict[str, Any]]:
    """What `sales_reconciliation` does in a run that begins at `at`; the differences it found."""
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
