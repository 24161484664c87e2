"""`make airflow`: Airflow on this machine, with the settings of `.env`."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click

from ecommerce.cli import environment
from ecommerce.cli.processes import session
from ecommerce.core.errors import ConfigurationError


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
    # Of `airflow`, also for the parts that `airflow standalone` starts.
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"
    # Tasks would see the password.
    password = os.environ.pop("AIRFLOW_ADMIN_PASSWORD", "")
    if not words:
        check_port()
    environment.use_metadata()
    if words:
        return subprocess.run(["airflow", *words], check=False).returncode
    if password:
        set_password(password)
    # Pools need the tables.
    subprocess.run(["airflow", "db", "migrate"], check=False)
    pools = str(environment.REPOSITORY / "include/pools.json")
    subprocess.run(["airflow", "pools", "import", pools], check=False)
    with session(["airflow", "standalone"]) as process:
        with suppress(KeyboardInterrupt):
            return process.wait()
        # It ends its parts itself: a scheduler that gets two signals never ends.
        process.send_signal(signal.SIGINT)
        return process.wait()


def check_port() -> None:
    """Raise ConfigurationError if Airflow's API server cannot listen on its port."""
    port = os.environ["AIRFLOW__API__PORT"]
    try:
        socket.create_server(("127.0.0.1", int(port))).close()
    except OSError:
        raise ConfigurationError(
            f"Airflow cannot listen on port {port}: stop the program that uses it (make stop ends the demo), "
            "or set another one in .env with AIRFLOW_LISTEN"
        ) from None


def set_password(password: str) -> None:
    """Set the password of the UI's user `admin`, unless the environment names a file of passwords."""
    file = Path(os.environ["AIRFLOW_HOME"]) / "passwords.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps({"admin": password}))
    os.environ.setdefault(
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(file)
    )
