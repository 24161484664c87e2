"""Airflow's metadata database on this machine: who starts it, who stops it, and what is refused."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from demo.services.ports import free_port
from ecommerce.cli import environment, metadata_database
from ecommerce.core.errors import ConfigurationError
from tests.recipes import REPOSITORY, copy_repository

PROGRAM = """
import os, sys
from ecommerce.cli import environment
environment.{function}()
print(os.environ.get(environment.DATABASE), flush=True)
sys.stdin.read()
"""


class User:
    """A process that calls a function of `environment`, as commands do, and uses the database until `end`."""

    def __init__(self, home, function="use_metadata"):
        settings = {
            "AIRFLOW_HOME": str(home),
            "CUSTOMER_HASH_KEY": "0123456789abcdef",
            "DEMO_HOME": str(home),
            environment.DATABASE: "",
        }
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                PROGRAM.format(function=function),
            ],
            cwd=REPOSITORY / "plugins",
            env=os.environ | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()

    def end(self):
        """Let it end."""
        self.process.communicate()
        assert self.process.returncode == 0

    def execute(self, sql):
        """What a statement gives, sent by a program of its own."""
        dsn = self.url.replace("+psycopg2", "")
        with psycopg.connect(dsn, autocommit=True) as connection:
            done = connection.execute(sql)
            return done.fetchall() if done.description else None


@pytest.fixture
def home():
    """A home of Airflow. Not below pytest's folder, which for root is closed to the user of the server."""
    folder = Path(tempfile.mkdtemp(prefix="airflow-"))
    yield folder / "home"
    shutil.rmtree(folder)


def test_the_database_runs_as_long_as_a_process_uses_it(home):
    # A command starts it only where there is one.
    command = User(home, "load")
    assert command.url == ""
    command.end()

    first = User(home)
    second = User(home)
    assert first.url == second.url
    first.execute("CREATE TABLE kept AS SELECT 1 AS number")
    first.end()
    assert second.execute("SELECT number FROM kept") == [(1,)]
    second.end()
    with pytest.raises(psycopg.OperationalError):
        second.execute("SELECT 1")

    killed = User(home)
    killed.process.kill()
    killed.process.communicate()
    command = User(home, "load")
    assert command.execute("SELECT number FROM kept") == [(1,)]
    assert command.execute("SELECT current_user") == [("airflow",)]
    # Only who may read the home can connect.
    secret = home / "postgres.secret"
    assert secret.stat().st_mode & 0o077 == 0
    command.url = command.url.replace(secret.read_text(), "guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication"):
        command.execute("SELECT 1")
    command.end()
    with pytest.raises(psycopg.OperationalError):
        second.execute("SELECT 1")


def test_an_sqlite_file_of_an_earlier_version_is_named(home):
    home.mkdir()
    file = home / "airflow.db"
    file.write_bytes(b"x" * metadata_database.EMPTY_BYTES)
    assert not metadata_database.has_sqlite(home)
    file.write_bytes(b"x" * (metadata_database.EMPTY_BYTES + 1))
    with pytest.raises(ConfigurationError, match=f"^{file} holds .* earlier version"):
        metadata_database.start(home)
    assert not metadata_database.exists(home)
    file.rename(home / "airflow.db.old")
    metadata_database.start(home).stop()
    assert metadata_database.exists(home)


@pytest.mark.nightly
def test_connections_and_variables_are_taken_over_as_documented(home):
    copy = copy_repository(home.parent / "repository")
    (copy / ".venv").symlink_to(REPOSITORY / ".venv")
    settings = f"CUSTOMER_HASH_KEY=0123456789abcdef\nAIRFLOW_LISTEN={free_port()}\n"
    (copy / ".env").write_text(settings)
    run(
        copy,
        f"export {environment.DATABASE}=sqlite:///{copy}/.airflow/airflow.db",
        airflow("db migrate"),
        airflow("connections add shop_test --conn-uri http://ada:secret@shop"),
        airflow("variables set report_recipients ada@example.com"),
    )
    assert "earlier version" in run(copy, f"! {airflow()}")
    document = (copy / "docs" / "OPERATIONS.md").read_text()
    steps = document.partition("### Airflow's database of an earlier version")[2]
    run(copy, steps.partition("```sh\n")[2].partition("```")[0])
    kept = run(
        copy,
        airflow("connections get shop_test"),
        airflow("variables get report_recipients"),
    )
    assert "secret" in kept
    assert "ada@" in kept


def airflow(words=""):
    return f"make airflow ARGS='{words}'"


def run(folder, *lines):
    """What a shell prints that runs the lines in a folder."""
    done = subprocess.run(
        ["bash", "-ec", "\n".join(lines)], cwd=folder, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr
