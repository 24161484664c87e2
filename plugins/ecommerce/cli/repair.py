"""`make repair` and `make report`: clear tasks of a day's newest run with downstream."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from urllib.parse import quote

import click

from ecommerce.cli.airflow_api import AirflowApi, Json
from ecommerce.cli.terminal import day_option, progress, show, show_report
from ecommerce.cli.watching import wait_for
from ecommerce.core import names
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_GATE
from ecommerce.core.text import listed
from ecommerce.sources import PARTNER_FILES, SOURCES

Instances = Mapping[str, Json]
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
        task_ids = tasks_to_clear(instances, "failed")
        if not task_ids and runs[0]["state"] == "failed":
            # A run that fails at its timeout skips its tasks.
            task_ids = tasks_to_clear(instances, "skipped")
    if task_ids:
        return _run_again(api, day, run_id, task_ids, mail=mail, wait=wait)
    taken_over = ""
    older = [run["dag_run_id"] for run in runs[1:] if run["state"] == "failed"]
    if older:
        taken_over = f"It has taken over the day from {listed(older)}, which failed and needs no repair. "
    show(
        f"nothing to repair: the newest run of {day}, {run_id}, has no failed task. {taken_over}To read a "
        f"source again: make repair DAY={day} SOURCE={'|'.join(SOURCES)}; all sources: make backfill "
        f"FROM={day} TO={day} AGAIN=1; to rebuild its report: make report DAY={day}"
    )
    return 0


def tasks_to_clear(instances: Instances, state: str) -> list[str]:
    """Return the tasks to clear with downstream, of a run whose broken tasks are in a state.

    - A transform or the checks: read all sources again, because any of them may be wrong.
    - The gate: read the partner files if no extract failed, because a due file is missing, and the sources
      that were off, because the source policy may have changed.
    """
    broken = {task["task_id"] for task in instances.values() if task["state"] == state}
    is_data_wrong = names.TASK_CHECKS in broken
    for task_id in broken:
        if task_id.startswith(f"{names.GROUP_TRANSFORM}."):
            is_data_wrong = True
    to_read = broken.intersection(EXTRACTS)
    if TASK_GATE in broken and not to_read:
        to_read.add(f"{GROUP_EXTRACT}.{PARTNER_FILES.name}")
    for extract in EXTRACTS:
        is_off = instances[extract]["state"] == "skipped"
        if is_data_wrong and not is_off:
            to_read.add(extract)
        if TASK_GATE in broken and is_off:
            to_read.add(extract)
    return sorted(to_read or broken)


def tasks_to_read(instances: Instances, source: str) -> list[str]:
    """Return the extract of `source`; also the others that failed or were off, if the run stopped at the gate
    without them."""
    to_read = [f"{GROUP_EXTRACT}.{source}"]
    if instances[TASK_GATE]["state"] == "success":
        return to_read
    for extract in EXTRACTS:
        state = instances[extract]["state"]
        if state in ("failed", "skipped") and extract not in to_read:
            to_read.append(extract)
    return to_read


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
    if api.task_state(run_id, names.TASK_CHECKS) != "success":
        raise PipelineError(
            f"the newest run of {day}, {run_id}, has not loaded the day. If it is in progress, it will build "
            f"the report itself; if not, see its failed task in {api.url}, then make repair DAY={day}"
        )
    return _run_again(api, day, run_id, [names.TASK_REPORT], mail=mail, wait=wait)


def _runs(api: AirflowApi, day: date) -> list[Json]:
    closed_day(day, api.timezone(), datetime.now(UTC))
    runs = api.runs_of_day(day)
    if not runs:
        raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
    if api.is_paused():
        raise PipelineError(
            f"{DAG_DAILY} is paused, so nothing would run: unpause it in the UI"
        )
    return runs


def _run_again(
    api: AirflowApi,
    day: date,
    run_id: str,
    task_ids: Sequence[str],
    *,
    mail: bool,
    wait: bool,
) -> int:
    if mail:
        # The task deletes the request when it has mailed the report.
        task = (
            f"dags/{DAG_DAILY}/dagRuns/{quote(run_id)}/taskInstances/{names.TASK_SEND}"
        )
        api.request(
            "PUT", f"{task}/state-store/{names.STATE_SEND_MAIL}", json={"value": True}
        )
    cleared = api.clear(run_id, task_ids)
    url = f"{api.url}/dags/{DAG_DAILY}/runs/{quote(run_id)}"
    progress(f"running again {', '.join(cleared)}: {url}")
    if not wait:
        return 0
    states = wait_for(api, DAG_DAILY, {run_id: str(day)}, run_id_prefix_pattern=run_id)
    if states[str(day)] == "success":
        show(f"The run of {day} succeeded")
        show_report(day)
        return 0
    show(f"The run of {day} failed: see {url}")
    return 1
