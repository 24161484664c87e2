"""A LocalExecutor that imports the libraries of tasks once.

Every task is a process forked from a worker, so it shares the modules that the worker
has imported. Importing the BigQuery client alone takes four to seven seconds of CPU
time. Each task imports this repository's own code, so that a change applies at once.
Without fork (macOS), nothing is shared.
"""

import importlib
from typing import TYPE_CHECKING

from airflow.executors.local_executor import LocalExecutor

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

PRELOADED = (
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "airflow.providers.amazon.aws.fs.s3",
    "airflow.providers.google.cloud.hooks.bigquery",
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "airflow.providers.smtp.notifications.smtp",
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.operators.bash",
    "airflow.sdk.execution_time.task_runner",
    "babel",
    "duckdb",
    "matplotlib.figure",
    "pandas",
    "psycopg",
    "pyarrow.parquet",
    "pydantic_settings",
    "requests",
    "typst",
)
"""What Airflow imports to start a task, and the libraries that tasks import."""


class PreloadingExecutor(LocalExecutor):
    """A LocalExecutor whose workers share imported libraries with their tasks."""

    def start(self) -> None:
        """Import the libraries, then start the workers."""
        for name in PRELOADED:
            importlib.import_module(name)
        super().start()

    def revoke_task(self, *, ti: "TaskInstance") -> None:
        """Forget a task that is queued for too long, so that it is queued again.

        Its worker was killed before the task began. LocalExecutor itself leaves such a
        task queued for ever.
        """
        self.running.discard(ti.key)
        self.queued_tasks.pop(ti.key, None)
