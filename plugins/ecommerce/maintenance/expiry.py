"""Removal of expired staging folders and task logs; safe to repeat and to run in parallel."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.storage import staging

if TYPE_CHECKING:
    from upath import UPath

log = logging.getLogger(__name__)

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def expire_staging(staging_uri: str, limit: datetime) -> int:
    """Remove run folders whose newest file is older than `limit` (aware), and return their number;
    StagingError where the staging area cannot be read, or a folder cannot be removed."""
    removed = 0
    with staging.storage_errors(staging_uri):
        for run in list(_run_folders(staging_uri)):
            # A run in progress removes some of its files meanwhile.
            with suppress(FileNotFoundError):
                if staging.newest_change(run) < limit:
                    staging.remove_folder(run)
                    log.info("removed %s", run)
                    removed += 1
            # Object stores have no empty folders.
            if staging.is_local(staging_uri):
                _remove_if_empty(Path(run.path).parent)
    return removed


def _run_folders(staging_uri: str) -> Iterator[UPath]:
    """Yield `<STAGING_URI>/<dag>/<business date>/<run>`."""
    for dag in _folders(staging.storage_path(staging_uri)):
        for day in _folders(dag):
            if DATE.fullmatch(day.name):
                yield from _folders(day)


def _folders(path: UPath) -> list[UPath]:
    if not path.exists():
        return []
    # A glob would omit a folder that cannot be listed.
    return [entry for entry in path.iterdir() if entry.is_dir()]


def expire_logs(folder: Path, limit: datetime) -> int:
    """Remove log files below `folder` last written before `limit` (aware), and return their number.

    Logs in a bucket or in CloudWatch expire by the rules of that service.
    """
    removed = 0
    oldest = limit.timestamp()
    # The last folders first: one that only has empty ones becomes empty.
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_symlink():
            continue
        if path.is_dir():
            _remove_if_empty(path)
        elif path.suffix == ".log":
            # Another worker may be faster.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
    return removed


def _remove_if_empty(folder: Path) -> None:
    # It is not empty, or another worker was faster.
    with suppress(OSError):
        folder.rmdir()
