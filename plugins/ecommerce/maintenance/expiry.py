"""Housekeeping: staged files and task logs that nobody needs any more. What is removed is older than a
retention setting; nothing else is looked at. Running it again, or twice at once, changes nothing more."""

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
"""Of a DAG's id and the name of a run's staging folder: does that run go on?"""


def expire_staging(staging_uri: str, limit: datetime, is_running: IsRunning) -> int:
    """Remove run folders whose newest file is older than `limit` (aware); how many were removed.

    A folder that was given up half-way, raw files with e-mail addresses among them, counts like any other.
    The folder of a run that has not ended stays, however old.

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
                        log.warning("%s is old, but its run has not ended: it stays", run)
                        continue
                    staging.remove_folder(run)
                    log.info("removed %s", run)
                    removed += 1
                if staging.is_local(staging_uri):  # object stores have no empty folders
                    _remove_if_empty(Path(day.path))
    log.info("%d run folders without a change since %s removed", removed, limit.isoformat(timespec="minutes"))
    return removed


def run_is_unfinished(states_of: Callable[..., Any], run_state: Callable[[str, str], str]) -> IsRunning:
    """Asks Airflow: `states_of` names the runs of a DAG, `run_state` gives the state of one of them. A run
    that Airflow no longer knows has ended."""
    run_ids: dict[str, list[str]] = {}

    def is_running(dag_id: str, folder: str) -> bool:
        if dag_id not in run_ids:
            run_ids[dag_id] = list(states_of(dag_id=dag_id))
        names = [run_id for run_id in run_ids[dag_id] if staging.path_safe(run_id) == folder]
        return any(run_state(dag_id, run_id) in UNFINISHED for run_id in names)

    return is_running


def expire_logs(folder: Path, limit: datetime) -> int:
    """Remove log files below `folder` that nobody wrote to since `limit` (aware); how many were removed. Logs
    in a bucket or in CloudWatch expire by the rules set there."""
    removed = 0
    for path in folder.rglob("*.log"):
        with suppress(FileNotFoundError):  # another worker does the same
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
    with suppress(OSError):  # it is not empty, or another worker was first
        folder.rmdir()


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
