"""Temporary folders for rows that are not yet masked: readable by this user only, removed after use.

A folder is locked as long as its process lives, in whatever container. The next process that makes a folder
removes those that a killed process left, whose locks the kernel has released.
"""

import fcntl
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)

PREFIX = "ecommerce-pipeline-scratch-"
_OURS = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
"""The names of mkdtemp, so that no other folder is removed."""
_NEW_SECONDS = 60
"""Seconds in which a new folder may not be locked yet."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A locked folder; `lock` is its file descriptor."""

    path: Path
    lock: int

    @classmethod
    def make(cls) -> Self:
        """Make a folder, and remove those whose process is dead; OSError where that fails."""
        _sweep(Path(tempfile.gettempdir()))
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        scratch = cls(path, os.open(path, os.O_RDONLY))
        fcntl.flock(scratch.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return scratch

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder for the length of the block."""
    scratch = Scratch.make()
    try:
        yield scratch.path
    finally:
        scratch.remove()


def _sweep(place: Path) -> None:
    for path in place.glob(f"{PREFIX}*"):
        if not _OURS.fullmatch(path.name):
            continue
        with suppress(OSError):  # of another user, in use, or just removed
            if time.time() - path.stat().st_mtime < _NEW_SECONDS:
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
                log.info("removed %s, which a killed process left", path)
            finally:
                os.close(lock)
