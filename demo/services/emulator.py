"""The BigQuery emulator, run from its own virtual environment.

`python -m demo.services.emulator` runs it in the foreground until Ctrl-C, without the demo company.
"""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from demo.layout import Ports
from demo.services.ports import free_port, listen_address, stays_open, wait_for

PROJECT = "demo-shop"
REPOSITORY = Path(__file__).resolve().parents[2]
VENV = REPOSITORY / ".venv-emulator"
PROCESS = Path(__file__).with_name("emulator_process.py")
DATA = REPOSITORY / ".airflow" / "bigquery"
STATEMENTS = VENV / "statements"
"""The results that `PROCESS` caches, a file of about 5 kB each. Each change of its code makes all useless."""
MOST_STATEMENTS = 20_000
"""About 100 MB."""
CONNECTION = {
    "conn_type": "google_cloud_platform",
    "extra": {"is_anonymous": True, "project": PROJECT},
}


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `host` is the value of `BIGQUERY_EMULATOR_HOST`."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def host(self) -> str:
        """The base URL of the REST API."""
        return f"http://localhost:{self.port}"

    def stop(self) -> None:
        """Stop the emulator and wait for its end; its data stay."""
        self.process.terminate()
        self.process.wait(120)  # on a busy machine, 20 seconds were not enough


def start(
    data_dir: Path,
    port: int,
    *,
    keep: bool = True,
    program: Path = PROCESS,
) -> Emulator:
    """Start an emulator.

    Args:
        data_dir: the folder of its tables and of emulator.log.
        port: the port of its REST API.
        keep: keep the tables on disk; False keeps them in memory, which is faster.
        program: the Python file that runs it.

    Raises:
        TimeoutError: it does not respond within a minute; see its log.
        RuntimeError: it has ended; see its log.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    remove_old_statements(STATEMENTS, MOST_STATEMENTS)
    command, environment = _command(data_dir, port, keep, program)
    with (data_dir / "emulator.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    wait_for(port, process=process)
    return Emulator(process, port)


def remove_old_statements(folder: Path, most: int) -> None:
    """Remove the older half of the cached results where there are more than `most`."""
    files = list(folder.glob("*"))
    if len(files) <= most:
        return
    # Another emulator may be removing the same files.
    with suppress(FileNotFoundError):
        files.sort(key=lambda file: file.stat().st_mtime)
        for file in files[: len(files) // 2]:
            file.unlink()


def _command(
    data_dir: Path,
    port: int,
    keep: bool = True,
    program: Path = PROCESS,
) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs the emulator, and its environment."""
    # DuckDB loads its extensions from HOME; bootstrap has installed them in the virtual environment.
    environment = os.environ | {
        "HOME": str(VENV),
        "BQEMU_UPLOAD_MAX_BYTES": str(4 * 1024**3),
    }
    command = [
        str(VENV / "bin" / "python"),
        str(program),
        "start",
        "--persistent" if keep else "--ephemeral",
        f"--data-dir={data_dir}",
        f"--rest-host={listen_address()}",
        f"--rest-port={port}",
        f"--grpc-port={free_port()}",
        f"--project={PROJECT}",
        "--log-level=warning",
    ]
    return command, environment


def main(folder: Path = DATA) -> NoReturn:
    """Replace this process by an emulator that keeps its tables and its log in `folder`.

    Raises:
        SystemExit: its port is in use.
    """
    ports = Ports.from_environ()
    if stays_open(ports.bigquery):
        raise SystemExit(f"emulator: {ports.port_taken('bigquery')}")
    folder.mkdir(parents=True, exist_ok=True)
    remove_old_statements(STATEMENTS, MOST_STATEMENTS)
    print(
        f"The BigQuery emulator runs until Ctrl-C. Tables and emulator.log are in {folder}. For .env:"
    )
    print(f"BIGQUERY_EMULATOR_HOST=http://localhost:{ports.bigquery}")
    print(f"AIRFLOW_CONN_BIGQUERY={json.dumps(CONNECTION)}", flush=True)
    command, environment = _command(folder, ports.bigquery)
    with (folder / "emulator.log").open("ab") as log:
        for output in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), output.fileno())
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    main()
