"""Waiting for runs in Airflow, with a line for each run that ends and each task that failed it."""

import time
from collections.abc import Mapping
from contextlib import suppress

from ecommerce.cli.airflow_api import FINISHED, AirflowApi, tasks_path
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError

PAUSE = 3.0
"""Seconds between two requests for the state of runs."""


def wait_for_runs(
    api: AirflowApi,
    dag_id: str,
    day_of_run: Mapping[str, str],
    **filters: str,
) -> dict[str, str]:
    """Wait until runs of a DAG have ended, and return their states by business day.

    `day_of_run` has the business day of each run by its id. `filters` select these runs, and maybe others, in
    Airflow's list.
    """
    progress("Ctrl-C ends this command, not the runs")
    states: dict[str, str] = {}
    while len(states) < len(day_of_run):
        time.sleep(PAUSE)
        for run in api.runs(dag_id, **filters):
            run_id, state = run["dag_run_id"], run["state"]
            day = day_of_run.get(run_id)
            if day and day not in states and state in FINISHED:
                states[day] = state
                progress(f"{len(states)} of {len(day_of_run)}: {day} {state}")
                _show_failures(api, dag_id, run_id)
    return states


def _show_failures(api: AirflowApi, dag_id: str, run_id: str) -> None:
    """Print the failed tasks of a run with the last line of their logs, which `task_log` writes."""
    for task in api.instances(run_id, dag_id):
        if task["state"] != "failed":
            continue
        task_id = task["task_id"]
        log = f"{tasks_path(run_id, dag_id)}/{task_id}/logs/{task['try_number']}"
        reason = "see its log"
        # The user may not read logs, or the log is empty.
        with suppress(PipelineError, IndexError):
            lines = api.get(log, map_index=task["map_index"])["content"]
            reason = lines[-1]["event"]
        progress(f"  {task_id} failed: {reason}")
