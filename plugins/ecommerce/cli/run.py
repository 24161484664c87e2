"""`make run`: one business day in this terminal, without a scheduler, in a metadata database of its own.

The terminal gets a line for each task, each retry and each warning. Airflow's own log goes to a file.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.local_airflow import end_with_descendants, supervise
from ecommerce.cli.task_api import build_newest_versions_only
from ecommerce.cli.terminal import day_option, retry_line, show_report, task_line
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import load_settings

Echo = Callable[[str], None]


@click.command()
@day_option("--day")
@click.option(
    "--folder", type=Path, hidden=True, help="where the supervised process keeps Airflow's metadata"
)
def run(day: date, folder: Path | None) -> int:
    """Run one business day here, without a scheduler and without its database.

    The exit code is 0 only if the run succeeded. Ctrl-C or SIGTERM ends the run and all its processes.
    """
    if folder is None:  # Airflow itself treats an interrupt as the failure of one task, and continues
        with TemporaryDirectory(prefix="airflow-") as metadata:
            arguments = ("run", "--day", str(day), "--folder", metadata)
            return supervise([sys.executable, "-m", "ecommerce.cli", *arguments], end_with_descendants)
    environment.load(connections_of_the_ui=False)
    closed_day(day, load_settings().shop_timezone, datetime.now(UTC))  # raises before Airflow is imported
    succeeded = run_day(day, folder)
    click.echo(f"The run of {day} {'succeeded' if succeeded else 'failed'}")
    if succeeded:
        show_report(day)
    return 0 if succeeded else 1


def run_day(day: date, folder: Path) -> bool:
    """Run `day` with Airflow's metadata in `folder`, and return whether the run succeeded.

    Raises:
        ConfigurationError: the connections and Variables in Airflow's own database cannot be read.
        PipelineError: the DAG's file cannot be read.
    """
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    log = home / "logs" / "make_run" / f"{day}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
    with _output_to(log) as echo:
        echo(f"Running {day} in this terminal: no schedule changes, and Airflow's UI does not list the run")
        echo(f"Airflow's own log: {log}")
        environment.isolate_metadata(folder)
        from airflow.utils import db

        db.initdb()
        build_newest_versions_only()
        dag = _dag()
        with _progress(echo):
            dag_run = dag.test(logical_date=datetime.now(UTC), run_conf={"business_date": day.isoformat()})
        for instance in sorted(dag_run.get_task_instances(), key=lambda each: str(each.task_id)):
            if instance.state == "upstream_failed":
                echo(task_line(_name(instance), instance.state, None))
        return bool(dag_run.state == "success")


def _dag() -> Any:
    from airflow.exceptions import AirflowException
    from airflow.utils.cli import get_bagged_dag

    try:
        return get_bagged_dag(bundle_names=None, dag_id=DAG_DAILY)
    except AirflowException as error:
        raise PipelineError(f"{error} (see the log)") from None


@contextmanager
def _output_to(log: Path) -> Iterator[Echo]:
    """Redirect this process's output to `log`; yield a function that prints a line to the terminal."""
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
def _progress(echo: Echo) -> Iterator[None]:
    """Print tasks that end, retries and warnings meanwhile."""
    from airflow.sdk.listener import get_listener_manager

    listener, handler, logger = _listener(echo), _Warnings(echo), logging.getLogger("ecommerce")
    get_listener_manager().add_listener(listener)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        get_listener_manager().pm.unregister(listener)


class _Warnings(logging.Handler):
    def __init__(self, echo: Echo) -> None:
        super().__init__(logging.WARNING)
        self._echo = echo

    def emit(self, record: logging.LogRecord) -> None:
        self._echo(f"  warning: {record.getMessage()}")


def _listener(echo: Echo) -> Any:
    from airflow.listeners import hookimpl

    from ecommerce.runtime.task_log import failure_line, next_attempt

    class Listener:
        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            echo(task_line(_name(task_instance), "success", _seconds(task_instance)))

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            echo(task_line(_name(task_instance), "skipped", _seconds(task_instance)))

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            name, reason = _name(task_instance), failure_line(error)
            if retry := next_attempt(task_instance, error):
                facts = {
                    each: getattr(task_instance, each) for each in ("try_number", "max_tries", "end_date")
                }
                echo(retry_line(name, facts, reason, retry))
            else:
                echo(task_line(name, "failed", _seconds(task_instance), reason))

    return Listener()


def _name(instance: Any) -> str:
    index = instance.map_index
    return str(instance.task_id) if index is None or index < 0 else f"{instance.task_id}[{index}]"


def _seconds(instance: Any) -> float:
    return (datetime.now(UTC) - instance.start_date).total_seconds()
