"""The tasks of the DAG `maintenance`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import task

from ecommerce.core.settings import load_settings
from ecommerce.maintenance import expiry


@task
def expired_staging() -> int:
    """Remove staging folders older than `STAGING_RETENTION_DAYS`, and return their number."""
    settings = load_settings()
    limit = datetime.now(UTC) - timedelta(days=settings.staging_retention_days)
    return expiry.expire_staging(settings.staging_uri, limit)


@task
def old_logs() -> int:
    """Remove Airflow's log files older than `LOG_RETENTION_DAYS`, and return their number."""
    from airflow.sdk import conf

    limit = datetime.now(UTC) - timedelta(days=load_settings().log_retention_days)
    return expiry.expire_logs(Path(conf.get("logging", "base_log_folder")), limit)
