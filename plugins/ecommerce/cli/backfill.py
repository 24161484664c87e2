"""`make backfill`: run a daily DAG for a range of business days and wait for the end."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import click

from ecommerce.cli.airflow_api import FINISHED, AirflowApi, left_to_airflow
from ecommerce.cli.attempts import FailedAttempts
from ecommerce.cli.terminal import day_option, progress, show, show_report
from ecommerce.core.business_day import TICKS
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.text import counted

PAUSE = 3.0
"""Seconds between two requests for the state of runs."""

Runs = Mapping[str, dict[str, Any]]
"""Runs by day, as Airflow's API describes them."""


class Range(NamedTuple):
    """The shop's business days from `first` to `last`, included, of a daily DAG; `again`: also those that
    have succeeded before."""

    first: date
    last: date
    dag_id: str = DAG_DAILY
    again: bool = False

    def request(self, **more: Any) -> dict[str, Any]:
        """Return the body of a request for a backfill. Airflow compares its bounds, as wall-clock time in the
        DAG's timezone, with the tick of each day (`TICKS`), so it ends at the last second."""
        bounds = {
            "from_date": f"{self.first}T00:00:00",
            "to_date": f"{self.last}T23:59:59",
        }
        reprocess = "completed" if self.again else "failed"
        return {
            "dag_id": self.dag_id,
            "reprocess_behavior": reprocess,
            **bounds,
            **more,
        }


class Backfill(NamedTuple):
    """A backfill in Airflow; `created_at` as Airflow writes it."""

    dag_id: str
    backfill_id: int
    created_at: str
    runs: Runs


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
    is_daily = dag_id == DAG_DAILY
    if mail and not is_daily:
        raise click.BadParameter(
            f"{dag_id} makes no report: leave MAIL out", param_hint="--mail"
        )
    api = AirflowApi.from_environment()
    started = start(api, Range(first, last, dag_id, again), jobs=jobs, mail=mail)
    if started is None:
        show(
            f"nothing to do: every day from {first} to {last} has succeeded before, or is running "
            "(AGAIN=1 runs them again)"
        )
        return 0
    days = list(started.runs)
    to_run = counted(len(days), "day")
    progress(
        f"{to_run} to run, {jobs} at a time: {days[0]} to {days[-1]}; progress: {api.url}"
    )
    succeeded, failed = wait(api, started)
    if succeeded and is_daily:
        show_report(date.fromisoformat(succeeded[-1]))
    show(f"{counted(len(succeeded), 'day')} succeeded, {len(failed)} failed")
    for day in failed:
        fix = (
            f"make repair DAY={day}" if is_daily else "clear that task with downstream"
        )
        show(f"failed: {day}: see the run's red task in {api.url}, then {fix}")
    return 1 if failed else 0


def plan(api: AirflowApi, days: Range, now: datetime | None = None) -> list[str]:
    """Return the business days that a backfill would run, in order; Airflow leaves out days in progress.
    `now` is aware, by default the current instant.

    Raises:
        PipelineError: the range is empty, or a day has not ended yet, so that its run would wait.
    """
    if days.first > days.last:
        raise PipelineError(f"FROM={days.first} is after TO={days.last}")
    entries = api.post("backfills/dry_run", days.request())["backfills"]
    # Airflow names a business day by its own morning's tick.
    ended = (now or datetime.now(UTC)) + TICKS[days.dag_id] - timedelta(days=1)
    late = [
        each["partition_key"]
        for each in entries
        if datetime.fromisoformat(each["partition_date"]) > ended
    ]
    if late:
        newest = date.fromisoformat(min(late)) - timedelta(days=1)
        raise PipelineError(
            f"business day {min(late)} has not ended yet: {newest} is the last that can be run"
        )
    return sorted(entry["partition_key"] for entry in entries)


def start(
    api: AirflowApi, days: Range, *, jobs: int = 2, mail: bool = False
) -> Backfill | None:
    """Create a backfill in Airflow, of `jobs` days at the same time, and return it; None where there is no
    day to run. `mail`, for the daily DAG only: mail every day's report.

    Raises:
        PipelineError: as `plan`; or the DAG is paused; or another backfill of it is in progress.
    """
    planned, dag_id = plan(api, days), days.dag_id
    if not planned:
        return None
    if api.is_paused(dag_id):
        raise PipelineError(
            f"{dag_id} is paused, so a backfill would wait for ever: unpause it in the UI"
        )
    conf = {"send_mail": True} if mail else {}
    created = api.post(
        "backfills", days.request(max_active_runs=jobs, dag_run_conf=conf)
    )
    begun = _runs_of(api, dag_id, created["created_at"])
    runs = {day: begun[day] for day in planned if day in begun}
    return (
        Backfill(dag_id, created["id"], created["created_at"], runs) if runs else None
    )


@left_to_airflow()
def wait(api: AirflowApi, started: Backfill) -> tuple[list[str], list[str]]:
    """Wait until Airflow has ended the backfill and accepts another one. Print each failed attempt of a task
    and each run that ends; return the days that succeeded and those that failed."""
    failed_attempts = FailedAttempts(api, started.dag_id)
    shown: set[str] = set()
    has_ended = False
    while not has_ended:
        time.sleep(PAUSE)
        has_ended = bool(api.get(f"backfills/{started.backfill_id}")["completed_at"])
        runs = _runs_of(api, started.dag_id, started.created_at)
        failed_attempts.show(runs)
        states = {day: runs[day]["state"] for day in started.runs if day in runs}
        for day, state in states.items():
            if day not in shown and (has_ended or state in FINISHED):
                shown.add(day)
                progress(f"{len(shown)} of {len(started.runs)}: {day} {state}")
    succeeded = [day for day, state in states.items() if state == "success"]
    return succeeded, [day for day in states if day not in succeeded]


def _runs_of(api: AirflowApi, dag_id: str, created_at: str) -> Runs:
    """Return the backfill's runs by day: those of type backfill queued since it was created."""
    runs: dict[str, dict[str, Any]] = {}
    query = {"run_type": "backfill", "order_by": "-id", "limit": 100}
    for offset in count(step=100):
        page = api.get(f"dags/{dag_id}/dagRuns", **query, offset=offset)["dag_runs"]
        current = [
            run for run in page if (run["queued_at"] or created_at) >= created_at
        ]
        runs = {run["partition_key"]: run for run in reversed(current)} | runs
        if len(current) < 100:
            break
    return runs
