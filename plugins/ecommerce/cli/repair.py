"""`make repair`, `make report`: run tasks of a day's newest run again, and all that follows them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from urllib.parse import quote

import click

from ecommerce.cli import environment
from ecommerce.cli.airflow_api import AirflowApi, signed_in
from ecommerce.cli.backfill import FINISHED
from ecommerce.cli.days import day_option, show_report
from ecommerce.cli.progress import TaskLines
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import (
    DAG_DAILY,
    GROUP_EXTRACT,
    GROUP_TRANSFORM,
    MAILED,
    NOT_MAILED,
    STATE_SEND_MAIL,
    TASK_CHECKS,
    TASK_GATE,
    TASK_REPORT,
    TASK_SEND,
    VARIABLE_SOURCE_POLICY,
)
from ecommerce.sources import PARTNER_FILES, SOURCES

Instances = Mapping[str, Mapping[str, Any]]

mail_option = click.option("--mail", is_flag=True, help="mail the report though it is not due, or was mailed")
wait_option = click.option("--wait/--no-wait", default=True, help="wait for the end of the run")
PAUSE = 3.0
"""Seconds between two looks at a run."""


@click.command()
@day_option("--day")
@click.option("--source", type=click.Choice(SOURCES), help="read this source again, failed or not")
@mail_option
@wait_option
def repair(day: date, source: str | None, *, mail: bool, wait: bool) -> int:
    """Run what failed on a day again, and all that follows.

    The exit code is 0 only when the run succeeded, or nothing had failed.
    """
    with signed_in() as api:
        run_id = _newest_run(api, day)
        instances = api.instances(run_id)
        if source:
            task_ids = [f"{GROUP_EXTRACT}.{each}" for each in (source, *_also_failed(api, instances, source))]
        else:
            has_failed = any(each["state"] == "failed" for each in instances.values())
            stopped = not has_failed and api.run_state(run_id) == "failed"
            task_ids = what_repairs(instances, stopped=stopped)
        if not task_ids:
            click.echo(_nothing_failed(day, run_id, instances))
            return 0
        return _run_again(api, day, run_id, task_ids, mail=mail, wait=wait)


def what_repairs(instances: Instances, *, stopped: bool = False) -> list[str]:
    """Return the tasks to run again, with all that follows them, for a run whose `instances` are these.

    A source is read again when its extract or its transform failed. All of them are when the checks failed,
    which do not know the source at fault. Where the gate alone failed, a partner's file was due and missing.
    Where the gate failed, sources that were off are asked again: the source policy may have changed since.
    `stopped`: the run failed without a failed task, at its timeout, for which Airflow skips tasks.
    """
    states = ("failed", "skipped") if stopped else ("failed",)
    failed = [each for each in instances.values() if each["state"] in states]
    failed_ids = {each["task_id"] for each in failed}
    read = [f"{GROUP_EXTRACT}.{source}" for source in SOURCES]
    again = failed_ids.intersection(read)
    for each in failed:
        if each["task_id"].startswith(f"{GROUP_TRANSFORM}."):
            index = f"{GROUP_EXTRACT}.{each['rendered_map_index']}"
            again.update([index] if index in read else read)
    if TASK_GATE in failed_ids and not again:
        partners = f"{GROUP_EXTRACT}.{PARTNER_FILES}"
        again.add(partners if instances[partners]["state"] == "success" else TASK_GATE)
    if TASK_GATE in failed_ids:  # a source that was off may have been switched on since
        again.update(each for each in read if instances[each]["state"] == "skipped")
    if TASK_CHECKS in failed_ids:
        again.update(each for each in read if instances[each]["state"] != "skipped")
    return sorted(again) or sorted(failed_ids)


def _also_failed(api: AirflowApi, instances: Instances, source: str) -> list[str]:
    """Return the other required sources that failed, or were off when the run began, after naming them:
    without them the run ends at the gate."""
    if instances.get(TASK_GATE, {}).get("state") == "success":  # it went on without those that failed
        return []
    policies = _source_policy(api)
    others = [
        each
        for each in SOURCES
        if each != source
        and instances.get(f"{GROUP_EXTRACT}.{each}", {}).get("state") in ("failed", "skipped")
        and policies[each] == "required"
    ]
    if others:
        click.echo(
            f"{' and '.join(others)} {'was' if len(others) == 1 else 'were'} not read either and "
            f"{'is' if len(others) == 1 else 'are'} required (Variable {VARIABLE_SOURCE_POLICY}): read again "
            f"as well, or the run would fail at {TASK_GATE}"
        )
    return others


def _source_policy(api: AirflowApi) -> dict[str, str]:
    """Return the source policy of this machine's environment, which wins, or of Airflow's UI; every source is
    required where neither can be read."""
    from ecommerce.sales.source_policy import parse_source_policy

    environ = dict(os.environ)
    with suppress(ConfigurationError):  # Airflow may run elsewhere, and its settings with it
        environment.load(environ)
    text = environ.get(f"AIRFLOW_VAR_{VARIABLE_SOURCE_POLICY.upper()}")
    with suppress(PipelineError):
        return parse_source_policy(text or api.get(f"variables/{VARIABLE_SOURCE_POLICY}")["value"])
    return parse_source_policy("{}")


def _nothing_failed(day: date, run_id: str, instances: Instances) -> str:
    under_way = any(
        each["state"] in (None, "running", "queued", "up_for_retry") for each in instances.values()
    )
    ended = "is under way, and no task of it has failed so far" if under_way else "has no failed task"
    return (
        f"nothing to repair: the newest run of {day}, {run_id}, {ended}. To read a source again: "
        f"make repair DAY={day} SOURCE={'|'.join(SOURCES)}; all sources: make backfill FROM={day} TO={day} "
        f"AGAIN=1; to build its report again: make report DAY={day}"
    )


@click.command()
@day_option("--day")
@mail_option
@wait_option
def report(day: date, *, mail: bool, wait: bool) -> int:
    """Build the report of a day again from the warehouse.

    The exit code is 0 only when the run succeeded.
    """
    with signed_in() as api:
        run_id = _newest_run(api, day)
        state = api.task_state(run_id, TASK_CHECKS)
        if state in ("failed", "upstream_failed", "skipped"):
            raise PipelineError(
                f"the newest run of {day} has not loaded the day: see the failed task of {run_id} in "
                f"{api.url}, then make repair DAY={day}"
            )
        if state != "success":
            raise PipelineError(
                f"{run_id} is under way and has not come to its report, which follows by itself"
            )
        return _run_again(api, day, run_id, [TASK_REPORT], mail=mail, wait=wait)


def _newest_run(api: AirflowApi, day: date) -> str:
    runs = api.runs_of_day(day)
    if not runs:
        raise PipelineError(f"no run of {day} yet: make backfill FROM={day} TO={day}")
    if api.is_paused():
        raise PipelineError(f"{DAG_DAILY} is paused, so nothing would run: unpause it in the UI")
    return str(runs[0]["dag_run_id"])


def _run_again(
    api: AirflowApi, day: date, run_id: str, task_ids: Sequence[str], *, mail: bool, wait: bool
) -> int:
    """Run tasks of a run again, and all that follows them."""
    if mail:
        _ask_for_the_mail(api, run_id)
    cleared = api.clear(run_id, [*task_ids])
    click.echo(f"running again {', '.join(cleared)}: {api.page_of(run_id)}")
    if not wait:
        return 0
    lines = TaskLines(api)
    while True:
        state = api.run_state(run_id)
        instances = {name: each for name, each in api.instances(run_id).items() if each["task_id"] in cleared}
        lines.show(run_id, instances)
        if state in FINISHED:
            break
        time.sleep(PAUSE)
    send = instances.get(TASK_SEND, {})
    # Without an attempt the log is that of the attempt before.
    for line in () if send.get("state") in (None, "upstream_failed") else api.log_lines(run_id, send):
        if str(line.get("event", "")).startswith((MAILED, NOT_MAILED)):
            click.echo(line["event"])
    click.echo(f"the run of {day} has {'succeeded' if state == 'success' else 'failed'}")
    if state != "success":
        return 1
    show_report(day)
    return 0


def _ask_for_the_mail(api: AirflowApi, run_id: str) -> None:
    """Let the next attempt of `mail.send` mail the report. A later one, after another clearing, does not."""
    task = f"dags/{DAG_DAILY}/dagRuns/{quote(run_id)}/taskInstances/{TASK_SEND}"
    attempt = api.get(task)["try_number"] + 1
    api.put(f"{task}/state-store/{STATE_SEND_MAIL}", {"value": attempt})
