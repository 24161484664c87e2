"""Staging: the files that one task leaves for the next, with a manifest.

Files are in `<STAGING_URI>/<dag>/<business_date>/<run_id>/<step>/`, so any worker can run the next task. On a
disk, only the user of the tasks can open these folders, whatever the umask. A folder becomes visible at once:
it is renamed (local disk), or its `manifest.json` is uploaded last (object stores). Without a manifest it
does not exist for readers.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import StagingError
from ecommerce.core.names import CONNECTION_WAREHOUSE
from ecommerce.core.settings import DagSettings
from ecommerce.core.values import Values
from ecommerce.storage.plain import from_plain, to_plain
from ecommerce.storage.scratch import scratch_folder

if TYPE_CHECKING:
    from upath import UPath

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
    """The columns of each Parquet file, by its name; a folder of other files may list only their names."""
    read_at: datetime
    window_start: datetime
    window_end: datetime
    control_totals: Values = field(default_factory=dict)
    """The source's own sums over the same snapshot: amounts as decimal texts, counts as integers."""

    def facts(self) -> Values:
        """Return what the manifest of a step after this one has too: source, day and window."""
        return {
            "source": self.source,
            "business_date": self.business_date,
            "read_at": self.read_at,
            "window_start": self.window_start,
            "window_end": self.window_end,
        }

    def file(self, name: str) -> str:
        """Return the URI (a path for `file://`) of one of the manifest's files, for DuckDB."""
        return local_or_uri(f"{self.uri}/{name}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A folder being written: fill `path`, then call `seal`."""

    path: Path
    uri: str
    facts: Values = field(default_factory=dict)

    def seal(self, **facts: Any) -> None:
        """Set the fields of the `Manifest` other than uri, bytes and sha256; by default, `columns` are those
        of the Parquet files."""
        from pyarrow.parquet import read_schema

        if "columns" not in facts:
            files = sorted(self.path.glob("*.parquet"))
            facts["columns"] = {file.name: read_schema(file).names for file in files}
        self.facts.update(facts)


def safe_folder_name(run_id: str) -> str:
    """Return the name of a run's folder: some file systems refuse the colons and plus signs of run ids."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", run_id)


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of a DAG, whose staged folders are together."""

    dag_id: str
    run_id: str

    def folder(self, business_date: date, *step: str) -> str:
        """Return the URI of the folder that a step of this run leaves for a business day, or of all steps."""
        day_folder = f"{DagSettings.read().staging_uri}/{self.dag_id}/{business_date}"
        return "/".join((day_folder, safe_folder_name(self.run_id), *step))


@contextmanager
def publish(uri: str) -> Iterator[Draft]:
    """Write the folder `uri` atomically, and replace that of an earlier attempt.

    The caller fills `draft.path` (a local folder) and calls `draft.seal(...)`. When the block raises, nothing
    changes at `uri`. StagingError: the files could not be written (no space, no permission).
    """
    with storage_errors(uri), _work_folder(uri) as work:
        draft = Draft(work, uri)
        yield draft
        manifest = json.dumps(to_plain(_build_manifest(draft)), indent=1)
        if is_local(uri):
            (work / MANIFEST_FILE).write_text(manifest)
            _replace(Path(local_or_uri(uri)), work)
        else:
            # The manifest last, after all files, in place of those of an earlier attempt.
            discard(uri)
            target = storage_path(uri)
            target.fs.put(f"{work}/", f"{target.path}/", recursive=True)
            (target / MANIFEST_FILE).write_text(manifest)


def _replace(final: Path, work: Path) -> None:
    """Put the folder `work` in the place of `final`; of two runs at once, the later one remains."""
    replaced = final.with_name(f".{work.name}.replaced")
    # Removing a folder takes time, in which a reader would find some of its files.
    with suppress(FileNotFoundError):
        final.rename(replaced)
    try:
        work.rename(final)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        # Another run published between the two renames.
        shutil.rmtree(replaced, ignore_errors=True)
        _replace(final, work)
    shutil.rmtree(replaced, ignore_errors=True)


def read_manifest(uri: str) -> Manifest:
    """Return the manifest of a published folder; StagingError where it is not visible from this worker."""
    with storage_errors(uri):
        path = storage_path(uri) / MANIFEST_FILE
        try:
            return from_plain(Manifest, json.loads(path.read_text()))
        except FileNotFoundError:
            raise StagingError(
                f"no staged files at {uri} on {socket.gethostname()}: they have expired, were removed after "
                "their transform, or STAGING_URI is not shared between workers (make check); to read again, "
                "clear the extract task with downstream"
            ) from None


def read_file(manifest: Manifest, name: str) -> bytes:
    """Return one of the manifest's files; StagingError where it is gone."""
    with storage_errors(manifest.uri):
        return (storage_path(manifest.uri) / name).read_bytes()


def exists(uri: str) -> bool:
    """Return whether a folder is published at `uri`."""
    with storage_errors(uri):
        return (storage_path(uri) / MANIFEST_FILE).exists()


def discard(uri: str) -> None:
    """Remove a published folder; it may not exist."""
    with storage_errors(uri):
        path = storage_path(uri)
        if path.exists():
            remove_folder(path)


def newest_change(folder: UPath) -> datetime:
    """Return when the newest file below `folder` was written, or the folder itself where it is empty
    (aware)."""
    files = folder.fs.find(folder.path) or [folder.path]
    return max(folder.fs.modified(file) for file in files)


def remove_folder(folder: UPath) -> None:
    """Remove everything below `folder`, manifests first, so that no reader finds an incomplete folder."""
    for file in folder.fs.find(folder.path):
        if file.endswith(f"/{MANIFEST_FILE}"):
            folder.fs.rm(file)
    folder.fs.rm(folder.path, recursive=True)


@contextmanager
def storage_errors(uri: str) -> Iterator[None]:
    """Raise a StagingError in place of any OSError, and of DuckDB's errors of files."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError):
            why = reason_of(error, otherwise="its storage fails")
        # DuckDB is not imported for the name of its error.
        elif type(error).__name__ == "IOException":
            why = str(error)
        else:
            raise
        raise StagingError(f"{uri} could not be read or written: {why}") from error


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


def storage_path(uri: str) -> UPath:
    """Return the path of `uri`; outside this machine it is Airflow's, for `gs://` with the warehouse's
    connection."""
    if is_local(uri):
        from upath import UPath

        return UPath(uri)
    from airflow.sdk import ObjectStoragePath

    connection = CONNECTION_WAREHOUSE if uri.startswith("gs://") else None
    return ObjectStoragePath(uri, conn_id=connection)


def is_local(uri: str) -> bool:
    """Return whether `uri` is on this machine's file system."""
    return uri.startswith("file://")


def local_or_uri(uri: str) -> str:
    """Return the path of a `file://` URI, any other unchanged."""
    return uri.removeprefix("file://")


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
        _make_private(work)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make_private(folder: Path) -> None:
    """Set the mode 0700 for a folder in staging, which may hold personal data, and for those above it. Other
    folders, such as the archive of reports, keep their mode."""
    root = Path(local_or_uri(DagSettings.read().staging_uri))
    for path in (folder, *folder.parents):
        if not path.is_relative_to(root):
            return
        # It may belong to another user, or its file system has no modes.
        with suppress(OSError):
            path.chmod(0o700)


def _build_manifest(draft: Draft) -> Manifest:
    size = 0
    digest = hashlib.sha256()
    for path in sorted(draft.path.rglob("*")):
        if path.is_file():
            size += path.stat().st_size
            with path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            name = path.relative_to(draft.path).as_posix()
            digest.update(f"{name} {sha256}\n".encode())
    return Manifest(uri=draft.uri, bytes=size, sha256=digest.hexdigest(), **draft.facts)
