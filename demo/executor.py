"""A LocalExecutor that imports the libraries of tasks once.

Every task is a process forked from a worker, so it shares the modules that the worker has imported. Importing
the BigQuery client alone takes four to seven seconds of CPU time. Without fork (macOS), nothing is shared.
"""

import importlib
import os
import pkgutil
import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from airflow.executors.local_executor import LocalExecutor

from demo.layout import REPOSITORY

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
    "requests",
    "typst",
)
"""What Airflow imports to start a task, and what this repository's tasks import inside functions."""
CODE_FOLDER = REPOSITORY / "plugins" / "ecommerce"
_UNUSED = ("ecommerce.cli", "ecommerce.pages")


class PreloadingExecutor(LocalExecutor):
    """A LocalExecutor whose workers share imported modules with their tasks."""

    def start(self) -> None:
        """Import the modules, then start the workers; tasks reload this repository's code after a change."""
        for name in PRELOADED:
            importlib.import_module(name)
        imported = _code_mtimes()
        for module in pkgutil.walk_packages([str(CODE_FOLDER)], "ecommerce."):
            if not module.name.startswith(_UNUSED):
                importlib.import_module(module.name)

        def unload_changed_code() -> None:
            if _code_mtimes() != imported:
                unload_code(sys.modules)

        os.register_at_fork(after_in_child=unload_changed_code)
        super().start()

    def revoke_task(self, *, ti: "TaskInstance") -> None:
        """Forget a task that is queued for too long, so that the scheduler queues it again: its worker was
        killed before the task began. LocalExecutor itself leaves such a task queued for ever."""
        self.running.discard(ti.key)
        self.queued_tasks.pop(ti.key, None)


def unload_code(modules: MutableMapping[str, Any]) -> None:
    """Remove the repository's own code from `modules` (`sys.modules`)."""
    for name in [name for name in modules if name.partition(".")[0] == "ecommerce"]:
        del modules[name]


def _code_mtimes() -> dict[str, int]:
    """Return the modification time of each file of the repository's own code."""
    return {str(path): path.stat().st_mtime_ns for path in CODE_FOLDER.rglob("*.py")}
