"""Waiting for runs in Airflow, with a line for each failed attempt of a task and each run that ends."""

import time
from collections.abc import Mapping
from contextlib import suppress

from ecommerce.cli.airflow_api import FINISHED, AirflowApi, Json, instance_name
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError

PAUSE = 3.0
"""Seconds between two requests for the state of runs."""


def wait_for(
    api: AirflowApi, dag_id: str, runs: Mapping[str, str], **filters: str
) -> dict[str, str]:
    """Wait until runs of a DAG have ended, and return their states by business day.

    `runs` are the business days of the runs by their ids. `filters` select these runs, and maybe others, in
    Airflow's list.
    """
    progress("Ctrl-C ends this command, not the runs")
    path = f"dags/{dag_id}/dagRuns/~/taskInstances"
    shown = {_attempt(instance) for instance in _failed(api, path)}
    states: dict[str, str] = {}
    while len(states) < len(runs):
        time.sleep(PAUSE)
        for run in api.runs(dag_id, **filters):
            day = runs.get(run["dag_run_id"])
            if day and day not in states and run["state"] in FINISHED:
                states[day] = run["state"]
                progress(f"{len(states)} of {len(runs)}: {day} {run['state']}")
        have_ended = len(states) == len(runs)
        for instance in reversed(_failed(api, path)):
            attempt = _attempt(instance)
            day = runs.get(instance["dag_run_id"])
            if day is None or attempt in shown:
                continue
            cause = _cause(api, instance)
            # A task's state changes before the last line of its log is written.
            if cause or have_ended:
                shown.add(attempt)
                name = instance_name(instance)
                progress(f"  {day} {name} failed: {cause or 'see its log'}")
    return states


def _failed(api: AirflowApi, path: str) -> list[Json]:
    """Return the newest failed attempts of tasks, the newest first."""
    states = ["up_for_retry", "failed"]
    answer = api.get(path, state=states, order_by="-start_date", limit=100)
    instances: list[Json] = answer["task_instances"]
    return instances


def _attempt(instance: Json) -> tuple[str, int]:
    return instance["id"], instance["try_number"]


def _cause(api: AirflowApi, instance: Json) -> str:
    """Return the last line of an attempt's log, which `task_log` writes; empty without one."""
    run = f"dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}"
    log = f"taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
    # The user may not read logs, or the log is empty.
    with suppress(PipelineError, IndexError):
        answer = api.get(f"{run}/{log}", map_index=instance["map_index"])
        last = answer["content"][-1]
        if last.get("level") == "error":
            return str(last["event"])
    return ""
