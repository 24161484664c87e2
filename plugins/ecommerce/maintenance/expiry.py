"""Removal of expired staging folders and task logs; safe to repeat and to run in parallel."""

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from ecommerce.storage import staging

log = logging.getLogger(__name__)

UNFINISHED = {"queued", "running"}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
IsRunning = Callable[[str, str], bool]
"""Returns, for a DAG id and a run's staging folder, whether the run is unfinished."""


def expire_staging(staging_uri: str, limit: datetime, is_running: IsRunning) -> int:
    """Remove run folders whose newest file is older than a limit, except those of unfinished runs, and return
    their number.

    Args:
        staging_uri: the staging area.
        limit: an aware instant.
        is_running: whether a folder's run is unfinished.

    Raises:
        StagingError: the staging area cannot be read, or a folder cannot be removed.
    """
    removed = 0
    with staging.storage_errors(staging_uri):
        days = [day for dag in _folders(staging.storage_path(staging_uri)) for day in _folders(dag)]
        for run in [run for day in days if DATE.fullmatch(day.name) for run in _folders(day)]:
            if staging.newest_change(run) >= limit:
                continue
            if is_running(run.parent.parent.name, run.name):
                log.warning("%s has expired, but its run has not ended: not removed", run)
                continue
            staging.remove_folder(run)
            log.info("removed %s", run)
            removed += 1
            if staging.is_local(staging_uri):  # object stores have no empty folders
                _remove_if_empty(Path(run.path).parent)
    log.info("%d run folders without a change since %s removed", removed, limit.isoformat(timespec="minutes"))
    return removed


def run_is_unfinished(states_of: Callable[..., Any], run_state: Callable[[str, str], str]) -> IsRunning:
    """Return a function that looks up runs in Airflow by the states of a DAG's tasks by run, and the state of
    a run; runs unknown to Airflow have ended."""
    run_ids = cache(lambda dag_id: list(states_of(dag_id=dag_id)))

    def is_running(dag_id: str, folder: str) -> bool:
        names = [run_id for run_id in run_ids(dag_id) if staging.path_safe(run_id) == folder]
        return any(run_state(dag_id, run_id) in UNFINISHED for run_id in names)

    return is_running


def expire_logs(folder: Path, limit: datetime) -> int:
    """Remove log files below `folder` last written before `limit` (aware), and return their number.

    Logs in a bucket or in CloudWatch expire by the rules of that service.
    """
    removed = 0
    for path in folder.rglob("*.log"):
        with suppress(FileNotFoundError):  # another worker was faster
            if not path.is_symlink() and path.stat().st_mtime < limit.timestamp():
                path.unlink()
                removed += 1
    for path in sorted(folder.rglob("*/"), reverse=True):
        if not path.is_symlink():
            _remove_if_empty(path)
    log.info("%d log files below %s removed", removed, folder)
    return removed


def _folders(path: Any) -> list[Any]:
    # A glob would omit a folder that cannot be listed.
    return sorted((each for each in path.iterdir() if each.is_dir()), key=str) if path.exists() else []


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # it is not empty, or another worker was faster
        folder.rmdir()
