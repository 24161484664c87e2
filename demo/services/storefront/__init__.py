"""A faithful stand-in for a shop's WooCommerce REST API v3 that holds its data in one file (layout: `store`).

As a program: `python -m demo.services.storefront --port … --data … --mode 11`; in the background: `start`;
inside a test: `with Storefront(store, mode) as shop: …`. Key and secret are `KEY` and `SECRET`.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.services.ports import wait_for
from demo.services.storefront.server import KEY, SECRET, Fault, Storefront
from demo.services.storefront.store import WooLine, WooOrder, WooProduct, WooRefund, WooRefundLine, WooStore

__all__ = [
    "KEY",
    "SECRET",
    "Fault",
    "Storefront",
    "StorefrontProcess",
    "WooLine",
    "WooOrder",
    "WooProduct",
    "WooRefund",
    "WooRefundLine",
    "WooStore",
    "start",
]
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class StorefrontProcess:
    """A storefront running in the background; `url` is what a connection has as its host."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """The shop's address."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Ask it to stop and wait; the data stay in their file."""
        self.process.terminate()
        self.process.wait(20)


def start(data: Path, port: int, mode: str = "11", hiccups: int = 0) -> StorefrontProcess:
    """Start a storefront on `port` that shows the file `data`; its log is `storefront.log` beside that.

    Raises:
        TimeoutError: it does not answer within a minute.
    """
    command = [sys.executable, "-m", __name__, "--port", str(port), "--data", str(data)]
    with data.with_name("storefront.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--mode", mode, "--hiccups", str(hiccups)],
            stdout=log,
            stderr=log,
            cwd=REPOSITORY,
            start_new_session=True,
        )
    wait_for(port)
    return StorefrontProcess(process, port)
