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
from ecommerce.core.errors import ConfigurationError, InvalidRunError
from ecommerce.core.names import DAG_HISTORY_READ
from ecommerce.core.periods import Period, PeriodKind, period_of_run
from ecommerce.core.settings import shop_timezone
from ecommerce.core.values import Values
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


def check_conf(context: Context) -> None:
    """Raise InvalidRunError where the run's conf has a key that is no param of its DAG: Airflow ignores it,
    and a misspelt `business_date` would run yesterday. The `pre_execute` of every task."""
    params = context["dag"].params
    conf = context["dag_run"].conf or {}
    unknown = [key for key in conf if key not in params]
    if unknown:
        known = ", ".join(params) or "none"
        raise InvalidRunError(
            f"the run's conf has {', '.join(unknown)}, which is no param of {context['dag'].dag_id}: its "
            f"params are {known}"
        )


def invalid_run(context: Context) -> InvalidRunError | None:
    """Return why no task of a run can succeed: an unknown key of its conf, or its business day."""
    try:
        check_conf(context)
        dag = context["dag"]
        # An export has params of the same names, but no limit of days.
        if "business_date" in dag.params or dag.dag_id == DAG_HISTORY_READ:
            business_day(context)
    except InvalidRunError as error:
        return error
    return None


def asked_day(context: Context) -> str:
    """Return the business day or days that a run was started for, also invalid ones; empty where it names
    none."""
    key = getattr(context.get("dag_run"), "partition_key", None)
    params = context.get("params") or {}
    asked = key or params.get("business_date") or params.get("first_day") or ""
    last_day = params.get("last_day")
    return f"{asked} to {last_day}" if last_day else str(asked)


def business_day(context: Context) -> BusinessDay:
    """Return the business day of a task's run; InvalidRunError where `day_of_run` refuses it."""
    try:
        return day_of_run(context.get("dag_run"), context.get("params") or {})
    except ConfigurationError as error:
        raise InvalidRunError(str(error)) from None


def period_of_context(kind: PeriodKind, context: Context) -> Period:
    """Return the period of a task's run, whose param of the name `kind` may have it; raises as
    `period_of_run`."""
    run = context["dag_run"]
    requested = run.partition_key or context["params"].get(kind)
    return period_of_run(kind, requested, run.run_after, shop_timezone())


def day_of_run(dag_run: Any, params: Values) -> BusinessDay:
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
        last_day = date.fromisoformat(params.get("last_day") or str(newest))
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
