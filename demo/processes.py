"""Background processes that outlive the command that started them.

`Folders.processes` holds a file per process with its id and start time, because the
system may reuse the id alone. A killed process can leave children that are no longer
linked to it: every process that `start` starts, and all its descendants, carry a marker
in their environment.
"""

import json
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from demo.layout import REPOSITORY

MARKER = "DEMO_PROCESS"
"""The environment variable that identifies a process and its descendants."""
_ORPHANS_SECONDS = 2
"""Some processes of Airflow rely on their parent to stop them: SIGTERM has no effect."""


def start(
    folder: Path,
    name: str,
    command: Sequence[str],
    log: Path,
    environment: dict[str, str],
) -> subprocess.Popen[bytes]:
    """Start a background process.

    Args:
        folder: `Folders.processes`.
        name: the name under which the process is recorded.
        command: the program and its arguments.
        log: the file to which its output is appended.
        environment: its environment variables.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    marked = dict(environment)
    marked[MARKER] = _marker(folder, name)
    # Airflow's processes set titles, which would overwrite their environment.
    marked["SPT_NOENV"] = "1"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=REPOSITORY,
            env=marked,
            start_new_session=True,
        )
    record(folder, name, process.pid)
    return process


def record(folder: Path, name: str, process_id: int) -> None:
    """Record a process that this demo started.

    Args:
        folder: `Folders.processes`.
        name: the name of the process.
        process_id: its id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    born = psutil.Process(process_id).create_time()
    (folder / f"{name}.json").write_text(json.dumps({"pid": process_id, "born": born}))


def running(folder: Path, name: str) -> psutil.Process | None:
    """Return the process recorded as `name`, or None when it has ended."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        recorded = json.loads((folder / f"{name}.json").read_text())
        process = psutil.Process(recorded["pid"])
        if process.create_time() == recorded["born"] and _is_alive(process):
            return process
    return None


def stop(
    folder: Path,
    name: str,
    how: signal.Signals = signal.SIGTERM,
    seconds: float = 20,
) -> bool:
    """Stop a recorded process with its descendants, or what a killed one left.

    Args:
        folder: `Folders.processes`.
        name: the name of the process.
        how: the signal that it stops on.
        seconds: how long to wait before it is killed.

    Returns:
        Whether anything was running.
    """
    process = running(folder, name)
    family = _marked_processes(folder, name)
    if process:
        family += [process, *process.children(recursive=True)]
        # A live parent stops its children itself.
        _signal([process], how)
    else:
        seconds = _ORPHANS_SECONDS
        _signal(family, how)
    deadline = time.monotonic() + seconds
    # psutil.wait_procs would also wait for zombies that nothing collects.
    while any(map(_is_alive, family)) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal(family, signal.SIGKILL)
    (folder / f"{name}.json").unlink(missing_ok=True)
    return bool(family)


def _signal(processes: Sequence[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to those processes that have not ended."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _marker(folder: Path, name: str) -> str:
    return str(folder.resolve() / name)


def _marked_processes(folder: Path, name: str) -> list[psutil.Process]:
    marker = _marker(folder, name)
    marked = []
    for process in psutil.process_iter(["environ"]):
        # The environment of other users' processes is None.
        environment = process.info["environ"] or {}
        if environment.get(MARKER) == marker and _is_alive(process):
            marked.append(process)
    return marked


def _is_alive(process: psutil.Process) -> bool:
    try:
        # A zombie has ended, even where its parent does not collect it.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
