"""Airflow's executor for one machine, which has imported what tasks import.

Every task is a process of its own, forked from a worker. What the worker has imported is there at once, and
only once in memory; to import the BigQuery client alone takes a core four to seven seconds. Where processes
are not forked (macOS) it makes no difference.
"""

from __future__ import annotations

import importlib

from airflow.executors.local_executor import LocalExecutor

WARM = (
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "airflow.providers.google.cloud.hooks.bigquery",
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "airflow.providers.smtp.notifications.smtp",
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.operators.bash",
    "airflow.sdk.execution_time.task_runner",
    "duckdb",
    "matplotlib.figure",
    "pandas",
    "pyarrow.parquet",
    "typst",
)
"""What every task imports to begin, and what those of this repository import inside their functions. Not the
repository's own code, which people change while Airflow runs."""


class WarmExecutor(LocalExecutor):
    """A LocalExecutor whose workers are warm."""

    def start(self) -> None:
        """Import, then start the workers, which inherit it."""
        for name in WARM:
            importlib.import_module(name)
        super().start()
