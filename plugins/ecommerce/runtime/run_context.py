"""The run of a task, from Airflow's context, for the modules `tasks`; the param that several DAGs share."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param

from ecommerce.storage.staging import DagRun

BUSINESS_DATE = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Business date",
    description="The shop's day to run, when the run has no partition key. Empty: yesterday.",
)


def run_of(context: Mapping[str, Any]) -> DagRun:
    """Return the run that a task belongs to."""
    return DagRun(context["dag_run"].dag_id, context["run_id"])


def dag_run_of(dag_id: str, run_id: str) -> Any:
    """Return Airflow's record of another run: `partition_key`, `conf`, `run_after`, `start_date`, …"""
    # Airflow 3.3 has this request, but no public method for it.
    from airflow.sdk.execution_time.comms import GetDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    return SUPERVISOR_COMMS.send(GetDagRun(dag_id=dag_id, run_id=run_id))


def skip(reason: str) -> None:
    """Skip the running task and everything downstream, unless `reason` is empty."""
    from airflow.sdk.exceptions import AirflowSkipException

    if reason:
        raise AirflowSkipException(reason)
