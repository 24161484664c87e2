"""`make backfill`: run a daily DAG for a range of business days and wait for the end."""

import time
from datetime import date

import click

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.terminal import day_option, progress, require_closed, show
from ecommerce.cli.watching import PAUSE, wait_for_runs
from ecommerce.core.names import DAG_DAILY, DAG_EVENTS
from ecommerce.core.text import counted
from ecommerce.core.values import Json


def start_backfill(
    api: AirflowApi,
    first: date,
    last: date,
    dag_id: str = DAG_DAILY,
    *,
    again: bool = False,
    jobs: int = 2,
    mail: bool = False,
) -> tuple[str, dict[str, str]]:
    """Create a backfill of a daily DAG, of `jobs` days at the same time, and return its path and the business
    days of its runs by their ids, in order; both are empty where there is no day to run: Airflow leaves out
    days in progress.

    Args:
        api: Airflow.
        first: the first of the shop's business days.
        last: the last one, included.
        dag_id: the DAG.
        again: also run days that have succeeded before.
        jobs: how many days run at the same time.
        mail: mail every day's report; for the daily DAG only.

    Raises:
        PipelineError: the range is empty, or a day has not ended yet, so that its run would wait; or the DAG
            is paused; or another backfill of it is in progress.
    """
    require_closed(first, last, api.timezone())
    request: Json = {
        "dag_id": dag_id,
        "reprocess_behavior": "completed" if again else "failed",
        "from_date": str(first),
        "to_date": str(last),
    }
    planned = api.post("backfills/dry_run", request)["backfills"]
    if not planned:
        return "", {}
    api.require_unpaused(dag_id)
    conf = {"send_mail": True} if mail else {}
    request |= {"max_active_runs": jobs, "dag_run_conf": conf}
    created = api.post("backfills", request)["id"]
    runs = api.runs(dag_id, **_run_filters(first, last))
    # The newest run is the first: it replaces others of its day.
    newest = {run["partition_key"]: run["dag_run_id"] for run in reversed(runs)}
    days = sorted(entry["partition_key"] for entry in planned)
    return f"backfills/{created}", {newest[day]: day for day in days if day in newest}


def _run_filters(first: date, last: date) -> dict[str, str]:
    return {
        "run_type": "backfill",
        "partition_date_gte": str(first),
        "partition_date_lte": str(last),
    }


@click.command()
@day_option("--from", "first", help="first business day")
@day_option("--to", "last", help="last business day, included")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="days at the same time",
)
@click.option("--mail", is_flag=True, help="mail each day's report")
@click.option("--again", is_flag=True, help="also run days that have succeeded before")
@click.option(
    "--dag",
    "dag_id",
    type=click.Choice([DAG_DAILY, DAG_EVENTS]),
    default=DAG_DAILY,
    show_default=True,
)
def backfill(
    first: date, last: date, *, jobs: int, mail: bool, again: bool, dag_id: str
) -> int:
    """Run a range of business days and wait for their end.

    The exit code is 0 only if no day failed.
    """
    if mail and dag_id != DAG_DAILY:
        raise click.UsageError(f"only {DAG_DAILY} has a report to mail")
    api = AirflowApi.from_environment()
    path, day_of_run = start_backfill(
        api, first, last, dag_id, again=again, jobs=jobs, mail=mail
    )
    if not day_of_run:
        show(
            f"nothing to do: every day from {first} to {last} has succeeded before, or is running "
            "(AGAIN=1 runs them again)"
        )
        return 0
    days = list(day_of_run.values())
    progress(f"{counted(len(days), 'day')} to run: {days[0]} to {days[-1]}; {api.url}")
    states = wait_for_runs(api, dag_id, day_of_run, **_run_filters(first, last))
    # Until then, Airflow accepts no other.
    while not api.get(path)["completed_at"]:
        time.sleep(PAUSE)
    failed = [day for day in days if states[day] == "failed"]
    show(f"{counted(len(days) - len(failed), 'day')} succeeded, {len(failed)} failed")
    for day in failed:
        show(
            f"failed: {day}: see the run's failed task in {api.url}, then make repair DAY={day} "
            "(another DAG: clear the task with downstream)"
        )
    return 1 if failed else 0
