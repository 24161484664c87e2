"""A run, from Airflow's task context. For the modules `tasks`, which alone see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecommerce.storage.staging import DagRun


def run_of(context: Mapping[str, Any]) -> DagRun:
    """The run that a task belongs to."""
    return DagRun(context["dag_run"].dag_id, context["run_id"])


def dag_run_of(dag_id: str, run_id: str) -> Any:
    """Airflow's own record of another run: `partition_key`, `conf`, `run_after`, `start_date` and so on."""
    # (Airflow 3.3 answers this question to any task, and has no method of the task instance that asks it.)
    from airflow.sdk.execution_time.comms import GetDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    return SUPERVISOR_COMMS.send(GetDagRun(dag_id=dag_id, run_id=run_id))


def skip(reason: str) -> None:
    """Skip the running task, and what comes after it, unless `reason` is empty."""
    from airflow.sdk.exceptions import AirflowSkipException

    if reason:
        raise AirflowSkipException(reason)
