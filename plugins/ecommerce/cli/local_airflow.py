"""Airflow on this machine: `make airflow` runs all of it, `make run` one business day.

`make run` needs no scheduler and has a metadata database of its own. The terminal gets a line for each task;
Airflow's own log goes to a file. Both run in a child process that ends with this one.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from ecommerce.cli import environment
from ecommerce.cli.environment import has_metadata
from ecommerce.cli.terminal import day_option, show, show_report
from ecommerce.core.business_day import closed_day
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import load_settings

Echo = Callable[[str], None]
GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND …]")
def airflow(words: tuple[str, ...]) -> int:
    """Run Airflow on this machine with the settings of .env: scheduler, DAG processor, API server and UI,
    until Ctrl-C. With COMMAND, run only that command of Airflow's, such as: dags list.
    """
    if not words and not (environment.REPOSITORY / ".env").exists():
        raise ConfigurationError(
            "there is no .env: run make env and fill it in (make demo starts its own Airflow)"
        )
    environment.load(connections_of_the_ui=False)
    binaries = Path(sys.executable).parent
    command = str(binaries / "airflow")
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    password = os.environ.pop("AIRFLOW_ADMIN_PASSWORD", "")  # tasks would see it
    if words:
        os.execv(command, ["airflow", *words])  # noqa: S606 - it takes over the terminal
    check_port()
    if (
        password
    ):  # of the UI's user `admin`, unless the environment names a file of passwords
        file = Path(os.environ["AIRFLOW_HOME"]) / "passwords.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps({"admin": password}))
        os.environ.setdefault(
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(file)
        )
    if not has_metadata():
        subprocess.run([command, "db", "migrate"], check=False)  # pools need the tables
    pools = str(environment.REPOSITORY / "include/pools.json")
    subprocess.run([command, "pools", "import", pools], check=False)
    return supervise([command, "standalone"], interrupt)


def check_port() -> None:
    """Raise ConfigurationError if Airflow's API server cannot listen on its port."""
    port = os.environ["AIRFLOW__API__PORT"]
    try:
        socket.create_server(("127.0.0.1", int(port))).close()
    except (OSError, OverflowError, ValueError):
        raise ConfigurationError(
            f"Airflow cannot listen on port {port}: stop the program that uses it (make stop ends the demo), "
            "or set another one in .env with AIRFLOW_LISTEN"
        ) from None


@click.command()
@day_option("--day")
@click.option(
    "--folder",
    type=Path,
    hidden=True,
    help="where the supervised process keeps Airflow's metadata",
)
def run(day: date, folder: Path | None) -> int:
    """Run one business day here, without a scheduler and without its database.

    The exit code is 0 only if the run succeeded. Ctrl-C or SIGTERM ends the run and all its processes.
    """
    if (
        folder is None
    ):  # Airflow itself treats an interrupt as the failure of one task, and continues
        with TemporaryDirectory(prefix="airflow-") as metadata:
            arguments = ("run", "--day", str(day), "--folder", metadata)
            return supervise(
                [sys.executable, "-m", "ecommerce.cli", *arguments],
                end_with_descendants,
            )
    environment.load(connections_of_the_ui=False)
    closed_day(
        day, load_settings().shop_timezone, datetime.now(UTC)
    )  # raises before Airflow is imported
    succeeded = _run_day(day, folder)
    show(f"The run of {day} {'succeeded' if succeeded else 'failed'}")
    if succeeded:
        show_report(day)
    return 0 if succeeded else 1


def _run_day(day: date, folder: Path) -> bool:
    """Run `day` with Airflow's metadata in `folder`, and return whether the run succeeded."""
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    log = home / "logs" / "make_run" / f"{day}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
    with _output_to(log) as echo:
        echo(
            f"Running {day} in this terminal: no schedule changes, and Airflow's UI does not list the run"
        )
        echo(f"Airflow's own log: {log}")
        # In the scheduler's own database, this run would change when the DAG runs next. Airflow reads its
        # configuration when it is imported.
        for name in [
            name for name in os.environ if name.startswith("AIRFLOW__DATABASE__")
        ]:
            del os.environ[name]
        os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = (
            f"sqlite:///{folder}/airflow.db"
        )
        from airflow.exceptions import AirflowException
        from airflow.utils import db
        from airflow.utils.cli import get_bagged_dag

        db.initdb()
        try:
            dag = get_bagged_dag(bundle_names=None, dag_id=DAG_DAILY)
        except AirflowException as error:
            raise PipelineError(f"{error} (see the log)") from None
        _show_progress(echo)
        dag_run = dag.test(
            logical_date=datetime.now(UTC), run_conf={"business_date": day.isoformat()}
        )
        return bool(dag_run.state == "success")


@contextmanager
def _output_to(log: Path) -> Iterator[Echo]:
    """Redirect this process's output to `log`; yield a function that prints a line to the terminal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    output, errors = os.dup(1), os.dup(2)
    with log.open("a") as file, os.fdopen(os.dup(2), "w") as terminal:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield lambda line: click.echo(line, file=terminal)
        finally:
            sys.stderr.flush()
            os.dup2(output, 1)
            os.dup2(errors, 2)


def _show_progress(echo: Echo) -> None:
    """Print a line for each task that ends and each attempt that fails from now on."""
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager

    from ecommerce.runtime.task_log import attempt_failure

    class Listener:
        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            echo(f"  {_name(task_instance)}")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
            echo(
                f"  {_name(task_instance)} failed: {attempt_failure(task_instance, error)}"
            )

    get_listener_manager().add_listener(Listener())


def _name(instance: Any) -> str:
    index = instance.map_index
    return (
        str(instance.task_id)
        if index is None or index < 0
        else f"{instance.task_id}[{index}]"
    )


def supervise(
    command: Sequence[str], end: Callable[[subprocess.Popen[bytes]], None]
) -> int:
    """Run `command` in a session of its own, which the terminal does not signal, and return its exit code.
    `end` ends it when this process receives a signal; a second Ctrl-C kills it."""
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        end(process)
    try:
        return process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Send one SIGINT to a process that ends its own children; a scheduler that gets two never ends."""
    process.send_signal(signal.SIGINT)


def end_with_descendants(process: subprocess.Popen[bytes]) -> None:
    """End a process and all its descendants, in any session, and raise KeyboardInterrupt. It ignores a second
    Ctrl-C, which would leave processes running."""
    import psutil

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(process.pid)
        tree = [*first.children(recursive=True), first]
        for send in (psutil.Process.terminate, psutil.Process.kill):
            for each in tree:
                with suppress(psutil.NoSuchProcess):
                    send(each)
            tree = psutil.wait_procs(tree, timeout=GRACE)[1]
    process.wait()
    raise KeyboardInterrupt("the run and its processes have ended")
