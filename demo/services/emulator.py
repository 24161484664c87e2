"""The BigQuery emulator, run from its own virtual environment."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from demo.services.ports import free_port, listen_address, wait_for

PROJECT = "demo-shop"
REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_VENV = REPOSITORY / ".venv-emulator"
PROCESS = Path(__file__).with_name("emulator_process.py")


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `host` is the value of `BIGQUERY_EMULATOR_HOST`."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def host(self) -> str:
        """Base URL of the REST interface."""
        return f"http://localhost:{self.port}"

    def stop(self) -> None:
        """Ask it to stop and wait; its data stays."""
        self.process.terminate()
        self.process.wait(20)


def start(data_dir: Path, port: int, venv: Path | None = None, gcs_root: Path | None = None) -> Emulator:
    """Start the emulator on `port` with its tables in `data_dir`; `gs://` loads read from `gcs_root`.

    Raises:
        TimeoutError: it does not answer within a minute; its log is `data_dir`/emulator.log.
        RuntimeError: it ended at once, for the reason in that log.
    """
    venv = venv or Path(os.environ.get("EMULATOR_VENV", DEFAULT_VENV))
    data_dir.mkdir(parents=True, exist_ok=True)
    # The emulator's DuckDB looks for its extensions below HOME; bootstrap put them into the environment.
    environment = os.environ | {"HOME": str(venv), "BQEMU_UPLOAD_MAX_BYTES": str(4 * 1024**3)}
    if gcs_root:
        environment["BQEMU_GCS_LOCAL_ROOT"] = str(gcs_root)
    with (data_dir / "emulator.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(str(venv / "bin" / "python"), str(PROCESS)),
                *("start", "--persistent", "--data-dir", str(data_dir)),
                *("--rest-host", listen_address(), "--rest-port", str(port), "--grpc-port", str(free_port())),
                *("--project", PROJECT, "--log-level", "warning"),
            ],
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    wait_for(port, process=process)
    return Emulator(process, port)
