"""The BigQuery emulator, run from its own virtual environment.

`python -m demo.services.emulator` runs one without the demo company, in the foreground, until Ctrl-C.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.layout import Ports, PortTaken
from demo.services.ports import free_port, listen_address, stays_open, wait_for

PROJECT = "demo-shop"
REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_VENV = REPOSITORY / ".venv-emulator"
PROCESS = Path(__file__).with_name("emulator_process.py")
DATA = REPOSITORY / ".airflow" / "bigquery"
CONNECTION = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True, "project": PROJECT}}


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


def main(folder: Path = DATA) -> int:
    """Run an emulator with its tables in `folder` until SIGINT or SIGTERM; the exit code."""
    port = Ports.chosen().bigquery
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if stays_open(port):
            raise Ports.chosen().taken("bigquery")
        started = start(folder, port)
    except (PortTaken, RuntimeError, TimeoutError) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1
    try:
        print(f"BigQuery's emulator answers until Ctrl-C; its tables stay in {folder}. For .env:")
        print(f"BIGQUERY_EMULATOR_HOST={started.host}")
        print(f"AIRFLOW_CONN_BIGQUERY={json.dumps(CONNECTION)}", flush=True)
        return started.process.wait()
    except KeyboardInterrupt:
        started.stop()
        return 0


if __name__ == "__main__":
    sys.exit(main())
