"""Airflow for the demo: API server, scheduler and DAG processor as background processes, with one user.

There is no triggerer, because no task defers. Tasks run in local processes (`demo.executor`).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

from demo import processes
from demo.environment import (
    EXPECTED_PARTNERS,
    environment,
    format_env_file,
    second_shop,
    subscriptions,
)
from demo.layout import REPOSITORY, Folders, Ports
from demo.services import postgres
from demo.services.ports import is_open, stays_open
from ecommerce.cli import metadata_database
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.environment import DATABASE

USER = "demo"
PASSWORD = "demo"  # the UI listens on the loopback interface only
_COMPONENTS = ["api-server", "scheduler", "dag-processor"]
_DATABASE_SERVER = "airflow-database"
_AIRFLOW = str(Path(sys.executable).with_name("airflow"))
_LEAN_AIRFLOW = str(REPOSITORY / "demo" / "airflow_command.py")


class AirflowServices:
    """The demo's Airflow on `ports.airflow`, with its home below `folders`, in the shop's `timezone`."""

    def __init__(
        self,
        ports: Ports,
        folders: Folders,
        timezone: str,
    ) -> None:
        self.ports = ports
        self.folders = folders
        self.home = folders.home / "airflow"
        self.url = f"http://localhost:{ports.airflow}"
        self._timezone = timezone
        self._database_url = ""

    def check_ports(self) -> None:
        """Check that the ports are free, and stop what a killed process left on them.

        Raises:
            PortTaken: another program listens on one.
        """
        missing = self._missing()
        for component in missing:
            processes.stop(self.folders.processes, f"airflow-{component}")
        if "api-server" in missing and stays_open(self.ports.airflow):
            raise self.ports.port_taken("airflow")
        if "scheduler" in missing and stays_open(self.ports.airflow_logs):
            raise self.ports.port_taken("airflow_logs")

    def start(self) -> None:
        """Start the metadata database, migrate it, and start what is not running.

        `wait` waits for it. The file `folders.environment` has the settings for commands
        in the terminal.

        Raises:
            ConfigurationError: the database did not start.
            RuntimeError: the migration failed; the message ends with Airflow's error.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._database_url = self._start_database()
        self.folders.environment.touch(mode=0o600)
        self.folders.environment.write_text(format_env_file(self.command_environment()))
        missing = self._missing()
        if not missing:
            return
        (self.home / "passwords.json").write_text(json.dumps({USER: PASSWORD}))
        environ = self.environment()
        if missing == _COMPONENTS:
            self._migrate(environ)
        for component in missing:
            self._begin(f"airflow-{component}", [_LEAN_AIRFLOW, component], environ)

    def wait(self, seconds: float = 180) -> None:
        """Wait until the API server and its execution API respond.

        The server builds the execution API on its first request, which takes some
        seconds; otherwise, the first tasks would wait for it.

        Raises:
            RuntimeError: it does not respond, or a process has ended.
        """
        deadline = time.monotonic() + seconds
        while not is_open(self.ports.airflow):
            ended = ", ".join(self._missing())
            if ended or time.monotonic() > deadline:
                raise RuntimeError(
                    f"Airflow ({ended or 'api-server'}) did not start: "
                    f"see the end of its log in {self.folders.logs}"
                )
            time.sleep(0.5)
        with suppress(OSError):
            urlopen(f"{self.url}/execution/health", timeout=seconds).close()

    def create_pools(self, api: AirflowApi) -> None:
        """Create the pools of `include/pools.json` that are missing."""
        existing = {pool["name"] for pool in api.get("pools")["pools"]}
        pools = json.loads((REPOSITORY / "include" / "pools.json").read_text())
        for name, pool in pools.items():
            if name not in existing:
                api.post("pools", {"name": name, **pool})

    def stop(self) -> list[str]:
        """Stop all processes and return the names of those that were running."""
        stopped = []
        # Clients of the API server first.
        for component in reversed(_COMPONENTS):
            name = f"airflow-{component}"
            if processes.stop(self.folders.processes, name):
                stopped.append(name)
        # PostgreSQL's fast shutdown does not wait for clients to disconnect.
        if processes.stop(self.folders.processes, _DATABASE_SERVER, signal.SIGINT):
            stopped.append(_DATABASE_SERVER)
        return stopped

    def command_environment(self) -> dict[str, str]:
        """Return the environment of commands in the terminal: connections, settings, Airflow's home."""
        return {
            **environment(self.ports, self.folders, timezone=self._timezone),
            **second_shop(self.ports),
            **subscriptions(),
            "EXPECTED_PARTNERS": EXPECTED_PARTNERS,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_USERNAME": USER,
            "AIRFLOW_PASSWORD": PASSWORD,
            DATABASE: self._database_url,
            "AIRFLOW__API__PORT": str(self.ports.airflow),
            "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }

    def environment(self) -> dict[str, str]:
        """Return the environment of Airflow's processes.

        It has no settings of any other installation.
        """
        inherited = {}
        for name, value in os.environ.items():
            if not name.startswith("AIRFLOW"):
                inherited[name] = value
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {
            **inherited,
            **self.command_environment(),
            "PATH": programs,
            "PYTHONTZPATH": "",  # use the timezones of the locked package tzdata
            "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # otherwise macOS kills forked tasks
            "PYTHONPATH": str(REPOSITORY),  # for the executor
            "AIRFLOW__CORE__EXECUTOR": "demo.executor.PreloadingExecutor",
            # All workers start at once. Some of their tasks wait for the emulator, which runs one statement
            # at a time.
            "AIRFLOW__CORE__PARALLELISM": str(min(8, 3 * (os.cpu_count() or 2))),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(
                self.home / "passwords.json"
            ),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": self._secret("api"),
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt"),
            "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
            # Changed DAG files are parsed at once all the same. Parsing an unchanged one makes Airflow
            # compute the next scheduled run from the last backfilled day, and run that day again.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            # With Airflow's own few seconds, tasks of a busy machine end before they begin.
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
            "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "60",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",  # instead of 1 s between two tasks
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(self.ports.airflow_logs),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    def _begin(self, name: str, command: list[str], environ: dict[str, str]) -> None:
        """Start a Python script as a background process with a log."""
        log = self.folders.logs / f"{name}.log"
        # Without -P, modules of the script's folder would hide others of their names.
        script = [sys.executable, "-P", *command]
        processes.start(self.folders.processes, name, script, log, environ)

    def _start_database(self) -> str:
        """Start the metadata database, unless it runs, and return its URL."""
        server = metadata_database.start(self.home, postgres.OPTIONS)
        process_id = postgres.process_id(server)
        processes.record(self.folders.processes, _DATABASE_SERVER, process_id)
        return metadata_database.url(server)

    def _migrate(self, environ: dict[str, str]) -> None:
        migrated = subprocess.run(
            [_AIRFLOW, "db", "migrate"],
            env=environ,
            check=False,
            capture_output=True,
            text=True,
        )
        if migrated.returncode:
            error = migrated.stderr[-1000:]
            raise RuntimeError(f"Airflow's database could not be migrated: {error}")

    def _missing(self) -> list[str]:
        """Return the components that do not run."""
        return [name for name in _COMPONENTS if not self._running(name)]

    def _running(self, component: str) -> bool:
        name = f"airflow-{component}"
        return processes.running(self.folders.processes, name) is not None

    def _secret(self, name: str) -> str:
        """Return a random secret that stays the same for this home."""
        path = self.home / f"{name}.secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(64))
        return path.read_text()
