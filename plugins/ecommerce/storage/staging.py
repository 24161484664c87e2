"""Staging: the files that one task leaves for the next, with a manifest.

Files are in `<STAGING_URI>/<dag>/<business_date>/<run_id>/<step>/`, so any worker can run the next task. On a
disk, only the user of the tasks can open these folders, whatever the umask. A folder becomes visible at once:
it is renamed (local disk), or its `manifest.json` is uploaded last (object stores). Without a manifest it
does not exist for readers.
"""

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
from typing import Any

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import StagingError
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.settings import load_settings
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.scratch import scratch_folder

MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describes the files that one task left in staging; the only XCom about data. Instants are aware; the
    `window_end` of a read without upper bound is its `read_at`."""

    source: str
    business_date: date
    uri: str
    rows: int
    bytes: int
    sha256: str
    """Of all files."""
    columns: Mapping[str, list[str]]
    """The columns of each file, by its path in `uri`."""
    read_at: datetime
    window_start: datetime
    window_end: datetime
    control_totals: Mapping[str, Any] = field(default_factory=dict)
    """The source's own sums over the same snapshot: amounts as decimal texts, counts as integers."""

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

    def folder(self, business_date: date, *step: str) -> str:
        """Return the URI of the folder that a step of this run leaves for a business day, or of all steps."""
        parts = (
            load_settings().staging_uri,
            self.dag_id,
            business_date.isoformat(),
            path_safe(self.run_id),
        )
        return "/".join((*parts, *step))


@contextmanager
def publish(uri: str) -> Iterator[Draft]:
    """Write the folder `uri` atomically, and replace that of an earlier attempt.

    The caller fills `draft.path` (a local folder) and calls `draft.seal(...)`. When the block raises, nothing
    changes at `uri`. StagingError: the files could not be written (no space, no permission).
    """
    try:
        with _work_folder(uri) as work:
            draft = Draft(work, uri)
            yield draft
            (work / MANIFEST_FILE).write_text(
                json.dumps(to_plain(_seal(draft)), indent=1)
            )
            if is_local(uri):
                final = Path(local_or_uri(uri))
                old = final.with_name(f".{final.name}.{uuid.uuid4().hex}.old")
                with suppress(FileNotFoundError):
                    final.rename(old)
                work.rename(final)
                shutil.rmtree(old, ignore_errors=True)
            else:
                _upload(work, storage_path(uri))
    except OSError as error:
        why = reason_of(error, otherwise="its storage fails")
        raise StagingError(f"folder {uri} could not be written: {why}") from error
    except Exception as error:
        if not str(error).startswith(
            "IO Error: "
        ):  # of DuckDB, which most processes do not import
            raise
        raise StagingError(f"folder {uri} could not be written: {error}") from error


def read_manifest(uri: str) -> Manifest:
    """Return the manifest of a published folder; StagingError where it is not visible from this worker."""
    path = storage_path(uri) / MANIFEST_FILE
    try:
        return from_plain(Manifest, json.loads(path.read_text()))
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


def newest_change(folder: Any) -> datetime:
    """Return when the newest file below `folder` was written (aware)."""
    files = folder.fs.find(folder.path)
    if files:
        return max(folder.fs.modified(file) for file in files)
    empty = Path(folder.path)
    return datetime.fromtimestamp(
        empty.stat().st_mtime if folder.protocol == "file" else 0, UTC
    )


def remove_folder(folder: Any) -> None:
    """Remove everything below `folder`, manifests first, so that no reader finds an incomplete folder."""
    manifests = [
        file
        for file in folder.fs.find(folder.path)
        if file.endswith(f"/{MANIFEST_FILE}")
    ]
    if manifests:
        folder.fs.rm(manifests)
    folder.fs.rm(folder.path, recursive=True)


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Raise a StagingError in place of any OSError."""
    try:
        yield
    except OSError as error:
        why = reason_of(error, otherwise="its storage fails")
        where = f"{error.filename}: " if error.filename else ""
        raise StagingError(
            f"{uri} could not be read or cleaned: {where}{why}"
        ) from error


@contextmanager
def local_folder(uri: str) -> Iterator[str]:
    """Give the path of a published folder, or of a copy on this machine: DuckDB opens a file some twenty
    times, and asks an object store for its size and content each time."""
    if is_local(uri):
        yield local_or_uri(uri)
        return
    with scratch_folder() as copy:
        with storage_errors(uri):
            path = storage_path(uri)
            path.fs.get(f"{path.path}/", f"{copy}/", recursive=True)
        yield str(copy)


def storage_path(uri: str) -> Any:
    """Return `uri` as a `UPath`; outside this machine it is Airflow's, for `gs://` with the warehouse's
    connection."""
    if is_local(uri):
        from upath import UPath

        return UPath(uri)
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(
        uri, conn_id=CONNECTION_WAREHOUSE if uri.startswith("gs://") else None
    )


def is_local(uri: str) -> bool:
    """Return whether `uri` is on this machine's file system."""
    return uri.startswith("file://")


def local_or_uri(uri: str) -> str:
    """Return the path of a `file://` URI, any other unchanged."""
    return uri.removeprefix("file://") if is_local(uri) else uri


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
        _close_to_others(work)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _close_to_others(folder: Path) -> None:
    """Set the mode 0700 for `folder` and those above it in staging, which may hold personal data. What is not
    in staging, such as the archive of reports, keeps its mode."""
    root = Path(local_or_uri(load_settings().staging_uri))
    for path in (folder, *folder.parents):
        if not path.is_relative_to(root):
            return
        with suppress(
            OSError
        ):  # it belongs to another user, or the file system has no modes
            path.chmod(0o700)


def _seal(draft: Draft) -> Manifest:
    files = sorted(path for path in draft.path.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{path.relative_to(draft.path).as_posix()} {sha256}\n".encode())
    size = sum(path.stat().st_size for path in files)
    return Manifest(uri=draft.uri, bytes=size, sha256=digest.hexdigest(), **draft.facts)


def _upload(work: Path, target: Any) -> None:
    (target / MANIFEST_FILE).unlink(missing_ok=True)
    manifest = work / MANIFEST_FILE
    files = [
        path for path in sorted(work.rglob("*")) if path.is_file() and path != manifest
    ]
    # One call uploads in parallel; the manifest is last.
    for together in (files, [manifest]):
        places = [
            (target / path.relative_to(work).as_posix()).path for path in together
        ]
        if places:
            target.fs.put([str(path) for path in together], places)


def path_safe(run_id: str) -> str:
    """Return the name of a run's folder: some file systems refuse the colons and plus signs of run ids."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", run_id)
