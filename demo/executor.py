"""A LocalExecutor that imports the modules of tasks once.

Every task is a process forked from a worker, so it shares the modules that the worker
has imported. Importing the BigQuery client alone takes four to seven seconds of CPU
time, and this repository's code a third of a second. Without fork (macOS), nothing is
shared.
"""

import importlib
import os
import pkgutil
import sys
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
    "airflow.sdk.execution_time.cache",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.observability.stats",
    "babel.dates",
    "babel.numbers",
    "duckdb",
    "holidays.countries",
    "pandas",
    "PIL.PngImagePlugin",
    "psycopg",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "pydantic_settings",
    "pypdfium2",
    "requests",
    "typst",
    "upath.implementations.local",
)
"""What Airflow imports to start a task, and the libraries that tasks import."""
EXIT_SECONDS = 0.02
"""How long a supervisor waits for a task process that has closed its sockets. Airflow itself waits for the
next heartbeat, which delays the end of a skipped task."""
_CODE = REPOSITORY / "plugins" / "ecommerce"


class PreloadingExecutor(LocalExecutor):
    """A LocalExecutor whose workers share imported modules with their tasks."""

    def start(self) -> None:
        """Import the modules, then start the workers, whose supervisors notice the end of a task at once.

        Tasks import this repository's code again if it has changed since.
        """
        for name in PRELOADED:
            importlib.import_module(name)
        imported = _last_change()
        for module in pkgutil.walk_packages([str(_CODE)], "ecommerce."):
            if not module.name.startswith(("ecommerce.cli", "ecommerce.pages")):
                importlib.import_module(module.name)

        def unload_changed_code() -> None:
            if _last_change() == imported:
                return
            for name in list(sys.modules):
                if name.startswith("ecommerce"):
                    del sys.modules[name]

        _notice_the_end_of_tasks()
        os.register_at_fork(after_in_child=unload_changed_code)
        super().start()

    def revoke_task(self, *, ti: "TaskInstance") -> None:
        """Forget a task that is queued for too long, so that it is queued again.

        Its worker was killed before the task began. LocalExecutor itself leaves such a
        task queued for ever.
        """
        self.running.discard(ti.key)
        self.queued_tasks.pop(ti.key, None)


def _notice_the_end_of_tasks() -> None:
    """Let the supervisors of tasks look for the end of a process that has closed its sockets."""
    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

    service = WatchedSubprocess._service_subprocess

    def service_until_exit(task: Any, max_wait_time: float, **options: Any) -> Any:
        if not task._open_sockets:
            max_wait_time = EXIT_SECONDS
        return service(task, max_wait_time, **options)

    WatchedSubprocess._service_subprocess = service_until_exit


def _last_change() -> float:
    """Return when a file of this repository's code last changed."""
    return max(file.stat().st_mtime for file in _CODE.rglob("*.py"))
