"""Staging: the files that one task leaves for the next, with a manifest.

Files are in `<STAGING_URI>/<dag>/<business_date>/<run_id>/<step>/`, so any worker can run the next task. A
folder becomes visible at once: it is renamed (local disk), or its `manifest.json` is uploaded last (object
stores). Without a manifest it does not exist for readers.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, StagingError
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.settings import load_settings
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.xcom import from_xcom, to_xcom

if TYPE_CHECKING:
    from upath import UPath

MANIFEST_FILE = "manifest.json"
_FOLDERS = ("STAGING_URI", "REPORTS_URI", "MODELS_URI", "PICTURES_URI")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describes the files that one task left in staging; the only XCom about data.

    `rows` counts the records of all files, `columns` has the columns of each file in `uri` (by relative
    path), `sha256` covers every file. Instants are aware, in UTC; `window_end` of a read without upper bound
    is its `read_at`. `control_totals` are the source's own sums over the same snapshot: amounts as decimal
    texts, counts as integers.
    """

    source: str
    business_date: date
    uri: str
    rows: int
    bytes: int
    sha256: str
    columns: Mapping[str, list[str]]
    read_at: datetime
    window_start: datetime
    window_end: datetime
    control_totals: Mapping[str, Any] = field(default_factory=dict)

    def file(self, name: str) -> str:
        """Return the URI (a path for `file://`) of one of the manifest's files, for DuckDB."""
        return local_or_uri(f"{self.uri}/{name}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A folder being written: fill `path`, then call `seal`."""

    path: Path
    uri: str
    facts: dict[str, Any] = field(default_factory=dict)

    def seal(self, **facts: Any) -> None:
        """Set the manifest's fields other than uri, bytes and sha256."""
        self.facts.update(facts)


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of a DAG, whose staged folders are together."""

    dag_id: str
    run_id: str

    def folder(self, business_date: date, step: str) -> str:
        """Return the URI of the folder that `step` of this run leaves for `business_date`."""
        return f"{run_folder(load_settings().staging_uri, self.dag_id, business_date, self.run_id)}/{step}"


def run_folder(staging_uri: str, dag_id: str, business_date: date, run_id: str) -> str:
    """Return the URI of the folders of one run.

    Args:
        staging_uri: the setting.
        dag_id: of the run.
        business_date: of the files.
        run_id: of the run.
    """
    return f"{staging_uri}/{dag_id}/{business_date.isoformat()}/{path_safe(run_id)}"


@contextmanager
def publish(uri: str) -> Iterator[Draft]:
    """Write the folder `uri` atomically, and replace that of an earlier attempt.

    The caller fills `draft.path` (a local folder) and calls `draft.seal(...)`. When the block raises, nothing
    changes at `uri`.

    Raises:
        StagingError: the files could not be written (no space, no permission).
    """
    try:
        with _work_folder(uri) as work:
            draft = Draft(work, uri)
            yield draft
            (work / MANIFEST_FILE).write_text(json.dumps(to_xcom(_seal(draft)), indent=1))
            if is_local(uri):
                _swap(work, Path(local_or_uri(uri)))
            else:
                _upload(work, storage_path(uri))
    except OSError as error:
        setting = _setting_of(uri)
        check = f": check {setting}" if setting else ""
        raise StagingError(f"folder {uri} could not be written: {_why(error)}{check}") from error


def _setting_of(uri: str) -> str:
    """Return the setting whose folder contains `uri`; empty where none does."""
    try:
        settings = load_settings()
    except ConfigurationError:
        return ""
    roots = {name: str(getattr(settings, name.lower())).rstrip("/") for name in _FOLDERS}
    return max((each for each in _FOLDERS if uri.startswith(f"{roots[each]}/")), key=roots.get, default="")  # type: ignore[arg-type]


def read_manifest(uri: str) -> Manifest:
    """Return the manifest of a published folder.

    Raises:
        StagingError: it does not exist, or is not visible from this worker.
    """
    path = storage_path(uri) / MANIFEST_FILE
    try:
        return from_xcom(Manifest, json.loads(path.read_text()))
    except FileNotFoundError:
        raise StagingError(
            f"no staged files at {uri} on {socket.gethostname()}: they have expired, were removed after "
            "their transform, or STAGING_URI is not shared between workers (make check); to read again, "
            "clear the extract task with downstream"
        ) from None


def exists(uri: str) -> bool:
    """Return whether a folder is published at `uri`."""
    return (storage_path(uri) / MANIFEST_FILE).exists()


def discard(uri: str) -> None:
    """Remove a published folder, its manifest first; it may not exist."""
    path = storage_path(uri)
    (path / MANIFEST_FILE).unlink(missing_ok=True)
    if path.exists():
        path.rmdir(recursive=True)


def newest_change(folder: UPath) -> datetime:
    """Return when the newest file below `folder` was written (aware)."""
    files = folder.fs.find(folder.path)
    if files:
        return max(folder.fs.modified(file) for file in files)
    empty = Path(folder.path)
    return datetime.fromtimestamp(empty.stat().st_mtime if folder.protocol == "file" else 0, UTC)


def remove_folder(folder: UPath) -> None:
    """Remove everything below `folder`, manifests first, so that no reader finds an incomplete folder."""
    manifests = [file for file in folder.fs.find(folder.path) if file.endswith(f"/{MANIFEST_FILE}")]
    if manifests:
        folder.fs.rm(manifests)
    folder.fs.rm(folder.path, recursive=True)


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Raise a StagingError in place of any OSError."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise StagingError(f"{uri} could not be read or cleaned: {where}{_why(error)}") from error


def storage_path(uri: str) -> UPath:
    """Return `uri` as a path; outside this machine Airflow's storage path, which is a `UPath` too. Google
    Cloud Storage has the connection of the warehouse."""
    if is_local(uri):
        from upath import UPath

        return UPath(uri)
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(uri, conn_id=CONNECTION_WAREHOUSE if uri.startswith("gs://") else None)


def is_local(uri: str) -> bool:
    """Return whether `uri` is on this machine's file system."""
    return uri.startswith("file://")


def local_or_uri(uri: str) -> str:
    """Return the path of a `file://` URI, any other unchanged."""
    return uri.removeprefix("file://") if is_local(uri) else uri


def _why(error: OSError) -> str:
    return reason_of(error, otherwise="its storage fails")


@contextmanager
def _work_folder(uri: str) -> Iterator[Path]:
    """Make the folder in which `uri` is written first: next to it, or on this machine for an object store."""
    if not is_local(uri):
        with scratch_folder() as work:
            yield work
        return
    final = Path(local_or_uri(uri))
    work = final.with_name(f".{final.name}.{uuid.uuid4().hex}.partial")
    try:
        work.mkdir(parents=True)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _seal(draft: Draft) -> Manifest:
    files = sorted(path for path in draft.path.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{path.relative_to(draft.path).as_posix()} {sha256}\n".encode())
    size = sum(path.stat().st_size for path in files)
    return Manifest(uri=draft.uri, bytes=size, sha256=digest.hexdigest(), **draft.facts)


def _swap(work: Path, final: Path) -> None:
    """Rename `work` to `final`, and remove the folder of an earlier attempt."""
    old = final.with_name(f".{final.name}.{uuid.uuid4().hex}.old")
    with suppress(FileNotFoundError):
        final.rename(old)
    work.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _upload(work: Path, target: UPath) -> None:
    (target / MANIFEST_FILE).unlink(missing_ok=True)
    manifest = work / MANIFEST_FILE
    files = [path for path in sorted(work.rglob("*")) if path.is_file() and path != manifest]
    # One call uploads in parallel; the manifest is last.
    for together in (files, [manifest]):
        places = [(target / path.relative_to(work).as_posix()).path for path in together]
        if places:
            target.fs.put([str(path) for path in together], places)


def path_safe(run_id: str) -> str:
    """Return the name of a run's folder: some file systems refuse the colons and plus signs of run ids."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", run_id)
