"""The server of the demo's sales database."""

from pathlib import Path

from demo.services.ports import listen_address
from ecommerce.cli.local_postgres import Postgres

USER = "shop"
PASSWORD = "shop"  # the server listens on the loopback interface only
OPTIONS = "-c fsync=off"  # after a loss of power, the demo begins anew


def server(data_dir: Path, port: int) -> Postgres:
    """Return the server with its data in `data_dir`, whether or not it runs."""
    return Postgres(data_dir, port, USER, PASSWORD)


def process_id(server: Postgres) -> int:
    """Return the id of a running server's main process."""
    return int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])


def start(data_dir: Path, port: int) -> Postgres:
    """Start the server in `data_dir` on `port`.

    Raises ConfigurationError: see `Postgres.start`.
    """
    started = server(data_dir, port)
    started.start(f"-c listen_addresses={listen_address()} {OPTIONS}")
    return started
