"""`make run`, `make airflow`, `make backfill`, `make repair`, `make report`: commands that have Airflow do
something."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import FINISHED, Outcome, begin, days_before, plan, under_way, wait
from ecommerce.cli.progress import TaskLines
from ecommerce.core.business_day import TICKS
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_CHECKS, TASK_REPORT
from ecommerce.core.settings import load_settings, refund_lookback_days
from ecommerce.sources import SOURCES


def _day(_: click.Context, parameter: click.Parameter, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day like 2026-11-19") from None


day_option = partial(click.option, callback=_day, required=True, metavar="YYYY-MM-DD")


wait_option = click.option("--wait/--no-wait", default=True, help="wait for the end of the run")
PAUSE = 3.0
"""Seconds between two looks at a run."""


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
    """Run one business day here, without a scheduler, and apart from one's database.

    The exit code is 0 only when the run succeeded.
    """
    environment.load(connections_of_the_ui=False)
    from ecommerce.cli.local_run import run_day

    succeeded = run_day(day)
    click.echo(f"The run of {day} has {'succeeded' if succeeded else 'failed'}")
    if succeeded:
        _show_report(day)
    return 0 if succeeded else 1


def _show_report(day: date) -> None:
    """The headline figures of a day's report and where it is, where this machine can read it."""
    environ = dict(os.environ)
    with suppress(PipelineError, OSError):  # Airflow may run elsewhere, and its settings with it
        environment.load(environ)
        from ecommerce.core import text
        from ecommerce.sales.report.archive import folder_of, read_figures
        from ecommerce.sales.report.figures import HEADLINE

        uri = folder_of(load_settings(environ).reports_uri, day)
        figures = read_figures(uri)
        width = max(len(meaning.label) for meaning in HEADLINE.values())
        for name, figure in figures.headline.items():
            meaning = HEADLINE[name]
            shown = text.figure(figure.value, meaning.kind, figures.currency)
            click.echo(f"  {meaning.label.ljust(width)}  {shown}")
        click.echo(f"The report: {uri}/report.pdf")


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
    return _attend([str(binaries / "airflow"), "standalone"])


def _let_admin_in(password: str) -> None:
    """Give the UI's user `admin` this password, unless the environment names a file of passwords."""
    passwords = Path(os.environ["AIRFLOW_HOME"]) / "passwords.json"
    passwords.parent.mkdir(parents=True, exist_ok=True)
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({"admin": password}))
    os.environ.setdefault("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))


def _attend(command: Sequence[str]) -> int:
    """Run `command`, and tell it by one SIGINT of Ctrl-C, SIGTERM or the terminal's end; its exit code.

    Its children hear nothing of the terminal: a scheduler whom two signals reach never ends. A second Ctrl-C
    kills them all.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


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
    with _airflow() as api:
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
        _show_report(date.fromisoformat(outcome.succeeded[-1]))
    click.echo(f"{len(outcome.succeeded)} days succeeded, {len(outcome.failed)} failed")
    repair = "make repair DAY={day} SOURCE=…" if dag_id == DAG_DAILY else "clear that task with downstream"
    for day in outcome.failed:
        click.echo(f"failed: {day}: see the run's red task in {api.url}, then {repair.format(day=day)}")
    return 1 if outcome.failed else 0


def _task_lines(api: AirflowApi, dag_id: str) -> Callable[[Mapping[str, dict[str, Any]]], None]:
    """What prints, of runs by day, a line for each task and each day that has ended, once."""
    lines, ended = TaskLines(), set[str]()

    def show(runs: Mapping[str, dict[str, Any]]) -> None:
        for day in sorted(runs.keys() - ended):
            instances = _instances(api, runs[day]["dag_run_id"], dag_id)
            lines.show({f"{day} {name}": each for name, each in instances.items()})
            if runs[day]["state"] in FINISHED:
                ended.add(day)
                click.echo(f"{day}: {runs[day]['state']} ({len(ended)} of {len(runs)})")

    return show


def _lookback_days() -> int:
    environ = dict(os.environ)
    with suppress(ConfigurationError):  # Airflow may run elsewhere, and its settings with it
        environment.load(environ)
    return refund_lookback_days(environ)


@click.command()
@day_option("--day")
@click.option("--source", type=click.Choice(SOURCES), required=True)
@wait_option
def repair(day: date, source: str, wait: bool) -> int:
    """Read one source of a day again, and do all that follows.

    The exit code is 0 only when the run succeeded.
    """
    return _run_again(day, f"{GROUP_EXTRACT}.{source}", wait=wait)


@click.command()
@day_option("--day")
@wait_option
def report(day: date, wait: bool) -> int:
    """Build the report of a day again from the warehouse.

    The exit code is 0 only when the run succeeded.
    """
    return _run_again(day, TASK_REPORT, after=TASK_CHECKS, wait=wait)


def _run_again(day: date, task_id: str, *, after: str = "", wait: bool) -> int:
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
        click.echo(f"running again {', '.join(cleared)}: {api.page_of(run_id)}")
        if not wait:
            return 0
        lines = TaskLines()
        while True:
            state = api.run_state(run_id)
            instances = {n: each for n, each in _instances(api, run_id).items() if each["task_id"] in cleared}
            lines.show(instances)
            if state in FINISHED:
                break
            time.sleep(PAUSE)
    for name in sorted(name for name, each in instances.items() if each["state"] == "failed"):
        click.echo(f"failed: {name}: its log says why")
    click.echo(f"the run of {day} has {'succeeded' if state == 'success' else 'failed'}")
    if state != "success":
        return 1
    _show_report(day)
    return 0


def _instances(api: AirflowApi, run_id: str, dag_id: str = DAG_DAILY) -> dict[str, dict[str, Any]]:
    """The task instances of a run, as Airflow describes them, by id; those of a mapped task by id and
    number."""
    return {
        each["task_id"] + (f"[{each['map_index']}]" if each["map_index"] >= 0 else ""): each
        for each in api.task_instances(run_id, dag_id)
    }
