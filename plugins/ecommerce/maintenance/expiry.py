"""Removal of expired staging folders and task logs; safe to repeat and to run in parallel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ecommerce.storage import staging

log = logging.getLogger(__name__)

UNFINISHED = {"queued", "running"}

IsRunning = Callable[[str, str], bool]
"""Returns, for a DAG id and a run's staging folder, whether the run is unfinished."""


def expire_staging(staging_uri: str, limit: datetime, is_running: IsRunning) -> int:
    """Remove run folders whose newest file is older than a limit, except those of unfinished runs.

    Args:
        staging_uri: the staging area.
        limit: an aware instant.
        is_running: whether a folder's run is unfinished.

    Returns:
        The number of removed folders.

    Raises:
        StagingError: the staging area cannot be read, or a folder cannot be removed.
    """
    root = staging.storage_path(staging_uri)
    removed = 0
    with staging.storage_errors(staging_uri):
        for dag in _folders(root):
            for day in _folders(dag):
                if not _is_date(day.name):
                    continue
                for run in _folders(day):
                    if staging.newest_change(run) >= limit:
                        continue
                    if is_running(dag.name, run.name):
                        log.warning("%s has expired, but its run has not ended: not removed", run)
                        continue
                    staging.remove_folder(run)
                    log.info("removed %s", run)
                    removed += 1
                if staging.is_local(staging_uri):  # object stores have no empty folders
                    _remove_if_empty(Path(day.path))
    log.info("%d run folders without a change since %s removed", removed, limit.isoformat(timespec="minutes"))
    return removed


def run_is_unfinished(states_of: Callable[..., Any], run_state: Callable[[str, str], str]) -> IsRunning:
    """Return a function that looks up runs in Airflow; runs unknown to Airflow have ended.

    Args:
        states_of: returns the states of a DAG's tasks by run.
        run_state: returns the state of a run.
    """
    run_ids: dict[str, list[str]] = {}

    def is_running(dag_id: str, folder: str) -> bool:
        if dag_id not in run_ids:
            run_ids[dag_id] = list(states_of(dag_id=dag_id))
        names = [run_id for run_id in run_ids[dag_id] if staging.path_safe(run_id) == folder]
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


def _folders(path: Any) -> Iterable[Any]:
    return sorted((each for each in path.iterdir() if each.is_dir()), key=str) if path.exists() else []


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # it is not empty, or another worker was faster
        folder.rmdir()


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
