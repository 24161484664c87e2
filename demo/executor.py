"""Airflow's executor for one machine, which has imported what tasks import.

Every task is a process of its own, forked from a worker. What the worker has imported is there at once, and
only once in memory; to import the BigQuery client alone takes a core four to seven seconds. Where processes
are not forked (macOS) it makes no difference.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import MutableMapping
from typing import Any

from airflow.executors.local_executor import LocalExecutor

from demo.layout import REPOSITORY

PRELOADED = (
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "airflow.providers.amazon.aws.fs.s3",
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "airflow.providers.smtp.notifications.smtp",
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.operators.bash",
    "airflow.sdk.execution_time.task_runner",
    "babel",
    "duckdb",
    "google.cloud.bigquery",
    "matplotlib.figure",
    "pandas",
    "psycopg",
    "pyarrow.parquet",
    "requests",
    "typst",
)
"""What every task imports to begin, and what those of this repository import inside their functions."""
CODE_FOLDER = REPOSITORY / "plugins" / "ecommerce"
_UNUSED = ("ecommerce.cli", "ecommerce.pages")


class PreloadingExecutor(LocalExecutor):
    """A LocalExecutor whose workers are warm."""

    def start(self) -> None:
        """Import, then start the workers, which inherit it. Of the repository's own code, which people change
        while Airflow runs, a task inherits nothing after a change."""
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


def unload_code(modules: MutableMapping[str, Any]) -> None:
    """Remove the repository's own code from imported `modules`."""
    for name in [name for name in modules if name.partition(".")[0] == "ecommerce"]:
        del modules[name]


def _code_mtimes() -> dict[str, int]:
    """When each file of the repository's own code was written."""
    return {str(path): path.stat().st_mtime_ns for path in CODE_FOLDER.rglob("*.py")}
