"""Housekeeping as Airflow runs it: folders and logs on disk."""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LONG_AGO = 1_500_000_000
DAG = "daily_sales_pipeline"


def old_file(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("old")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_what_nobody_needs_goes_and_the_rest_stays(start_airflow, tmp_path):
    staging, logs = tmp_path / "staging", tmp_path / "logs"
    airflow = start_airflow(
        {
            "CUSTOMER_HASH_KEY": "0123456789abcdef",
            "STAGING_URI": staging.as_uri(),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs),
            "AIRFLOW_VAR_ALERT_RECIPIENTS": "",
        }
    )
    expired = old_file(
        staging / DAG / "2026-09-01" / "ended" / "sales_db" / "orders.parquet"
    )
    log = old_file(logs / "dag_id=x" / "run_id=y" / "task_id=z" / "attempt=1.log")

    assert airflow.test_dag("maintenance") == 0, airflow.log()

    assert not expired.exists()
    assert not log.exists()
