"""`make backfill`: run a daily DAG for a range of business days and wait for the end.

The days are the shop's, first and last included. Airflow compares the bounds of a backfill, as wall-clock
time in the DAG's timezone, with the tick of each day (`TICKS`), so the range ends at the last second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Outcome:
    """The partition keys of a backfill's days by outcome."""

    succeeded: list[str]
    failed: list[str]


@dataclass(frozen=True, slots=True)
class Backfill:
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
    if mail and dag_id != DAG_DAILY:
        raise click.BadParameter(f"{dag_id} makes no report: leave MAIL out", param_hint="--mail")
    with signed_in() as api:
        days = plan(api, first, last, again=again, dag_id=dag_id)
        running = running_days(api, first, last, dag_id)
        for day in sorted({*running} - {*days}):
            click.echo(f"left out, because a run of it is in progress: {day}")
        if not days:
            others = f"every {'other ' if running else ''}day from {first} to {last}"
            click.echo(f"nothing to do: {others} has succeeded before (AGAIN=1 runs them again)")
            return 0
        click.echo(f"{len(days)} days to run, {jobs} at a time: {days[0]} to {days[-1]}")
        if dag_id == DAG_DAILY and (missing := days_before(api, first, _lookback_days())):
            click.echo(
                f"note: {len(missing)} earlier days, {missing[0]} to {missing[-1]}, have no run. If the "
                f"storefront does not date refunds (see make check), refunds from {first} on of orders of "
                f"those days are missing; to load them: make backfill FROM={missing[0]} TO={last}"
            )
        started = start(api, first, last, jobs=jobs, mail=mail, again=again, dag_id=dag_id)
        outcome = wait(api, started, _task_lines(api, dag_id)) if started else Outcome([], [])
    if outcome.succeeded and dag_id == DAG_DAILY:
        show_report(date.fromisoformat(outcome.succeeded[-1]))
    click.echo(f"{len(outcome.succeeded)} days succeeded, {len(outcome.failed)} failed")
    fix = "make repair DAY={day}" if dag_id == DAG_DAILY else "clear that task with downstream"
    for day in outcome.failed:
        click.echo(f"failed: {day}: see the run's red task in {api.url}, then {fix.format(day=day)}")
    return 1 if outcome.failed else 0


def _task_lines(api: AirflowApi, dag_id: str) -> Callable[[Runs], None]:
    lines, ended = TaskLines(api, dag_id), set[str]()

    def show(runs: Runs) -> None:
        for day in sorted(runs.keys() - ended):
            instances = api.instances(runs[day]["dag_run_id"], dag_id)
            lines.show(runs[day]["dag_run_id"], {f"{day} {name}": each for name, each in instances.items()})
            if runs[day]["state"] in FINISHED:
                ended.add(day)
                click.echo(f"{day}: {runs[day]['state']} ({len(ended)} of {len(runs)})")

    return show


def _lookback_days() -> int:
    environ = dict(os.environ)
    with suppress(ConfigurationError):  # Airflow and its settings may be on another machine
        environment.load(environ)
    return int(read_setting("refund_lookback_days", environ))


def plan(
    api: AirflowApi,
    first: date,
    last: date,
    *,
    again: bool,
    now: datetime | None = None,
    dag_id: str = DAG_DAILY,
) -> list[str]:
    """Return the business days that a backfill would run, in order; Airflow leaves out days in progress.

    Args:
        api: a signed-in session.
        first: first business day.
        last: last business day, included.
        again: include days that have succeeded before.
        now: an aware instant; by default the current one.
        dag_id: one of `TICKS`.

    Raises:
        PipelineError: `first` is after `last`, or a day has not ended yet, so that its run would wait.
    """
    if first > last:
        raise PipelineError(f"FROM={first} is after TO={last}")
    entries = api.post("backfills/dry_run", _range(dag_id, first, last, again=again))["backfills"]
    now = now or datetime.now(UTC)
    if too_early := sorted(entry["partition_key"] for entry in entries if _end(entry, dag_id) > now):
        newest = date.fromisoformat(too_early[0]) - timedelta(days=1)
        raise PipelineError(
            f"business day {too_early[0]} has not ended yet: {newest} is the last that can be run"
        )
    return sorted(entry["partition_key"] for entry in entries)


def days_before(api: AirflowApi, first: date, lookback_days: int) -> list[str]:
    """Return those of the `lookback_days` before `first` that have no successful run, in order."""
    return plan(api, first - timedelta(days=lookback_days), first - timedelta(days=1), again=False)


def running_days(api: AirflowApi, first: date, last: date, dag_id: str = DAG_DAILY) -> list[str]:
    """Return the business days of a range that have an unfinished run with their partition key, in order.

    Args:
        api: a signed-in session.
        first: first business day.
        last: last business day, included.
        dag_id: the DAG.
    """
    runs = api.get(f"dags/{dag_id}/dagRuns", state=["queued", "running"], limit=100)["dag_runs"]
    keys = {run["partition_key"] for run in runs if run["partition_key"]}
    return sorted(key for key in keys if first.isoformat() <= key <= last.isoformat())


