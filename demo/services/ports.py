"""Finding and waiting for local ports."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from contextlib import suppress


def listen_address() -> str:
    """Where the demo's servers listen: on the loopback interface, unless `DEMO_LISTEN` names another."""
    return os.environ.get("DEMO_LISTEN", "127.0.0.1")


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now.

    Nor does the system give it to anybody before it is used: what it chooses itself, for every client and for
    servers that name no port, begins above, at 32768 or later.
    """
    for _ in range(1000):
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port from 20000 to 31999 is free on 127.0.0.1")


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
    """Wait until `port` accepts connections: where `process` is given, its own, not those of a stranger that
    took the port first.

    Raises:
        TimeoutError: it does not within `seconds`.
        RuntimeError: `process` has ended.
    """
    deadline = time.monotonic() + seconds
    while not (_listens(process, port) if process else is_open(port)):
        if process and process.poll() is not None:
            raise RuntimeError(f"the program that was to answer on port {port} ended: {process.args!r}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing answers on port {port} after {seconds:.0f} s")
        time.sleep(0.1)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the process, or one that it started, listens on `port`."""
    import psutil  # not where the emulator runs alone

    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        return any(
            connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            for each in (parent, *parent.children(recursive=True))
            for connection in each.net_connections("tcp")
        )
    return False
