"""Snapshots of the tables before a history load, and the way back.

`restore` puts every table back to what it was before a run of `sales_history_load` loaded anything.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse.rendering import SNAPSHOTS, render, snapshot_table

if TYPE_CHECKING:
    from ecommerce.warehouse.client import Warehouse

DAG_ID = "sales_history_load"
KEEP_DAYS = 30

log = logging.getLogger(__name__)


def take(dag_id: str, run_id: str) -> dict[str, str]:
    """Take the snapshots of a run, unless it has them, and keep them for `KEEP_DAYS`; their names by table.

    The tables are copied one after the other: what another run loads meanwhile may be in some only.

    Raises:
        PipelineError: as `Warehouse.run`.
    """
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.schema import create_datasets, prepare

    warehouse = connect(dag=dag_id, step="snapshot")
    prepare(warehouse)
    create_datasets(warehouse)
    of_run = suffix(run_id)
    names = _names(warehouse, of_run)
    script = render("warehouse/procedures/snapshots/take.sql", staging=of_run, settings=warehouse.settings)
    statements = [each.strip() for each in script.split(";") if each.strip()]
    for (table, name), statement in zip(names.items(), statements, strict=True):
        if not _is_there(warehouse, name):
            warehouse.run(statement, f"snapshot of {table}")
    for name in names.values():
        _keep(warehouse, name)
    log.info("snapshots kept for %d days: %s", KEEP_DAYS, ", ".join(names.values()))
    return names


def restore(run_id: str) -> None:
    """Put every table back to what it was when the run `run_id` took its snapshots; all of them or none.

    Raises:
        ConfigurationError: the run took none, or they have expired.
        PipelineError: as `Warehouse.run`.
    """
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.schema import create_datasets, prepare

    warehouse = connect(dag=DAG_ID, step="restore")
    prepare(warehouse)
    create_datasets(warehouse)
    of_run = suffix(run_id)
    if missing := [name for name in _names(warehouse, of_run).values() if not _is_there(warehouse, name)]:
        raise ConfigurationError(
            f"{len(missing)} of {len(SNAPSHOTS)} snapshots of the run {run_id} are missing: its id stands in "
            f"the UI, and snapshots expire after {KEEP_DAYS} days"
        )
    script = render("warehouse/procedures/snapshots/restore.sql", staging=of_run, settings=warehouse.settings)
    warehouse.run(script, "restore")


def _names(warehouse: Warehouse, of_run: str) -> dict[str, str]:
    dataset = f"{warehouse.client.project}.{warehouse.settings.staging_dataset}"
    return {table: f"{dataset}.{snapshot_table(table, of_run)}" for table in SNAPSHOTS}


def _is_there(warehouse: Warehouse, name: str) -> bool:
    # One by one: beside them lie the staging tables of all runs, of which the emulator lists a thousand.
    from google.api_core.exceptions import NotFound

    from ecommerce.warehouse.client import REQUEST_SECONDS, bigquery_errors, request_retry

    with bigquery_errors(f"look for {name}"):
        try:
            warehouse.client.get_table(name, retry=request_retry(), timeout=REQUEST_SECONDS)
        except NotFound:
            return False
        return True


def _keep(warehouse: Warehouse, name: str) -> None:
    """Without this a snapshot expires with the staging tables beside it, after a day."""
    from ecommerce.warehouse.client import REQUEST_SECONDS, bigquery_errors, request_retry

    with bigquery_errors(f"keep {name}"):
        snapshot = warehouse.client.get_table(name, retry=request_retry(), timeout=REQUEST_SECONDS)
        snapshot.expires = snapshot.created + timedelta(days=KEEP_DAYS)
        warehouse.client.update_table(snapshot, ["expires"], retry=request_retry(), timeout=REQUEST_SECONDS)


def suffix(run_id: str) -> str:
    """The short hash in the names of a run's snapshots."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:12]
