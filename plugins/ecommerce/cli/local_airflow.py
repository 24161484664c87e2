"""`make airflow`: Airflow on this machine, in a child process that ends with this one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import click

from ecommerce.cli import environment
from ecommerce.core.errors import ConfigurationError

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
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    password = os.environ.pop("AIRFLOW_ADMIN_PASSWORD", "")  # tasks would see it
    if words:
        os.execv(binaries / "airflow", ["airflow", *words])  # noqa: S606 - it takes over the terminal
    if password:
        _set_admin_password(password)
    command = str(binaries / "airflow")
    if not environment.has_ui():
        subprocess.run([command, "db", "migrate"], check=False)  # pools need the tables
    subprocess.run(
        [command, "pools", "import", str(environment.REPOSITORY / "include/pools.json")], check=False
    )
    return supervise([command, "standalone"], interrupt)


def _set_admin_password(password: str) -> None:
    """Give the UI's user `admin` this password, unless the environment names a file of passwords."""
    passwords = Path(os.environ["AIRFLOW_HOME"]) / "passwords.json"
    passwords.parent.mkdir(parents=True, exist_ok=True)
    passwords.touch(mode=0o600)
    passwords.write_text(json.dumps({"admin": password}))
    os.environ.setdefault("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))


def supervise(command: Sequence[str], end: Callable[[subprocess.Popen[bytes]], None]) -> int:
    """Run `command` in a session of its own, which the terminal does not signal, and return its exit code.

    `end` ends it when this process receives a signal; a second Ctrl-C kills it.
    """
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
    """End a process and all its descendants, in any session, and raise KeyboardInterrupt.

    It ignores a second Ctrl-C, which would leave processes running.
    """
    import psutil  # type: ignore[import-untyped]

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)

    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(process.pid)
        tree = [*first.children(recursive=True), first]
        for each in tree:
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        for each in psutil.wait_procs(tree, timeout=GRACE)[1]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()
    raise KeyboardInterrupt("the run and its processes have ended")
