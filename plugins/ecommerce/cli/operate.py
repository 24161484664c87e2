"""`make run`, `make airflow`, `make backfill`: commands that have Airflow do something."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.airflow_api import AirflowApi, signed_in
from ecommerce.cli.attend import attend, end_with_descendants, interrupt
from ecommerce.cli.backfill import FINISHED, Outcome, begin, days_before, plan, under_way, wait
from ecommerce.cli.days import day_option, show_report
from ecommerce.cli.progress import TaskLines
from ecommerce.core.business_day import TICKS, closed_day
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import load_settings, refund_lookback_days


def _jobs(_: click.Context, parameter: click.Parameter, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is not a number of days, 1 or more")
    return int(text)


@click.command()
@day_option("--day")
@click.option("--folder", type=Path, hidden=True, help="where this process, which another attends, may write")
def run(day: date, folder: Path | None) -> int:
    """Run one business day here, without a scheduler, and apart from one's database.

    The exit code is 0 only when the run succeeded. Ctrl-C, or SIGTERM, ends the run and every process of it.
    """
    if folder is None:  # Airflow would take an interrupt for the failure of one task, and go on
        with TemporaryDirectory(prefix="airflow-") as own:
            words = ("run", "--day", str(day), "--folder", own)
            return attend([sys.executable, "-m", "ecommerce.cli", *words], end_with_descendants)
    environment.load(connections_of_the_ui=False)
    closed_day(day, load_settings().shop_timezone, datetime.now(UTC))  # before Airflow is imported
    from ecommerce.cli.local_run import run_day

    succeeded = run_day(day, folder)
    click.echo(f"The run of {day} has {'succeeded' if succeeded else 'failed'}")
    if succeeded:
        show_report(day)
    return 0 if succeeded else 1


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND …]")
def airflow(words: tuple[str, ...]) -> int:
    """Airflow on this machine with the settings of .env: scheduler, DAG processor, API server and UI, until
    Ctrl-C (COMMAND: only that command of Airflow's, such as: dags list).
    """
    if not words and not (environment.REPOSITORY / ".env").exists():
        raise ConfigurationError(
            "there is no .env: run make env, and fill it in (the demo's Airflow is started by make demo)"
        )
    environment.load(connections_of_the_ui=False)
    binaries = Path(sys.executable).parent
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    password = os.environ.pop("AIRFLOW_ADMIN_PASSWORD", "")  # which tasks would see
    if words:
        os.execv(binaries / "airflow", ["airflow", *words])  # noqa: S606 - the terminal is its own
    if password:
        _let_admin_in(password)
    return attend([str(binaries / "airflow"), "standalone"], interrupt)


def _let_admin_in(password: str) -> None:
    """Give the UI's user `admin` this password, unless the environment names a file of passwords."""
    passwords = Path(os.environ["AIRFLOW_HOME"]) / "passwords.json"
    passwords.parent.mkdir(parents=True, exist_ok=True)
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({"admin": password}))
    os.environ.setdefault("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))


@click.command()
@day_option("--from", "first", help="first business day")
@day_option("--to", "last", help="last business day, included")
@click.option("--jobs", default="2", show_default=True, callback=_jobs, help="days at the same time")
@click.option("--mail", is_flag=True, help="mail each day's report")
@click.option("--again", is_flag=True, help="also run days that have succeeded before")
@click.option("--dag", "dag_id", type=click.Choice(sorted(TICKS)), default=DAG_DAILY, show_default=True)
def backfill(first: date, last: date, *, jobs: int, mail: bool, again: bool, dag_id: str) -> int:
    """Run a range of business days and wait for their end.

    The exit code is 0 only when none of them failed.
    """
    if mail and dag_id != DAG_DAILY:
        raise click.BadParameter(f"{dag_id} makes no report: leave MAIL out", param_hint="--mail")
    with signed_in() as api:
        days = plan(api, first, last, again=again, dag_id=dag_id)
        running = under_way(api, first, last, dag_id)
        if not days:
            others = (
                f"every other day from {first} to {last}" if running else f"every day from {first} to {last}"
            )
            for day in running:
                click.echo(f"left alone, because a run of it is under way: {day}")
            click.echo(f"nothing to do: {others} has succeeded before (AGAIN=1 runs them once more)")
            return 0
        click.echo(f"{len(days)} days to run, {jobs} at a time: {days[0]} to {days[-1]}")
        for day in sorted({*running} - {*days}):
            click.echo(f"left alone, because a run of it is under way: {day}")
        if dag_id == DAG_DAILY and (lacking := days_before(api, first, _lookback_days())):
            click.echo(
                f"note: {len(lacking)} days before, {lacking[0]} to {lacking[-1]}, have no run. Where the "
                f"storefront does not date refunds (make check says so), those from {first} on that belong "
                f"to orders of these days are missed; to have them: make backfill FROM={lacking[0]} TO={last}"
            )
        begun = begin(api, first, last, jobs=jobs, mail=mail, again=again, dag_id=dag_id)
        outcome = wait(api, begun, _task_lines(api, dag_id)) if begun else Outcome([], [])
    if outcome.succeeded and dag_id == DAG_DAILY:
        show_report(date.fromisoformat(outcome.succeeded[-1]))
    click.echo(f"{len(outcome.succeeded)} days succeeded, {len(outcome.failed)} failed")
    repair = "make repair DAY={day}" if dag_id == DAG_DAILY else "clear that task with downstream"
    for day in outcome.failed:
        click.echo(f"failed: {day}: see the run's red task in {api.url}, then {repair.format(day=day)}")
    return 1 if outcome.failed else 0


def _task_lines(api: AirflowApi, dag_id: str) -> Callable[[Mapping[str, dict[str, Any]]], None]:
    """What prints, of runs by day, a line for each task and each day that has ended, once."""
    lines, ended = TaskLines(api, dag_id), set[str]()

    def show(runs: Mapping[str, dict[str, Any]]) -> None:
        for day in sorted(runs.keys() - ended):
            instances = api.instances(runs[day]["dag_run_id"], dag_id)
            lines.show(runs[day]["dag_run_id"], {f"{day} {name}": each for name, each in instances.items()})
            if runs[day]["state"] in FINISHED:
                ended.add(day)
                click.echo(f"{day}: {runs[day]['state']} ({len(ended)} of {len(runs)})")

    return show


def _lookback_days() -> int:
    environ = dict(os.environ)
    with suppress(ConfigurationError):  # Airflow may run elsewhere, and its settings with it
        environment.load(environ)
    return refund_lookback_days(environ)
