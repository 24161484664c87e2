"""`make backfill`: run a daily DAG for a range of business days and wait for the end."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import click

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.terminal import day_option, progress, show
from ecommerce.cli.watching import PAUSE, wait_for_runs
from ecommerce.core.business_day import TICKS, closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.text import counted
from ecommerce.core.values import Json


@dataclass(frozen=True)
class BackfillRequest:
    """The shop's business days from `first` to `last`, included, of a daily DAG; `again`: also those that
    have succeeded before."""

    first: date
    last: date
    dag_id: str = DAG_DAILY
    again: bool = False

    def body(self) -> Json:
        """Return the body of a request for a backfill."""
        return {
            "dag_id": self.dag_id,
            "reprocess_behavior": "completed" if self.again else "failed",
            "from_date": str(self.first),
            "to_date": str(self.last),
        }

    def run_filters(self) -> dict[str, str]:
        """Return the filters for the runs of backfills of these days."""
        return {
            "run_type": "backfill",
            "partition_date_gte": str(self.first),
            "partition_date_lte": str(self.last),
        }


@dataclass(frozen=True)
class Backfill:
    """A backfill in Airflow; `runs` by business day."""

    requested: BackfillRequest
    backfill_id: int
    runs: Mapping[str, Json]


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
    type=click.Choice(sorted(TICKS)),
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
    started = start(
        api, BackfillRequest(first, last, dag_id, again), jobs=jobs, mail=mail
    )
    if started is None:
        show(
            f"nothing to do: every day from {first} to {last} has succeeded before, or is running "
            "(AGAIN=1 runs them again)"
        )
        return 0
    days = list(started.runs)
    progress(f"{counted(len(days), 'day')} to run: {days[0]} to {days[-1]}; {api.url}")
    states = wait(api, started)
    failed = [day for day in days if states[day] == "failed"]
    show(f"{counted(len(days) - len(failed), 'day')} succeeded, {len(failed)} failed")
    for day in failed:
        show(
            f"failed: {day}: see the run's failed task in {api.url}, then make repair DAY={day} "
            "(another DAG: clear the task with downstream)"
        )
    return 1 if failed else 0


def plan(api: AirflowApi, requested: BackfillRequest) -> list[str]:
    """Return the business days that a backfill would run, in order; Airflow leaves out days in progress.

    Raises:
        PipelineError: the range is empty, or a day has not ended yet, so that its run would wait.
    """
    if requested.first > requested.last:
        raise PipelineError(f"FROM={requested.first} is after TO={requested.last}")
    closed_day(requested.last, api.timezone())
    planned = api.post("backfills/dry_run", requested.body())["backfills"]
    return sorted(entry["partition_key"] for entry in planned)


def start(
    api: AirflowApi, requested: BackfillRequest, *, jobs: int = 2, mail: bool = False
) -> Backfill | None:
    """Create a backfill in Airflow, of `jobs` days at the same time, and return it; None where there is no
    day to run. `mail`, for the daily DAG only: mail every day's report.

    Raises:
        PipelineError: the range is empty, or a day has not ended yet; or the DAG is paused; or another
            backfill of it is in progress.
    """
    planned = plan(api, requested)
    if not planned:
        return None
    api.require_unpaused(requested.dag_id)
    body = requested.body()
    body["max_active_runs"] = jobs
    body["dag_run_conf"] = {"send_mail": True} if mail else {}
    created = api.post("backfills", body)
    runs: dict[str, Json] = {}
    # The newest run of a day is the first.
    for run in api.runs(requested.dag_id, **requested.run_filters()):
        if run["partition_key"] in planned:
            runs.setdefault(run["partition_key"], run)
    if not runs:
        return None
    return Backfill(requested, created["id"], dict(sorted(runs.items())))


def wait(api: AirflowApi, started: Backfill) -> dict[str, str]:
    """Wait until the runs of a backfill have ended and Airflow accepts another one, and return their states
    by day."""
    day_of_run = {run["dag_run_id"]: day for day, run in started.runs.items()}
    requested = started.requested
    states = wait_for_runs(api, requested.dag_id, day_of_run, **requested.run_filters())
    while not api.get(f"backfills/{started.backfill_id}")["completed_at"]:
        time.sleep(PAUSE)
    return states
