"""Waiting for what another process does."""

import time
from contextlib import suppress

from ecommerce.core.errors import TransientError


def wait_until(what, look, seconds, pause=2):
    """What `look` finds, asked again and again; fails saying `what` was not seen within `seconds`.

    An error of a server that is busy or has not begun to listen is no answer.
    """
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError, TransientError):
            if found := look():
                return found
        assert time.monotonic() < deadline, f"not seen within {seconds:.0f} s: {what}"
        time.sleep(pause)
