"""Housekeeping: staged files, task logs and rows of Airflow's own database that nobody needs any more.

What is removed is older than a retention setting; nothing else is looked at. Running it again, or twice at
once, changes nothing more.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ecommerce.core import staging
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.settings import load_settings

log = logging.getLogger(__name__)

METADATA_CONNECTION = "airflow_metadata"
"""Airflow's own database, for `airflow db clean`; a task does not get at it otherwise."""

UNFINISHED = {"queued", "running"}
_DRIVERS = {"postgres": "postgresql+psycopg2", "mysql": "mysql+mysqldb", "sqlite": "sqlite"}

IsRunning = Callable[[str, str], bool]
"""Of a DAG's id and the name of a run's staging folder: does that run go on?"""


def remove_expired_staging(context: Mapping[str, Any], now: datetime | None = None) -> int:
    """Remove run folders whose newest file is older than `STAGING_RETENTION_DAYS`; how many were removed.

    A folder that was given up half-way, raw files with e-mail addresses among them, counts like any other.
    The folder of a run that has not ended stays, however old.

    Raises:
        StagingError: the staging area cannot be read, or a folder cannot be removed.
    """
    settings = load_settings()
    limit = (now or datetime.now(UTC)) - timedelta(days=settings.staging_retention_days)
    return expire_staging(settings.staging_uri, limit, run_is_unfinished(context["ti"]))


def expire_staging(staging_uri: str, limit: datetime, is_running: IsRunning) -> int:
    """As `remove_expired_staging`, for what is older than the aware instant `limit`."""
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


def run_is_unfinished(ti: Any) -> IsRunning:
    """Asks Airflow through `ti`, the running task instance. A run that Airflow no longer knows has ended."""
    run_ids: dict[str, list[str]] = {}

    def is_running(dag_id: str, folder: str) -> bool:
        if dag_id not in run_ids:
            run_ids[dag_id] = list(ti.get_task_states(dag_id=dag_id))
        names = [run_id for run_id in run_ids[dag_id] if staging.path_safe(run_id) == folder]
        return any(ti.get_dagrun_state(dag_id, run_id) in UNFINISHED for run_id in names)

    return is_running


def remove_old_logs(now: datetime | None = None) -> int:
    """Remove log files of Airflow that nobody wrote to for `LOG_RETENTION_DAYS`; how many were removed.

    Only what lies on this machine's disk: logs in a bucket or in CloudWatch expire by the rules set there.
    """
    from airflow.sdk.configuration import conf

    limit = (now or datetime.now(UTC)) - timedelta(days=load_settings().log_retention_days)
    return expire_logs(Path(conf.get("logging", "base_log_folder")), limit)


def expire_logs(folder: Path, limit: datetime) -> int:
    """As `remove_old_logs`, below `folder`, for what is older than the aware instant `limit`."""
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


def clean_metadata_database(now: datetime | None = None) -> None:
    """Run `airflow db clean` for what is older than `METADATA_RETENTION_DAYS`.

    Airflow keeps its database from tasks, so the command is a process of its own, which is given the
    connection `airflow_metadata`. The connection's text reaches no log and no command line.

    Raises:
        AirflowSkipException: there is no such connection, so somebody else cleans.
        PipelineError: the command failed; its last line says why.
    """
    from airflow.providers.standard.hooks.subprocess import SubprocessHook
    from airflow.sdk.exceptions import AirflowSkipException

    address = metadata_address()
    if address is None:
        raise AirflowSkipException(
            f"there is no connection {METADATA_CONNECTION}: `airflow db clean` has to run beside the "
            "scheduler (docs/PRODUCTION.md says how)"
        )
    limit = (now or datetime.now(UTC)) - timedelta(days=load_settings().metadata_retention_days)
    done = SubprocessHook().run_command(
        [
            *(sys.executable, "-m", "airflow", "db", "clean", "--yes"),
            *("--skip-archive", "--error-on-cleanup-failure"),
            *("--clean-before-timestamp", limit.isoformat(timespec="seconds")),
        ],
        env=environment_of_the_command(os.environ, address),
    )
    if done.exit_code:
        raise PipelineError(f"airflow db clean failed ({done.exit_code}): {done.output}")


def metadata_address() -> str | None:
    """The connection `airflow_metadata` as an SQLAlchemy address; None where there is none.

    Its extra becomes the address's query, such as sslmode=require.

    Raises:
        ConfigurationError: it is of a kind that Airflow keeps no metadata in, or names no host or database.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = Connection.get(METADATA_CONNECTION)
    except AirflowNotFoundException:
        return None
    if connection.conn_type not in _DRIVERS:
        raise ConfigurationError(
            f"the connection {METADATA_CONNECTION} is of type {connection.conn_type}; "
            f"Airflow's database is one of {', '.join(_DRIVERS)}"
        )
    driver = _DRIVERS[connection.conn_type]
    if driver == "sqlite":
        return f"sqlite:///{connection.host}"
    extra = connection.extra_dejson
    # A socket's folder stands in the extra: postgresql:///airflow?host=/cloudsql/…
    if not connection.schema or not (connection.host or extra.get("host")):
        raise ConfigurationError(
            f"the connection {METADATA_CONNECTION} has to name Airflow's database: set host and schema"
        )
    login, password = (quote(part or "", safe="") for part in (connection.login, connection.password))
    port = f":{connection.port}" if connection.port else ""
    query = f"?{urlencode(extra, safe='/', quote_via=quote)}" if extra else ""
    return f"{driver}://{login}:{password}@{connection.host or ''}{port}/{connection.schema}{query}"


def environment_of_the_command(environ: Mapping[str, str], address: str) -> dict[str, str]:
    """`environ` of a task as a command of Airflow's server side needs it, on the database `address`."""
    of_tasks = ("_AIRFLOW", "__AIRFLOW", "AIRFLOW__CORE__SQL_ALCHEMY_CONN")
    kept = {name: value for name, value in environ.items() if not name.startswith(of_tasks)}
    return kept | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address}


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
