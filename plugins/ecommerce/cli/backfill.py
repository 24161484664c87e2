"""`make backfill`: run a daily DAG for a range of business days and wait for the end."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import click

from ecommerce.cli import environment
from ecommerce.cli.airflow_api import AirflowApi, signed_in
from ecommerce.cli.terminal import TaskLines, day_option, show_report
from ecommerce.core.business_day import TICKS
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import read_setting

FINISHED = ("success", "failed")
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
        bounds = {"from_date": f"{self.first}T00:00:00", "to_date": f"{self.last}T23:59:59"}
        reprocess = "completed" if self.again else "failed"
        return {"dag_id": self.dag_id, "reprocess_behavior": reprocess, **bounds, **more}


class Backfill(NamedTuple):
    """A backfill in Airflow; `created_at` as Airflow writes it."""

    dag_id: str
    backfill_id: int
    created_at: str
    runs: Runs


@click.command()
@day_option("--from", "first", help="first business day")
@day_option("--to", "last", help="last business day, included")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="days at the same time")
@click.option("--mail", is_flag=True, help="mail each day's report")
@click.option("--again", is_flag=True, help="also run days that have succeeded before")
@click.option("--dag", "dag_id", type=click.Choice(sorted(TICKS)), default=DAG_DAILY, show_default=True)
def backfill(first: date, last: date, *, jobs: int, mail: bool, again: bool, dag_id: str) -> int:
    """Run a range of business days and wait for their end.

    The exit code is 0 only if no day failed.
    """
    is_daily = dag_id == DAG_DAILY
    if mail and not is_daily:
        raise click.BadParameter(f"{dag_id} makes no report: leave MAIL out", param_hint="--mail")
    with signed_in() as api:
        range_ = Range(first, last, dag_id, again)
        days = plan(api, range_)
        open_runs = api.get(f"dags/{dag_id}/dagRuns", state=["queued", "running"], limit=100)["dag_runs"]
        running = {run["partition_key"] or "" for run in open_runs}
        running = {day for day in running if str(first) <= day <= str(last)}
        for day in sorted(running - {*days}):
            click.echo(f"left out, because a run of it is in progress: {day}")
        if not days:
            others = f"every {'other ' if running else ''}day from {first} to {last}"
            click.echo(f"nothing to do: {others} has succeeded before (AGAIN=1 runs them again)")
            return 0
        click.echo(f"{len(days)} days to run, {jobs} at a time: {days[0]} to {days[-1]}")
        if is_daily:
            _note_missing_refunds(api, first, last)
        started = start(api, range_, jobs=jobs, mail=mail)
        succeeded, failed = wait(api, started, _progress(api, dag_id)) if started else ([], [])
    if succeeded and is_daily:
        show_report(date.fromisoformat(succeeded[-1]))
    click.echo(f"{len(succeeded)} days succeeded, {len(failed)} failed")
    for day in failed:
        fix = f"make repair DAY={day}" if is_daily else "clear that task with downstream"
        click.echo(f"failed: {day}: see the run's red task in {api.url}, then {fix}")
    return 1 if failed else 0


def _note_missing_refunds(api: AirflowApi, first: date, last: date) -> None:
    """Name the days before `first`, within the lookback for refunds, that have no successful run."""
    environ = dict(os.environ)
    with suppress(ConfigurationError):  # Airflow and its settings may be on another machine
        environment.load(environ)
    lookback = timedelta(days=int(read_setting("refund_lookback_days", environ)))
    if missing := plan(api, Range(first - lookback, first - timedelta(days=1))):
        click.echo(
            f"note: {len(missing)} earlier days, {missing[0]} to {missing[-1]}, have no run. If the "
            f"storefront does not date refunds (see make check), refunds from {first} on of orders of "
            f"those days are missing; to load them: make backfill FROM={missing[0]} TO={last}"
        )


def _progress(api: AirflowApi, dag_id: str) -> Callable[[Runs], None]:
    """Return the function that prints the tasks and days that have ended since its last call."""
    lines, ended = TaskLines(api, dag_id), set[str]()

    def show(runs: Runs) -> None:
        for day in sorted(runs.keys() - ended):
            instances = api.instances(runs[day]["dag_run_id"], dag_id)
            lines.show(runs[day]["dag_run_id"], {f"{day} {name}": each for name, each in instances.items()})
            if runs[day]["state"] in FINISHED:
                ended.add(day)
                click.echo(f"{day}: {runs[day]['state']} ({len(ended)} of {len(runs)})")

    return show


def plan(api: AirflowApi, days: Range, now: datetime | None = None) -> list[str]:
    """Return the business days that a backfill would run, in order; Airflow leaves out days in progress.

    Args:
        api: a signed-in session.
        days: the range.
        now: an aware instant; by default the current one.

    Raises:
        PipelineError: the range is empty, or a day has not ended yet, so that its run would wait.
    """
    if days.first > days.last:
        raise PipelineError(f"FROM={days.first} is after TO={days.last}")
    entries = api.post("backfills/dry_run", days.request())["backfills"]
    # Airflow names a business day by its own morning's tick.
    ended = (now or datetime.now(UTC)) + TICKS[days.dag_id] - timedelta(days=1)
    late = [
        each["partition_key"] for each in entries if datetime.fromisoformat(each["partition_date"]) > ended
    ]
    if late:
        newest = date.fromisoformat(min(late)) - timedelta(days=1)
        raise PipelineError(
            f"business day {min(late)} has not ended yet: {newest} is the last that can be run"
        )
    return sorted(entry["partition_key"] for entry in entries)


def start(api: AirflowApi, days: Range, *, jobs: int = 2, mail: bool = False) -> Backfill | None:
    """Create a backfill in Airflow and return it; None where there is no day to run.

    Args:
        api: a signed-in session.
        days: the range.
        jobs: how many days run at the same time.
        mail: mail every day's report; for the daily DAG only.

    Raises:
        PipelineError: as `plan`; or another backfill of the DAG is in progress; or the DAG is paused.
    """
    planned, dag_id = plan(api, days), days.dag_id
    if not planned:
        return None
    page = f"dags/{dag_id}/backfills"
    if other := _unfinished(api, dag_id):
        raise PipelineError(
            f"another backfill is in progress, from {other['from_date'][:10]} to {other['to_date'][:10]}, "
            f"and Airflow runs one at a time: wait for its end, or cancel it at {api.url}/{page}"
        )
    if api.is_paused(dag_id):
        raise PipelineError(f"{dag_id} is paused, so a backfill would wait for ever: unpause it in the UI")
    conf = {"send_mail": True} if mail else {}
    try:
        created = api.post("backfills", days.request(max_active_runs=jobs, dag_run_conf=conf))
    except PipelineError:
        if _unfinished(api, dag_id):  # Airflow records a backfill before its runs
            raise PipelineError(
                "Airflow failed while it created the backfill, and may have created some of its runs: cancel "
                f"it at {api.url}/{page}, then run the command again"
            ) from None
        raise
    runs = _runs_of(api, dag_id, created["created_at"])
    # A day that another run has taken since the plan got no run.
    runs = {day: run for day, run in runs.items() if day in planned}
    return Backfill(dag_id, created["id"], created["created_at"], runs)


def wait(
    api: AirflowApi,
    started: Backfill,
    progress: Callable[[Runs], None] = lambda runs: None,
    pause: float = PAUSE,
) -> tuple[list[str], list[str]]:
    """Wait until all runs of a backfill have ended and Airflow accepts another backfill, and return the days
    that succeeded and those that failed.

    Args:
        api: a signed-in session.
        started: the backfill.
        progress: called with the runs after each request.
        pause: seconds between two requests.
    """
    runs = started.runs
    progress(runs)
    while not all(run["state"] in FINISHED for run in runs.values()):
        time.sleep(pause)
        newest = _runs_of(api, started.dag_id, started.created_at)
        runs = {day: newest[day] for day in runs if day in newest}  # others were deleted in the UI
        progress(runs)
    # Airflow closes a backfill up to half a minute after its last run.
    while not api.get(f"backfills/{started.backfill_id}")["completed_at"]:
        time.sleep(pause)
    succeeded, failed = (sorted(day for day in runs if runs[day]["state"] == state) for state in FINISHED)
    return succeeded, failed


def _unfinished(api: AirflowApi, dag_id: str) -> dict[str, Any] | None:
    """Return a backfill of the DAG that has not ended, as Airflow describes it."""
    backfills = api.get("backfills", dag_id=dag_id, limit=100)["backfills"]
    return next((each for each in backfills if not each["completed_at"]), None)


def _runs_of(api: AirflowApi, dag_id: str, created_at: str) -> Runs:
    """Return the backfill's runs by day: those of type backfill queued since it was created."""
    runs: dict[str, dict[str, Any]] = {}
    query = {"run_type": "backfill", "order_by": "-id", "limit": 100}
    for offset in count(step=100):
        page = api.get(f"dags/{dag_id}/dagRuns", **query, offset=offset)["dag_runs"]
        current = [run for run in page if (run["queued_at"] or created_at) >= created_at]
        runs = {run["partition_key"]: run for run in reversed(current)} | runs
        if len(current) < 100:
            break
    return runs