def start(
    api: AirflowApi,
    first: date,
    last: date,
    *,
    jobs: int = 2,
    mail: bool = False,
    again: bool = False,
    dag_id: str = DAG_DAILY,
) -> Backfill | None:
    """Create a backfill in Airflow and return it; None where there is no day to run.

    Args:
        api: a signed-in session.
        first: first business day.
        last: last business day, included.
        jobs: how many days run at the same time.
        mail: mail every day's report; for the daily DAG only.
        again: include days that have succeeded before.
        dag_id: one of `TICKS`.

    Raises:
        PipelineError: as `plan`; or another backfill of the DAG is in progress; or the DAG is paused.
    """
    days = plan(api, first, last, again=again, dag_id=dag_id)
    if not days:
        return None
    if other := unfinished(api, dag_id):
        raise PipelineError(
            f"another backfill is in progress, from {other['from_date'][:10]} to {other['to_date'][:10]}, "
            f"and Airflow runs one at a time: wait for its end, or cancel it at {_page(api, dag_id)}"
        )
    if api.is_paused(dag_id):
        raise PipelineError(f"{dag_id} is paused, so a backfill would wait for ever: unpause it in the UI")
    request = _range(dag_id, first, last, again=again) | {
        "max_active_runs": jobs,
        "dag_run_conf": {"send_mail": True} if mail else {},
    }
    try:
        created = api.post("backfills", request)
    except PipelineError:
        if unfinished(api, dag_id):  # Airflow records a backfill before its runs
            raise PipelineError(
                "Airflow failed while it created the backfill, and may have created some of its runs: cancel "
                f"it at {_page(api, dag_id)}, then run the command again"
            ) from None
        raise
    # A day that another run has taken since the plan got no run.
    runs = _runs_of(api, dag_id, created["created_at"], days)
    return Backfill(dag_id, created["id"], created["created_at"], runs)


def wait(
    api: AirflowApi,
    started: Backfill,
    progress: Callable[[Runs], None] = lambda runs: None,
    pause: float = PAUSE,
) -> Outcome:
    """Wait until all runs of a backfill have ended and Airflow accepts another backfill.

    Args:
        api: a signed-in session.
        started: the backfill.
        progress: called with the runs after each request.
        pause: seconds between two requests.
    """
    runs = started.runs
    while True:
        progress(runs)
        if all(run["state"] in FINISHED for run in runs.values()):
            break
        time.sleep(pause)
        runs = _runs_of(api, started.dag_id, started.created_at, list(started.runs))
    # Airflow closes a backfill up to half a minute after its last run.
    while not api.get(f"backfills/{started.backfill_id}")["completed_at"]:
        time.sleep(pause)
    succeeded, failed = (
        sorted(day for day, run in runs.items() if run["state"] == state) for state in FINISHED
    )
    return Outcome(succeeded, failed)


def unfinished(api: AirflowApi, dag_id: str = DAG_DAILY) -> dict[str, Any] | None:
    """Return a backfill of the DAG that has not ended, as Airflow describes it."""
    backfills = api.get("backfills", dag_id=dag_id, limit=100)["backfills"]
    return next((each for each in backfills if not each["completed_at"]), None)


def _page(api: AirflowApi, dag_id: str) -> str:
    return f"{api.url}/dags/{dag_id}/backfills"


def _range(dag_id: str, first: date, last: date, *, again: bool) -> dict[str, Any]:
    return {
        "dag_id": dag_id,
        "from_date": f"{first.isoformat()}T00:00:00",
        "to_date": f"{last.isoformat()}T23:59:59",
        "reprocess_behavior": "completed" if again else "failed",
    }


def _end(entry: dict[str, Any], dag_id: str) -> datetime:
    """Return when the business day of a planned run ends; Airflow names it by its own morning's tick."""
    return datetime.fromisoformat(entry["partition_date"]) - TICKS[dag_id] + timedelta(days=1)


def _runs_of(api: AirflowApi, dag_id: str, created_at: str, days: list[str]) -> dict[str, dict[str, Any]]:
    """Return the backfill's runs by day: those of type backfill queued since it was created."""
    runs: dict[str, dict[str, Any]] = {}
    offset = 0
    while True:
        query = {"run_type": "backfill", "order_by": "-id", "limit": 100, "offset": offset}
        page = api.get(f"dags/{dag_id}/dagRuns", **query)["dag_runs"]
        current = [run for run in page if (run["queued_at"] or created_at) >= created_at]
        for run in current:
            if run["partition_key"] in days:
                runs.setdefault(run["partition_key"], run)
        if len(current) < 100:
            return runs
        offset += 100
