"""`make run`, `make backfill`, `make repair`, `make report`: commands that have Airflow run something."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import backfill as run_backfill
from ecommerce.cli.backfill import plan, under_way
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_CHECKS, TASK_FIGURES
from ecommerce.sources import SOURCES


def _day(_: click.Context, parameter: click.Parameter, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day like 2026-11-19") from None


day_option = partial(click.option, callback=_day, required=True, metavar="YYYY-MM-DD")


@contextmanager
def _airflow() -> Iterator[AirflowApi]:
    """A signed-in session; Ctrl-C ends the command and nothing else."""
    try:
        yield AirflowApi.from_environment()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("what was begun goes on in Airflow") from None


def _jobs(_: click.Context, parameter: click.Parameter, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is not a number of days, 1 or more")
    return int(text)


@click.command()
@day_option("--day")
def run(day: date) -> int:
    """Run one business day here, without a scheduler."""
    environment.load(connections_of_the_ui=False)
    conf = json.dumps({"business_date": day.isoformat()})
    command = [sys.executable, "-m", "airflow", "dags", "test", DAG_DAILY, "-c", conf]
    return subprocess.run(command, check=False).returncode


@click.command()
@day_option("--from", "first", help="first business day")
@day_option("--to", "last", help="last business day, included")
@click.option("--jobs", default="2", show_default=True, callback=_jobs, help="days at the same time")
@click.option("--mail", is_flag=True, help="mail each day's report")
@click.option("--again", is_flag=True, help="also run days that have succeeded before")
def backfill(first: date, last: date, jobs: int, mail: bool, again: bool) -> int:
    """Run a range of business days and wait for their end.

    The exit code is 0 only when all of them succeeded.
    """
    from tqdm import tqdm

    with _airflow() as api, ExitStack() as at_end:
        days = plan(api, first, last, again=again)
        if days:
            click.echo(f"{len(days)} days to run, {jobs} at a time: {days[0]} to {days[-1]}")
            for day in sorted({*under_way(api, first, last)} - {*days}):
                click.echo(f"left alone, because a run of it is under way: {day}")
        bars: list[Any] = []

        def progress(done: int, failed: int, total: int) -> None:
            if not bars:  # no bar before the backfill has begun
                bars.append(at_end.enter_context(tqdm(total=total, unit="day")))
            bars[0].set_postfix(failed=failed)
            bars[0].update(done - bars[0].n)

        outcome = run_backfill(api, first, last, jobs=jobs, mail=mail, again=again, progress=progress)
    click.echo(f"{len(outcome.succeeded)} days succeeded, {len(outcome.failed)} failed")
    for day in outcome.failed:
        click.echo(f"failed: {day}: see the run's red task in {api.url}, then make repair DAY={day} SOURCE=…")
    return 1 if outcome.failed else 0


@click.command()
@day_option("--day")
@click.option("--source", type=click.Choice(SOURCES), required=True)
def repair(day: date, source: str) -> None:
    """Read one source of a day again, and do all that follows."""
    _clear_latest(day, f"{GROUP_EXTRACT}.{source}")


@click.command()
@day_option("--day")
def report(day: date) -> None:
    """Build the report of a day again from the warehouse."""
    _clear_latest(day, TASK_FIGURES, after=TASK_CHECKS)


def _clear_latest(day: date, task_id: str, after: str = "") -> None:
    """Run `task_id` of the day's newest run again, and all behind it; `after` has to have succeeded."""
    with _airflow() as api:
        runs = api.runs_of_day(day)
        if not runs:
            raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
        run_id = runs[0]["dag_run_id"]
        if api.is_paused():
            raise PipelineError(f"{DAG_DAILY} is paused, so nothing would run: unpause it in the UI")
        state = api.task_state(run_id, after) if after else "success"
        if state in ("failed", "upstream_failed", "skipped"):
            raise PipelineError(
                f"the newest run of {day} has not come to its report: see the red task of {run_id} in "
                f"{api.url}, then make repair DAY={day} SOURCE=…"
            )
        if state != "success":
            raise PipelineError(
                f"{run_id} is under way and has not come to its report, which follows by itself"
            )
        cleared = api.clear(run_id, [task_id])
    click.echo(f"run {run_id}: running again {', '.join(cleared)}")
