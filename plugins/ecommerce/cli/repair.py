"""`make repair`: clear tasks of a day's newest run with downstream."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from urllib.parse import quote

import click

from ecommerce.cli.airflow_api import AirflowApi, tasks_path
from ecommerce.cli.terminal import day_option, progress, show, show_end
from ecommerce.cli.watching import wait_for_runs
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import (
    DAG_DAILY,
    GROUP_EXTRACT,
    GROUP_TRANSFORM,
    STATE_SEND_MAIL,
    TASK_CHECKS,
    TASK_GATE,
    TASK_SEND,
    TASK_SUBSCRIPTIONS,
)
from ecommerce.core.values import Json
from ecommerce.sources import PARTNER_FILES

DATA_TASKS = (f"{GROUP_TRANSFORM}.", TASK_CHECKS)
"""Beginnings of the names of tasks that fail because data is wrong."""

mail_option = click.option(
    "--mail", is_flag=True, help="mail the report even if it is not due, or was mailed"
)
wait_option = click.option(
    "--wait/--no-wait", default=True, help="wait for the end of the run"
)


@click.command()
@day_option("--day")
@click.option("--source", help="read this source again, even if it did not fail")
@mail_option
@wait_option
def repair(day: date, source: str | None, *, mail: bool, wait: bool) -> int:
    """Run the failed tasks of a day again, with downstream.

    The exit code is 0 only if the run succeeded, or nothing had failed.
    """
    api = AirflowApi.from_environment()
    run = newest_run(api, day)
    run_id = run["dag_run_id"]
    instances = api.instances(run_id)
    task_ids = tasks_to_clear(instances, "failed")
    if not task_ids and run["state"] == "failed":
        # A run that fails at its timeout skips its tasks.
        task_ids = tasks_to_clear(instances, "skipped")
    if source:
        # The settings of Airflow, which name the shops, may be on another machine.
        extracts = _extracts(instances)
        task_id = f"{GROUP_EXTRACT}.{source}"
        if task_id not in extracts:
            known = ", ".join(sorted(extracts))
            raise PipelineError(f"the run has no task {task_id}; it has {known}")
        task_ids.add(task_id)
    if task_ids:
        return run_again(api, day, run_id, task_ids, mail=mail, wait=wait)
    show(
        f"nothing to repair: the newest run of {day}, {run_id}, has no failed task; SOURCE=… reads a source "
        "again, make report rebuilds the report"
    )
    return 0


def tasks_to_clear(instances: Collection[Json], state: str) -> set[str]:
    """Return the tasks to clear with downstream, of a run whose broken tasks are in a state.

    - A transform or the checks: read all sources again, because any of them may be wrong.
    - The gate: read the partner files, because a due file may be missing, and the sources that failed or were
      off, because the source policy may have changed.
    """
    broken = {task["task_id"] for task in instances if task["state"] == state}
    skipped = {task["task_id"] for task in instances if task["state"] == "skipped"}
    extracts = _extracts(instances)
    off = skipped & extracts
    is_data_wrong = any(task_id.startswith(DATA_TASKS) for task_id in broken)
    if TASK_GATE in broken:
        broken |= off
        broken.add(f"{GROUP_EXTRACT}.{PARTNER_FILES.name}")
    if is_data_wrong:
        broken.update(extracts - off)
    return broken


def _extracts(instances: Collection[Json]) -> set[str]:
    """Return the tasks that read the sources of a run."""
    ids = {task["task_id"] for task in instances}
    return {task for task in ids if task.startswith(f"{GROUP_EXTRACT}.")} - {TASK_GATE}


def newest_run(api: AirflowApi, day: date) -> Json:
    """Return the run of a day that began last. Raise PipelineError: the day has no run or has not ended, or
    the daily DAG is paused."""
    closed_day(day, api.timezone())
    runs = api.runs_of_day(day)
    if not runs:
        raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
    api.require_unpaused(DAG_DAILY)
    return runs[0]


def run_again(
    api: AirflowApi,
    day: date,
    run_id: str,
    task_ids: Collection[str],
    *,
    mail: bool,
    wait: bool,
) -> int:
    """Clear tasks of a day's run with downstream, and return the command's exit code. `mail`: let it mail the
    report; `wait`: wait for its end."""
    try:
        _request_mail(api, run_id, TASK_SEND, mail=mail)
    except PipelineError:
        # Usually there is no request to end.
        if mail:
            raise
    # A run of an older version has no task for subscriptions.
    with suppress(PipelineError):
        _request_mail(api, run_id, TASK_SUBSCRIPTIONS, mail=mail)
    api.clear(run_id, task_ids)
    url = f"{api.url}/dags/{DAG_DAILY}/runs/{quote(run_id)}"
    progress(f"running again {', '.join(sorted(task_ids))} with downstream: {url}")
    if not wait:
        return 0
    states = wait_for_runs(
        api, DAG_DAILY, {run_id: str(day)}, run_id_prefix_pattern=run_id
    )
    succeeded = states[str(day)] == "success"
    return show_end(day, succeeded=succeeded, where=f": see {url}")


def _request_mail(api: AirflowApi, run_id: str, task_id: str, *, mail: bool) -> None:
    """Let a task mail, or end the request of a repair that failed before it mailed. A task that has mailed
    ends the request itself."""
    method = "PUT" if mail else "PATCH"
    path = f"{tasks_path(run_id)}/{task_id}/state-store/{STATE_SEND_MAIL}"
    api.request(method, path, json={"value": mail})
