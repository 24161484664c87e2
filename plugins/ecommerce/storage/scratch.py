"""Temporary folders for rows that are not yet masked: readable by this user only, removed after use.

The next process that makes a folder removes those that a killed process left, a day after their last change,
or later where tasks may run longer.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ecommerce.core.settings import LONG, task_timeout

PREFIX = "ecommerce-pipeline-scratch-"
LEFT_SECONDS = 24 * 60 * 60


def make_scratch() -> tempfile.TemporaryDirectory[str]:
    """Make a folder, and remove those that killed processes left; OSError where that fails."""
    left_seconds = max(
        LEFT_SECONDS, task_timeout(LONG).total_seconds()
    )  # no task runs that long
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # of another user, a link, or just removed
            if time.time() - folder.lstat().st_mtime > left_seconds:
                shutil.rmtree(folder)
    return tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder for the length of the block."""
    with make_scratch() as folder:
        yield Path(folder)
