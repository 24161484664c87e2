"""Folders on this machine for rows that are not yet masked: readable by this user only, gone when done.

A killed process cannot clear up. The next one that makes a folder here does it: a folder is locked as long as
its process lives, and then the kernel unlocks it, in whatever container that process was.
"""

from __future__ import annotations

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

log = logging.getLogger(__name__)

PREFIX = "ecommerce-pipeline-scratch-"
_OURS = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
"""As mkdtemp names them: what is swept away must be nobody else's."""
_NEWBORN = 60
"""Seconds for which a folder may be there without its lock."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A locked folder; `lock` is its file descriptor."""

    path: Path
    lock: int

    @classmethod
    def make(cls) -> Scratch:
        """A new folder, after the removal of those whose process is dead; OSError where it cannot be made."""
        _sweep(Path(tempfile.gettempdir()))
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        scratch = cls(path, os.open(path, os.O_RDONLY))
        fcntl.flock(scratch.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return scratch

    def remove(self) -> None:
        """Take the folder away with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the length of the block."""
    scratch = Scratch.make()
    try:
        yield scratch.path
    finally:
        scratch.remove()


def _sweep(place: Path) -> None:
    for path in place.glob(f"{PREFIX}*"):
        if not _OURS.fullmatch(path.name):
            continue
        with suppress(OSError):  # somebody else's, still in use, or just removed
            if time.time() - path.stat().st_mtime < _NEWBORN:
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
                log.info("removed %s, which a killed process left", path)
            finally:
                os.close(lock)
