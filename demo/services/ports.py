"""Local TCP ports: find a free one, wait for one to open."""

import os
import random
import socket
import subprocess
import time
from contextlib import suppress

from ecommerce.cli.local_postgres import is_open

_RESERVED: list[socket.socket] = []
"""Sockets of UDP at the ports of `free_port`: another process cannot bind the same. They take no TCP port."""


def listen_address() -> str:
    """Return the listen address of the demo's servers: `DEMO_LISTEN`, or the loopback interface."""
    return os.environ.get("DEMO_LISTEN", "127.0.0.1")


def free_port() -> int:
    """Return a free TCP port of this machine, which no other call returns as long as this process runs.

    It is below the ports that the system assigns itself (32768 and above), so no other program gets it before
    it is used.
    """
    # Not by the seed of a test, which two processes may have in common.
    chance = random.SystemRandom()
    for _ in range(1000):
        port = chance.randrange(20_000, 32_000)
        reserved = socket.socket(type=socket.SOCK_DGRAM)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            reserved.bind(("127.0.0.1", port))
            _RESERVED.append(reserved)
            return port
        reserved.close()
    raise OSError("no port from 20000 to 31999 is free on 127.0.0.1")


def stays_open(port: int, seconds: float = 1) -> bool:
    """Whether `port` is still open after `seconds`: a stopping program may take a moment."""
    deadline = time.monotonic() + seconds
    while is_open(port):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.05)
    return False


def wait_for(
    port: int,
    seconds: float = 60,
    process: subprocess.Popen[bytes] | None = None,
) -> None:
    """Wait until `port` accepts connections.

    Args:
        port: a port of the loopback interface.
        seconds: how long to wait.
        process: the program that opens it.

    Raises:
        TimeoutError: the port did not open in time.
        RuntimeError: `process` has ended.
    """
    deadline = time.monotonic() + seconds
    while not is_open(port):
        if process and process.poll() is not None:
            raise RuntimeError(f"the program for port {port} ended: {process.args!r}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"port {port} is still closed after {seconds:.0f} s")
        time.sleep(0.1)
