"""Airflow's metadata database on this machine: who starts it, who stops it, and what is refused."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from ecommerce.cli import environment, metadata_database
from ecommerce.core.errors import ConfigurationError

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from pathlib import Path
from ecommerce.cli import metadata_database
print(metadata_database.use(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the database until `end`."""

    def __init__(self, home):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            cwd=REPOSITORY / "plugins",
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
    first, second = User(home), User(home)
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
    last = User(home)
    assert last.execute("SELECT number FROM kept") == [(1,)]
    last.end()
    with pytest.raises(psycopg.OperationalError):
        last.execute("SELECT 1")


def test_only_who_may_read_the_home_can_connect_and_commands_find_it_later(
    home, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.delenv(environment.DATABASE, raising=False)
    assert not environment.has_metadata()
    user = User(home)
    secret = home / "postgres.secret"
    assert secret.stat().st_mode & 0o077 == 0
    user.url = user.url.replace(secret.read_text(), "guessed")
    with pytest.raises(
        psycopg.OperationalError, match="password authentication failed"
    ):
        user.execute("SELECT 1")
    user.end()
    assert environment.has_metadata()


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
