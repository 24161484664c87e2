"""The process in which `make run` runs a business day: `python -m ecommerce.cli.day_process 2026-11-18`.

Its standard output gets a line for each task. All that Airflow prints goes to standard error, which is its
own log.
"""

import os
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from airflow.exceptions import AirflowException
from airflow.listeners import hookimpl

from ecommerce.cli.settings_check import require_connections
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import DAG_DAILY
from ecommerce.runtime.airflow_internals import dag_for_test
from ecommerce.runtime.task_log import attempt_failure


class TaskLines:
    """A listener of Airflow that prints a line for each task that ends and each attempt that fails."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        """Print the name of a task that succeeded."""
        self._print(task_instance.task_id)

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        """Print why an attempt failed, and when the next one begins."""
        cause = attempt_failure(task_instance, error)
        self._print(f"{task_instance.task_id} failed: {cause}")

    def _print(self, line: str) -> None:
        print(f"  {line}", file=self._terminal, flush=True)


def run_day(day: str, terminal: TextIO) -> bool:
    """Run the daily DAG for `day`, such as `2026-11-18`, and return whether the run succeeded.

    A connection or a file of one that is missing is reported at once, before Airflow creates its database.
    """
    try:
        require_connections()
        dag = dag_for_test(DAG_DAILY, TaskLines(terminal))
    except ConfigurationError as error:
        print(error, file=terminal)
        return False
    except AirflowException as error:
        print(f"{error} (see the log)", file=terminal)
        return False
    dag_run = dag.test(logical_date=datetime.now(UTC), run_conf={"business_date": day})
    return bool(dag_run.state == "success")


if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.exit(0 if run_day(sys.argv[1], results) else 1)
