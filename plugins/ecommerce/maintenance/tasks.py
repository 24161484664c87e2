"""The tasks of the DAG `maintenance`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.maintenance import expiry


@task
def expired_staging(**context: Any) -> int:
    """Remove run folders older than `STAGING_RETENTION_DAYS` from staging; how many were removed."""
    ti = context["ti"]
    is_running = expiry.run_is_unfinished(ti.get_task_states, ti.get_dagrun_state)
    return expiry.remove_expired_staging(is_running, datetime.now(UTC))


@task
def old_logs() -> int:
    """Remove Airflow's log files older than `LOG_RETENTION_DAYS`; how many were removed."""
    return expiry.remove_old_logs(datetime.now(UTC))
