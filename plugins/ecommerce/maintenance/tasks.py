"""The tasks of the DAG `maintenance`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import task

from ecommerce.core.settings import load_settings
from ecommerce.maintenance import expiry


@task
def expired_staging(**context: Any) -> int:
    """Remove staging folders older than `STAGING_RETENTION_DAYS`, and return their number."""
    settings, ti = load_settings(), context["ti"]
    limit = datetime.now(UTC) - timedelta(days=settings.staging_retention_days)
    is_running = expiry.run_is_unfinished(ti.get_task_states, ti.get_dagrun_state)
    return expiry.expire_staging(settings.staging_uri, limit, is_running)


@task
def old_logs() -> int:
    """Remove Airflow's log files older than `LOG_RETENTION_DAYS`, and return their number."""
    from airflow.sdk.configuration import conf

    limit = datetime.now(UTC) - timedelta(days=load_settings().log_retention_days)
    return expiry.expire_logs(Path(conf.get("logging", "base_log_folder")), limit)
