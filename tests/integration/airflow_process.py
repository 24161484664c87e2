"""Airflow in a process of its own, with a metadata database of its own, as `airflow dags test` runs a DAG.

The processes are forked from one that has imported the libraries of Airflow, its providers and the tasks:
four fifths of the time that `airflow` takes to start. Nothing of Airflow itself is imported there, because
Airflow reads configuration and environment on import, and each process has its own.
"""

import atexit
import faulthandler
import json
import multiprocessing
import os
import runpy
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.recipes import REPOSITORY

AIRFLOW = Path(sys.executable).with_name("airflow")
LIBRARIES = """
    aiohttp aiosmtplib aiosqlite alembic.command argcomplete arrow asgiref.sync cadwyn colorama
    cron_descriptor croniter cryptography.x509 deprecated dill duckdb fastapi fsspec
    gcloud.aio.bigquery google.auth.identity_pool google.cloud.bigquery
    google.cloud.secretmanager_v1 googleapiclient.discovery httpcore importlib_metadata isoduration
    jsonschema jwt lazy_object_proxy libcst lockfile methodtools msgspec
    opentelemetry.sdk.trace.export packaging.requirements pandas pathspec pendulum pluggy psycopg
    psycopg2.extras pyarrow.parquet requests_toolbelt rich.progress rich.syntax rich_argparse
    sqlalchemy.dialects.mysql sqlalchemy.dialects.sqlite.aiosqlite sqlalchemy.ext.associationproxy
    sqlalchemy.ext.asyncio sqlalchemy.ext.hybrid sqlalchemy.ext.mutable sqlparse structlog tenacity
    tabulate typst upath.core
"""
"""What Airflow, the providers and this repository's code import, all but Airflow itself."""


class WarmProcess(ForkServerProcess):
    """A process forked from the one that has imported `LIBRARIES`."""

    def wait(self, timeout=None):
        """Return its exit code, or the negative number of the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: it has not ended.
        """
        self.join(timeout)
        if self.exitcode is None:
            raise subprocess.TimeoutExpired(self.name, timeout or 0)
        return self.exitcode


def start(command, environment, output):
    """Start a Python script with its arguments in a session of its own; append what it prints to `output`."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(LIBRARIES.split())
    process = WarmProcess(
        target=_become, args=([*map(str, command)], dict(environment), output)
    )
    process.start()
    return process


def _become(command, environment, output):
    """Run the script in this process as a fresh Python would, but for what is imported already."""
    from demo.airflow_command import build_newest_versions_only

    os.setsid()
    with output.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    os.chdir(REPOSITORY)
    os.environ.clear()
    os.environ.update(environment)
    # What Python itself reads of the environment when it begins.
    sys.path[:] = [
        *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)),
        *(each for each in sys.path if each.startswith((sys.prefix, sys.base_prefix))),
    ]
    zoneinfo.reset_tzpath()
    multiprocessing.set_start_method(
        None, force=True
    )  # or Airflow's workers would start cold
    multiprocessing.current_process().name = (
        "MainProcess"  # Airflow's scheduler ignores SIGTERM in any other
    )
    if environment.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()
    build_newest_versions_only()
    sys.argv = command
    try:
        runpy.run_path(
            command[0],
            run_name="__main__",
        )
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out


@dataclass(frozen=True)
class AirflowHome:
    """A migrated Airflow below `folder`, and the environment its processes get beside this process's own."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def database(self):
        """The metadata database, SQLite."""
        return self.folder / "airflow.db"

    def start(self, *arguments):
        """Begin `airflow <arguments>`; everything it prints goes to `output`."""
        return start(
            [AIRFLOW, *arguments],
            os.environ | self.own() | dict(self.environment),
            self.output,
        )

    def test_dag(self, dag_id, **conf):
        """Run the DAG to its end in one process; the exit code, 0 when it succeeded."""
        return self.start(
            "dags",
            "test",
            dag_id,
            "-c",
            json.dumps(conf),
        ).wait(300)

    @property
    def output(self):
        """What its processes printed, logs of the tasks included."""
        return self.folder / "output.log"

    def log(self):
        """The text of `output`."""
        return self.output.read_text() if self.output.exists() else ""

    def own(self):
        """What makes its processes find it, beside `environment`."""
        return {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONFAULTHANDLER": "1",
        } | code_in(REPOSITORY)


def code_in(folder):
    """The environment in which Airflow has the code of a repository."""
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(folder / "plugins"),
        "PYTHONPATH": str(folder / "plugins"),
    }


def migrate(folder, environment=None):
    """Make the metadata database; it takes some seconds, so tests copy one."""
    folder.mkdir(parents=True)
    home = AirflowHome(folder, environment or {})
    if home.start("db", "migrate").wait(120):
        raise RuntimeError(home.log()[-3000:])
    home.output.unlink()
    return home


def copy(home, folder, environment):
    """A fresh Airflow in `folder`, whose DAGs run in `environment`."""
    shutil.copytree(home.folder, folder)
    return AirflowHome(folder, environment)
