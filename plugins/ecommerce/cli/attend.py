"""A child process that ends with this one: at Ctrl-C, SIGTERM or the terminal's end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress

GRACE = 5.0
"""Seconds that processes have to end before they are killed."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def attend(command: Sequence[str], end: Callable[[subprocess.Popen[bytes]], None]) -> int:
    """Run `command` in a session of its own, which hears nothing of the terminal, and `end` it when this
    process is to end; its exit code. A second Ctrl-C kills it."""
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        end(process)
    try:
        return process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Send one SIGINT to a process that ends its own children: a scheduler that gets two never ends."""
    process.send_signal(signal.SIGINT)


def end_with_descendants(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started, in whichever session, and raise what Ctrl-C raises. A second
    Ctrl-C changes nothing: what it interrupts would leave processes running."""
    import psutil  # type: ignore[import-untyped]

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)

    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(process.pid)
        tree = [*first.children(recursive=True), first]
        for each in tree:
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        for each in psutil.wait_procs(tree, timeout=GRACE)[1]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()
    raise KeyboardInterrupt("the run and its processes have ended")
