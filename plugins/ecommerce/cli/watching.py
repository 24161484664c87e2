"""Waiting for runs in Airflow, with a line for each run that ends, each task that failed it, and each attempt
that will be repeated."""

import time
from collections.abc import Mapping
from contextlib import suppress

from ecommerce.cli.airflow_api import FINISHED, AirflowApi, tasks_path
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError
from ecommerce.core.values import Json

PAUSE = 1.0
"""Seconds between two requests for the state of runs."""


def wait_for_runs(
    api: AirflowApi,
    dag_id: str,
    day_of_run: Mapping[str, str],
    **filters: str,
) -> dict[str, str]:
    """Wait until runs of a DAG have ended, and return their states by business day or month.

    `day_of_run` has the business day or month of each run by its id. `filters` select these runs, and maybe
    others, in Airflow's list.
    """
    progress(f"Waiting for {dag_id}; Ctrl-C ends this command, not the runs")
    states: dict[str, str] = {}
    shown = set()
    while True:
        # Airflow would read the DAG, with sixty shops a long one, for each request whose path names it.
        for task in api.instances(
            "~", "~", dag_id_pattern=dag_id, state="up_for_retry"
        ):
            day = day_of_run.get(task["dag_run_id"])
            # Each attempt has an id of its own.
            if day and task["id"] not in shown:
                shown.add(task["id"])
                progress(
                    f"{day}: {task['task_id']} will be repeated: {_reason(api, task)}"
                )
        for run in api.runs(dag_id, **filters):
            day = day_of_run.get(run["dag_run_id"])
            if day and day not in states and run["state"] in FINISHED:
                states[day] = run["state"]
                progress(f"{len(states)} of {len(day_of_run)}: {day} {states[day]}")
                for task in api.instances(run["dag_run_id"], dag_id):
                    if task["state"] == "failed":
                        progress(f"  {task['task_id']} failed: {_reason(api, task)}")
        if len(states) == len(day_of_run):
            return states
        time.sleep(PAUSE)


def _reason(api: AirflowApi, task: Json) -> str:
    """Return the last line of the log of a task's newest attempt, which `task_log` writes."""
    tasks = tasks_path(task["dag_run_id"], task["dag_id"])
    log = f"{tasks}/{task['task_id']}/logs/{task['try_number']}"
    # The user may not read logs, or the log is empty.
    with suppress(PipelineError, IndexError):
        lines = api.get(log, map_index=task["map_index"])["content"]
        return str(lines[-1]["event"])
    return "see its log"
