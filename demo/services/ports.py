"""Finding and waiting for local ports."""

from __future__ import annotations

import os
import socket
import subprocess
import time


def listen_address() -> str:
    """Where the demo's servers listen: on the loopback interface, unless `DEMO_LISTEN` names another."""
    return os.environ.get("DEMO_LISTEN", "127.0.0.1")


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stays_open(port: int, seconds: float = 1) -> bool:
    """Whether `port` still accepts connections after `seconds`; a program just stopped may take a moment."""
    deadline = time.monotonic() + seconds
    while is_open(port):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def wait_for(port: int, seconds: float = 60, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until `port` accepts connections, which `process` is about to do.

    Raises:
        TimeoutError: it does not within `seconds`.
        RuntimeError: `process` has ended.
    """
    deadline = time.monotonic() + seconds
    while not is_open(port):
        if process and process.poll() is not None:
            raise RuntimeError(f"the program that was to answer on port {port} ended: {process.args!r}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing answers on port {port} after {seconds:.0f} s")
        time.sleep(0.1)
