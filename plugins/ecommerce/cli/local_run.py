"""`make run`: one business day in this process, without a scheduler, in a metadata database of its own.

The terminal gets a line for each task, each failed try and each warning. All that Airflow itself logs goes to
a file.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.progress import task_line
from ecommerce.cli.task_api import build_newest_versions_only
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY

RETRIES = "airflow.sdk.definitions.dag"
"""The logger on which `core.waiting` reports when the next attempt begins."""


def run_day(day: date, folder: Path) -> bool:
    """Run `day`, with Airflow's metadata in `folder`, and return whether the run succeeded. Call
    `environment.load` first.

    Raises:
        ConfigurationError: Airflow's own database, with the connections and Variables of its UI, cannot be
            read.
        PipelineError: the DAG's file cannot be read.
    """
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    log = home / "logs" / "make_run" / f"{day}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
    with _output_to(log) as say:
        say(f"Running {day} in this terminal: no schedule changes, and Airflow's UI does not list it")
        say(f"Airflow's own log: {log}")
        environment.go_apart(folder)
        from airflow.utils import db

        db.initdb()
        build_newest_versions_only()
        dag = _dag()
        with _reporting_to(say):
            run = dag.test(logical_date=datetime.now(UTC), run_conf={"business_date": day.isoformat()})
        for instance in sorted(run.get_task_instances(), key=lambda each: str(each.task_id)):
            if instance.state == "upstream_failed":
                say(task_line(_name(instance), instance.state, None))
        return bool(run.state == "success")


def _dag() -> Any:
    from airflow.exceptions import AirflowException
    from airflow.utils.cli import get_bagged_dag

    try:
        return get_bagged_dag(bundle_names=None, dag_id=DAG_DAILY)
    except AirflowException as error:
        raise PipelineError(f"{error} (see the log)") from None


@contextmanager
def _output_to(log: Path) -> Iterator[Callable[[str], None]]:
    """Let this process write to `log`, whatever in it writes; gives what writes a line to the terminal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as at_end:
        file = at_end.enter_context(log.open("a"))
        kept = {stream.fileno(): os.dup(stream.fileno()) for stream in (sys.stdout, sys.stderr)}
        terminal = at_end.enter_context(os.fdopen(os.dup(sys.stdout.fileno()), "w"))
        for number in kept:
            os.dup2(file.fileno(), number)
        try:
            yield lambda line: click.echo(line, file=terminal)
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
                os.dup2(kept[stream.fileno()], stream.fileno())
                os.close(kept[stream.fileno()])


@contextmanager
def _reporting_to(say: Callable[[str], None]) -> Iterator[None]:
    """Report tasks that end, warnings, and the moment of the next attempt."""
    from airflow.sdk.listener import get_listener_manager

    listener, handler = _listener(say), _Warnings(say)
    get_listener_manager().add_listener(listener)
    loggers = [logging.getLogger(name) for name in ("ecommerce", RETRIES)]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        get_listener_manager().pm.unregister(listener)


class _Warnings(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        kind = "retry" if record.name == RETRIES else "warning"
        self._say(f"  {kind}: {record.getMessage().removeprefix(f'{DAG_DAILY}.')}")


def _listener(say: Callable[[str], None]) -> Any:
    from airflow.listeners import hookimpl

    from ecommerce.runtime.task_log import failure_line

    class Listener:
        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            say(task_line(_name(task_instance), "success", _seconds(task_instance)))

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            say(task_line(_name(task_instance), "skipped", _seconds(task_instance)))

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            say(task_line(_name(task_instance), "failed", _seconds(task_instance), failure_line(error)))

    return Listener()


def _name(instance: Any) -> str:
    index = instance.map_index
    return str(instance.task_id) if index is None or index < 0 else f"{instance.task_id}[{index}]"


def _seconds(instance: Any) -> float:
    return (datetime.now(UTC) - instance.start_date).total_seconds()
