"""Child processes that end with the command that started them."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def session(
    command: Sequence[str], **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `command` in a session of its own, which the terminal does not signal, and kill at the end what
    is left of it. A signal to this process raises KeyboardInterrupt. `options` are those of Popen."""
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
