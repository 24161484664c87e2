"""Airflow's metadata database on this machine: PostgreSQL in AIRFLOW_HOME, with its own user and password.

On SQLite, a click in the UI while tasks run can stop Airflow for a minute (docs/DECISIONS.md, Airflow's
metadata on this machine is in PostgreSQL).
"""

import atexit
import fcntl
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ecommerce.cli.local_postgres import Postgres, is_open
from ecommerce.core.errors import ConfigurationError

NAME = "airflow"
"""The database and its user."""
EXISTS = "SELECT 1 FROM pg_database WHERE datname = %s"
EMPTY_BYTES = 4096
"""The size of an SQLite file without tables."""
PORT_LINE = 3
"""The index of the line of `postmaster.pid` that has the port."""


def exists(home: Path) -> bool:
    """Return whether the Airflow with its home in `home` has a metadata database in PostgreSQL."""
    return (_data(home) / "PG_VERSION").exists()


def has_sqlite(home: Path) -> bool:
    """Return whether it has one in SQLite. Airflow creates an empty file when it looks for one."""
    file = home / "airflow.db"
    return file.exists() and file.stat().st_size > EMPTY_BYTES


def url(server: Postgres, database: str = NAME) -> str:
    """Return a database's URL for SQLAlchemy."""
    return server.dsn(database).replace("postgresql:", "postgresql+psycopg2:")


def use(home: Path) -> str:
    """Start the database as `start` does until the last process that uses it ends, and return its URL."""
    lock = _lock(home)
    server = start(home)
    fcntl.flock(lock, fcntl.LOCK_SH)
    atexit.register(_stop_if_last, server, lock)
    return url(server)


def start(home: Path, options: str = "") -> Postgres:
    """Start the database of the Airflow with its home in `home` with the `options` of postgres, unless it
    runs. It outlives this process.

    Raises:
        ConfigurationError: Airflow's database in `home` is an SQLite file of an earlier version; or see
            `Postgres.start`.
    """
    import psycopg

    sqlite = home / "airflow.db"
    if has_sqlite(home) and not exists(home):
        raise ConfigurationError(
            f"{sqlite} holds Airflow's runs, connections and Variables of an earlier version: take them over "
            "(docs/OPERATIONS.md, Airflow's database of an earlier version), or rename the file to begin "
            f"without, or keep SQLite with AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:///{sqlite}"
        )
    server = Postgres(_data(home), _port(home), NAME, _password(home))
    server.start(options)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        if not connection.execute(EXISTS, [NAME]).fetchone():
            connection.execute(f"CREATE DATABASE {NAME}")
    return server


def _stop_if_last(server: Postgres, lock: TextIO) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        server.stop()


def _lock(home: Path) -> TextIO:
    """Wait while another process starts or stops the database in `home`."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "postgres.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _data(home: Path) -> Path:
    return home / "postgres"


def _port(home: Path) -> int:
    """Return the port of the running server, or else a free one."""
    with suppress(FileNotFoundError):
        lines = (_data(home) / "postmaster.pid").read_text().splitlines()
        port = int(lines[PORT_LINE])
        if is_open(port):
            return port
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _password(home: Path) -> str:
    file = home / "postgres.secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe())
    return file.read_text()
