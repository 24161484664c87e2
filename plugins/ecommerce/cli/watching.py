"""Waiting for runs in Airflow, with a line for each failed attempt of a task and each run that ends."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from ecommerce.cli.airflow_api import (
    FINISHED,
    PAGE,
    AirflowApi,
    Json,
    instance_name,
)
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError

PAUSE = 3.0
"""Seconds between two requests for the state of runs."""


def wait_for(
    api: AirflowApi,
    dag_id: str,
    runs: Mapping[str, str],
    **filters: str,
) -> dict[str, str]:
    """Wait until runs of a DAG have ended, and return their states by business day.

    `runs` are the business days of the runs by their ids. `filters` select these runs, and maybe others, in
    Airflow's list.
    """
    progress("Ctrl-C ends this command, not the runs")
    begun_at = datetime.now(UTC).isoformat(timespec="seconds")
    states: dict[str, str] = {}
    shown = set()
    while len(states) < len(runs):
        time.sleep(PAUSE)
        for task in _failed_attempts(api, dag_id, begun_at):
            day = runs.get(task["dag_run_id"])
            # The id is another one for each attempt.
            if day is None or task["id"] in shown:
                continue
            # A task's state changes before the last line of its log is written.
            cause = _cause(api, task)
            if cause:
                shown.add(task["id"])
                name = instance_name(task["task_id"], task["map_index"])
                progress(f"  {day} {name} failed: {cause}")
        for run in api.runs(dag_id, **filters):
            day = runs.get(run["dag_run_id"])
            if day and day not in states and run["state"] in FINISHED:
                states[day] = run["state"]
                progress(f"{len(states)} of {len(runs)}: {day} {run['state']}")
    return states


def _failed_attempts(api: AirflowApi, dag_id: str, begun_at: str) -> list[Json]:
    attempts: list[Json] = api.get(
        f"dags/{dag_id}/dagRuns/~/taskInstances",
        state=["up_for_retry", "failed"],
        start_date_gte=begun_at,
        limit=PAGE,
    )["task_instances"]
    return attempts


def _cause(api: AirflowApi, task: Json) -> str:
    """Return the last line of an attempt's log, which `task_log` writes; empty without one."""
    run = f"dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}"
    log = f"taskInstances/{task['task_id']}/logs/{task['try_number']}"
    # The user may not read logs, or the log is empty.
    with suppress(PipelineError, IndexError):
        last = api.get(f"{run}/{log}", map_index=task["map_index"])["content"][-1]
        if last.get("level") == "error":
            return str(last["event"])
    return ""
