"""Background processes that outlive the command that started them, and how to stop exactly those.

A file per process below `Folders.processes` holds its id and its time of birth: an id alone may belong to
somebody else by now. A process that was killed leaves children that nothing leads to; what `start` started,
and all its descendants, carry a mark in their environment.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from demo.layout import REPOSITORY

MARK = "DEMO_PROCESS"
"""The environment variable that says as what a process, or an ancestor of it, was started."""
_ORPHANS_SECONDS = 2
"""Some of Airflow's processes leave their end to their parent, and never end without it."""


def start(
    folder: Path, name: str, command: Sequence[str], log: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start `command` in the background, with its output appended to `log`, and remember it as `name`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd=REPOSITORY,
            # SPT_NOENV: Airflow's processes give themselves titles, which would overwrite their environment.
            env={**environment, MARK: _mark(folder, name), "SPT_NOENV": "1"},
            start_new_session=True,
        )
    record(folder, name, process.pid)
    return process


def record(folder: Path, name: str, process_id: int) -> None:
    """Note that the process `process_id` is ours."""
    folder.mkdir(parents=True, exist_ok=True)
    born = psutil.Process(process_id).create_time()
    (folder / f"{name}.json").write_text(json.dumps({"pid": process_id, "born": born}))


def running(folder: Path, name: str) -> psutil.Process | None:
    """The process remembered as `name`, None when it has ended."""
    try:
        noted = json.loads((folder / f"{name}.json").read_text())
        process = psutil.Process(noted["pid"])
        if process.create_time() == noted["born"] and _is_alive(process):
            return process
    except (FileNotFoundError, psutil.NoSuchProcess):
        pass
    return None


def stop(folder: Path, name: str, how: signal.Signals = signal.SIGTERM, seconds: float = 20) -> bool:
    """Stop the process remembered as `name` with all its children, or what a killed one left of them.

    False when nothing of it was running.
    """
    process = running(folder, name)
    family = set(_marked_processes(folder, name))
    if process:
        family |= {process, *process.children(recursive=True)}
    else:
        seconds = min(seconds, _ORPHANS_SECONDS)
    for told in [process] if process else family:  # who lives tells its children itself
        with suppress(psutil.NoSuchProcess):
            told.send_signal(how)
    for stubborn in _wait_for_exit(family, seconds):
        with suppress(psutil.NoSuchProcess):
            stubborn.kill()
    (folder / f"{name}.json").unlink(missing_ok=True)
    return bool(family)


def _mark(folder: Path, name: str) -> str:
    return str(folder.resolve() / name)


def _marked_processes(folder: Path, name: str) -> list[psutil.Process]:
    """All that live of what was started as `name`."""
    mark = _mark(folder, name)
    # Nobody else's environment can be read; then there is None.
    found = psutil.process_iter(["environ"])
    return [each for each in found if (each.info["environ"] or {}).get(MARK) == mark and _is_alive(each)]


def _wait_for_exit(family: Collection[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still live after `seconds`, or none as soon as all have ended."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in family if _is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _is_alive(process: psutil.Process) -> bool:
    try:
        # Who collects the dead is not our business: a zombie has ended.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
