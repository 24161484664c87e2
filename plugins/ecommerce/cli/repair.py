"""`make repair` and `make report`: clear tasks of a day's newest run with downstream."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import click

from ecommerce.cli.airflow_api import FINISHED, AirflowApi, left_to_airflow
from ecommerce.cli.attempts import FailedAttempts
from ecommerce.cli.backfill import PAUSE
from ecommerce.cli.terminal import day_option, progress, show, show_report
from ecommerce.core import names
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_GATE
from ecommerce.core.text import listed
from ecommerce.sources import PARTNER_FILES, SOURCES

Instances = Mapping[str, Mapping[str, Any]]
EXTRACTS = [f"{GROUP_EXTRACT}.{source}" for source in SOURCES]

mail_option = click.option(
    "--mail", is_flag=True, help="mail the report even if it is not due, or was mailed"
)
wait_option = click.option(
    "--wait/--no-wait", default=True, help="wait for the end of the run"
)


@click.command()
@day_option("--day")
@click.option(
    "--source",
    type=click.Choice(list(SOURCES)),
    help="read this source again, even if it did not fail",
)
@mail_option
@wait_option
def repair(day: date, source: str | None, *, mail: bool, wait: bool) -> int:
    """Run the failed tasks of a day again, with downstream.

    The exit code is 0 only if the run succeeded, or nothing had failed.
    """
    api = AirflowApi.from_environment()
    runs = _runs(api, day)
    run_id = runs[0]["dag_run_id"]
    instances = api.instances(run_id)
    if source:
        task_ids = tasks_to_read(instances, source)
    else:
        has_failed = any(each["state"] == "failed" for each in instances.values())
        stopped = not has_failed and api.run_state(run_id) == "failed"
        task_ids = tasks_to_clear(instances, stopped=stopped)
    if task_ids:
        return _run_again(api, day, run_id, task_ids, mail=mail, wait=wait)
    older = listed(run["dag_run_id"] for run in runs[1:] if run["state"] == "failed")
    taken_over = ""
    if older:
        taken_over = f"It has taken over the day from {older}, which failed and needs no repair. "
    show(
        f"nothing to repair: the newest run of {day}, {run_id}, has no failed task. {taken_over}To read a "
        f"source again: make repair DAY={day} SOURCE={'|'.join(SOURCES)}; all sources: make backfill "
        f"FROM={day} TO={day} AGAIN=1; to rebuild its report: make report DAY={day}"
    )
    return 0


def tasks_to_clear(instances: Instances, *, stopped: bool = False) -> list[str]:
    """Return the tasks to clear with downstream, for a run with these `instances`.

    - An extract or transform failed: read that source again.
    - The checks failed: read all sources again, because the checks do not know which one is wrong.
    - Only the gate failed: read the partner files, because a due file was missing.
    - The gate failed: also read the sources that were off, because the source policy may have changed.

    `stopped`: the run failed at its timeout, for which Airflow skips tasks, without a failed task.
    """
    states = ("failed", "skipped") if stopped else ("failed",)
    failed = {
        each["task_id"]: each for each in instances.values() if each["state"] in states
    }
    again = failed.keys() & set(EXTRACTS)
    for each in instances.values():
        if each["state"] in states and each["task_id"].startswith(
            f"{names.GROUP_TRANSFORM}."
        ):
            extract = f"{GROUP_EXTRACT}.{each['rendered_map_index']}"
            again.update([extract] if extract in EXTRACTS else EXTRACTS)
    if TASK_GATE in failed and not again:
        deliveries = f"{GROUP_EXTRACT}.{PARTNER_FILES.name}"
        again.add(
            deliveries if instances[deliveries]["state"] == "success" else TASK_GATE
        )
    if TASK_GATE in failed:
        again.update(each for each in EXTRACTS if instances[each]["state"] == "skipped")
    if names.TASK_CHECKS in failed:
        again.update(each for each in EXTRACTS if instances[each]["state"] != "skipped")
    return sorted(again or failed)


def tasks_to_read(instances: Instances, source: str) -> list[str]:
    """Return the extract of `source`; also the others that failed or were off, if the run stopped at the gate
    without them."""
    state = {name: each["state"] for name, each in instances.items()}
    missing = () if state.get(TASK_GATE) == "success" else ("failed", "skipped")
    extract = f"{GROUP_EXTRACT}.{source}"
    return [
        extract,
        *(each for each in EXTRACTS if each != extract and state.get(each) in missing),
    ]


@click.command()
@day_option("--day")
@mail_option
@wait_option
def report(day: date, *, mail: bool, wait: bool) -> int:
    """Rebuild the report of a day from the warehouse.

    The exit code is 0 only if the run succeeded.
    """
    api = AirflowApi.from_environment()
    run_id = _runs(api, day)[0]["dag_run_id"]
    state = api.task_state(run_id, names.TASK_CHECKS)
    if state in ("failed", "upstream_failed", "skipped"):
        raise PipelineError(
            f"the newest run of {day} has not loaded the day: see the failed task of {run_id} in "
            f"{api.url}, then make repair DAY={day}"
        )
    if state != "success":
        raise PipelineError(f"{run_id} is in progress and will build the report itself")
    return _run_again(api, day, run_id, [names.TASK_REPORT], mail=mail, wait=wait)


def _runs(api: AirflowApi, day: date) -> list[dict[str, Any]]:
    closed_day(day, api.get(f"dags/{DAG_DAILY}/details")["timezone"], datetime.now(UTC))
    runs = api.runs_of_day(day)
    if not runs:
        raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
    if api.is_paused():
        raise PipelineError(
            f"{DAG_DAILY} is paused, so nothing would run: unpause it in the UI"
        )
    return runs


@left_to_airflow()
def _run_again(
    api: AirflowApi,
    day: date,
    run_id: str,
    task_ids: Sequence[str],
    *,
    mail: bool,
    wait: bool,
) -> int:
    if mail:  # by the next attempt of the task, and by no later one
        task = (
            f"dags/{DAG_DAILY}/dagRuns/{quote(run_id)}/taskInstances/{names.TASK_SEND}"
        )
        attempt = api.get(task)["try_number"] + 1
        api.request(
            "PUT",
            f"{task}/state-store/{names.STATE_SEND_MAIL}",
            json={"value": attempt},
        )
    cleared = api.clear(run_id, task_ids)
    url = f"{api.url}/dags/{DAG_DAILY}/runs/{quote(run_id)}"
    progress(f"running again {', '.join(cleared)}: {url}")
    if not wait:
        return 0
    failed_attempts = FailedAttempts(api, run_id=run_id)
    failed_attempts.skip()  # of tasks that are not run again
    state = ""
    while state not in FINISHED:
        time.sleep(PAUSE)
        state = api.run_state(run_id)
        failed_attempts.show({str(day): {"dag_run_id": run_id, "state": state}})
    if state == "success":
        show(f"The run of {day} succeeded")
        show_report(day)
        return 0
    show(f"The run of {day} failed: see {url}")
    return 1
