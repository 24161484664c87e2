"""The run of a task and its business day, from Airflow's context; the param that several DAGs share."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from airflow.sdk import Param

from ecommerce.core.business_day import (
    BusinessDay,
    closed_day,
    closed_days,
    newest_closed_day,
)
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import shop_timezone
from ecommerce.storage.staging import DagRun

Context = Mapping[str, Any]
"""What Airflow passes to a task or a callback."""
BUSINESS_DATE = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Business date",
    description="The shop's day to run, when the run has no partition key. Empty: yesterday.",
)


def run_of(context: Context) -> DagRun:
    """Return the run that a task belongs to."""
    return DagRun(context["dag_run"].dag_id, context["run_id"])


def dag_run_of(dag_id: str, run_id: str) -> dict[str, Any]:
    """Return another run, as Airflow's REST API describes it."""
    # Airflow 3.3 has this request, but no public method for it.
    from airflow.sdk.execution_time.comms import GetDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    run: Any = SUPERVISOR_COMMS.send(GetDagRun(dag_id=dag_id, run_id=run_id))
    found: dict[str, Any] = run.model_dump(mode="json")
    return found


def business_day(context: Context) -> BusinessDay:
    """Return the business day of a task's run; arguments and errors as `day_of_run`."""
    return day_of_run(context.get("dag_run"), context.get("params") or {})


def day_of_run(dag_run: Any, params: Mapping[str, Any]) -> BusinessDay:
    """Return the business day of a run: its partition key (scheduled runs, backfills, a trigger with a key)
    or its param `business_date` (form, `--conf`, `airflow dags test`). With neither it is the newest day that
    had ended at the run's start, so that a retry after midnight keeps its day. A run of several days has the
    params `first_day` and `last_day` (default: the newest that had ended); the result is their span.

    Raises:
        ConfigurationError: both are given and differ, one is no date `YYYY-MM-DD`, or the day has not ended;
            or as `closed_days`.
    """
    timezone = shop_timezone()
    due = getattr(dag_run, "run_after", None) or datetime.now(UTC)
    newest = newest_closed_day(due, timezone)
    if first_day := params.get("first_day"):
        last_day = date.fromisoformat(params["last_day"] or str(newest))
        return closed_days(date.fromisoformat(first_day), last_day, timezone)
    key = getattr(dag_run, "partition_key", None)
    param = params.get("business_date")
    if key and param and key != param:
        raise ConfigurationError(
            f"the run's partition key is {key} but its param business_date is {param}: give one of the two"
        )
    text = key or param
    if not text:
        return newest
    with suppress(TypeError, ValueError):
        day = date.fromisoformat(text)
        # It also takes 20261119 and 2026-W47-4.
        if str(day) == text:
            return closed_day(day, timezone)
    raise ConfigurationError(f"{text!r} is not a business date like 2026-11-19")


def skip_if(reason: str) -> None:
    """Skip the running task and everything downstream, unless `reason` is empty."""
    from airflow.sdk.exceptions import AirflowSkipException

    if reason:
        raise AirflowSkipException(reason)
