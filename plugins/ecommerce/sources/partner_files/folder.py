"""The drop folder: the files in it by name, and which of them may be read."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any

from ecommerce.core.business_day import BusinessDay, shop_day
from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import load_settings
from ecommerce.core.text import listed
from ecommerce.core.values import Values
from ecommerce.sources.csv_records import Bounds, UnusableFileError
from ecommerce.sources.partner_layouts import (
    SETTLEMENT,
    STANDARD,
    STANDARD_SETTLEMENT,
    Layout,
    is_settlement,
    partner_layouts,
)
from ecommerce.sources.text_blocks import BLOCK
from ecommerce.storage.delivered import (
    Version,
    is_regular,
    modified_at,
    reading_errors,
    version_of,
)
from ecommerce.storage.staging import is_local, storage_path

if TYPE_CHECKING:
    from upath import UPath

UNREADABLE = (PermissionError, FileNotFoundError)
"""Errors that are about one file, in any storage."""
LATE_DAYS = 7
MOST_NAMED = 5
MISNAMED = re.compile(r"[^.].*\.csv(?:\.gz)?", re.IGNORECASE)
NAME = re.compile(r"([A-Za-z0-9][\w.-]*)_(\d{4}-\d{2}-\d{2})\.csv(?:\.gz)?")


def partner_and_day(name: str) -> tuple[str, date] | None:
    """Return the partner and the business day in the name of a file; None if it has another form."""
    match = NAME.fullmatch(name)
    with suppress(ValueError):
        if match:
            return match[1], date.fromisoformat(match[2])
    return None


def file_bounds() -> Bounds:
    """Return the limits of a file."""
    settings = load_settings()
    return Bounds(
        lines=settings.partner_file_max_lines,
        bytes=settings.partner_file_max_bytes,
        seconds=settings.partner_file_max_seconds,
    )


def marketplace(partner: str) -> str:
    """Return whose file it is: `amazon` of `amazon_settlement`, and of `amazon`."""
    return partner[: -len(SETTLEMENT)] if is_settlement(partner) else partner


class HashedStream:
    """An opened file, whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raise UnusableFileError if the disk has lost them."""
        try:
            chunk = self._file.read(size)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            # The other partners' files do not wait.
            raise UnusableFileError(
                "the disk cannot read it (input/output error)"
            ) from None
        self.digest.update(chunk)
        return chunk


@dataclass(frozen=True, order=True)
class DroppedFile:
    """A file in the drop folder, of a business day. UnusableFileError is raised if it cannot be read."""

    day: date
    name: str
    partner: str
    layout: Layout
    path: UPath

    def facts(self, received_at: datetime | None) -> Values:
        """Return the columns of each of its lines; a settlement is the marketplace's."""
        partner = marketplace(self.partner)
        return {"file": self.name, "partner": partner, "received_at": received_at}

    def open(self) -> IO[bytes]:
        """Open the file as delivered, unless it is too large or a link, a named pipe or a device."""
        file_system = self.path.fs
        is_on_disk = is_local(self.path.as_uri())
        try:
            facts = file_system.info(self.path.path)
            if not is_regular(facts):
                raise UnusableFileError("it is no regular file of the folder")
            size = facts["size"]
            if size > load_settings().partner_file_max_bytes:
                raise UnusableFileError(
                    f"it has {size:,} bytes", reason="file_too_large"
                )
            if is_on_disk:
                # By now a link or a named pipe may be in its place.
                flags = os.O_NOFOLLOW | os.O_NONBLOCK
                return os.fdopen(os.open(self.path.path, flags), "rb")
            return file_system.open(self.path.path, "rb")
        except OSError as error:
            # The outage of an object store is not the file's: the task is retried.
            if not isinstance(error, UNREADABLE) and not is_on_disk:
                raise
            raise UnusableFileError(
                f"it cannot be opened: {reason_of(error)}"
            ) from None

    def version(self) -> Version:
        """Return what changes when the file is written."""
        return version_of(self.path.fs, self.path.path)

    def decompressed(self, stream: Any) -> Any:
        """Return the decompressed text of the opened file, as bytes."""
        if self.name.endswith(".gz"):
            return gzip.GzipFile(fileobj=stream)
        return stream

    def checksum(self) -> str:
        """Return the SHA-256 of the file as delivered, and of a layout of its own, so that a changed layout
        reads the file again."""
        with self.open() as stream:
            return self.checksum_of(HashedStream(stream))

    def checksum_of(self, stream: HashedStream) -> str:
        """Return the checksum of the opened file, whose last bytes are read now."""
        while stream.read(BLOCK):
            pass
        digest = stream.digest
        if self.layout != STANDARD:
            digest.update(self.layout.model_dump_json().encode())
        return digest.hexdigest()


def _arrived_since(path: UPath, instant: datetime) -> bool:
    """Return whether it was written at `instant` or later, or nothing is known of that."""
    with suppress(OSError, NotImplementedError):
        return modified_at(path.fs, path.path) >= instant
    return True


@dataclass(frozen=True)
class Folder:
    """What the drop folder has for the run of a business day."""

    files: Sequence[DroppedFile]
    """Those of the run's days and of the seven before."""
    late: Sequence[DroppedFile]
    """Those of earlier days that arrived in the last seven, which the run does not read."""
    warnings: list[DataWarning]
    """One of each file whose name is nearly right, or whose day is in the future; one of all other entries,
    such as checksums and uploads that are under way."""


def list_folder(run_day: BusinessDay, since: datetime | None) -> Folder:
    """List the drop folder for the run of a day or of several, the files by day and name. Other entries are
    those that were written at `since` (aware) or later; None ignores them, and late files.

    Raise ConfigurationError if it does not exist, and other errors as `reading_errors` and `partner_layouts`.
    """
    last = run_day.dates[-1]
    # A later run reads the files of the days after `last`.
    newest = max(
        run_day.shifted(len(run_day.dates)).date,
        shop_day(datetime.now(UTC), run_day.timezone).date,
    )
    late_since = run_day.shifted(-LATE_DAYS)
    paths = _entries()
    layouts = partner_layouts()
    files = []
    late = []
    misnamed = []
    others = []
    for path in paths:
        # No message can hold bytes that are not UTF-8, such as a name in Latin-1.
        name = path.name.encode("utf-8", "surrogateescape").decode(errors="replace")
        known = partner_and_day(path.name)
        if known is None:
            if MISNAMED.fullmatch(name):
                misnamed.append(name)
            elif since and _arrived_since(path, since):
                others.append(name)
            continue
        partner, file_day = known
        standard = STANDARD_SETTLEMENT if is_settlement(partner) else STANDARD
        layout = layouts.get(partner.lower(), standard)
        file = DroppedFile(file_day, name, partner, layout, path)
        if file_day > newest:
            misnamed.append(name)
        elif file_day < late_since.date:
            if since and _arrived_since(path, late_since.start):
                late.append(file)
        elif file_day <= last:
            files.append(file)
    warnings = [data_warning("misnamed_file", file=name) for name in sorted(misnamed)]
    if others:
        names = listed(sorted(others), MOST_NAMED + 1)
        count = len(others)
        warnings.append(data_warning("entries_not_read", entries=count, names=names))
    return Folder(sorted(files), sorted(late), warnings)


def _entries() -> list[UPath]:
    """Return what is in the drop folder."""
    drop = load_settings().partner_drop_uri
    with reading_errors(f"the folder {drop}"):
        try:
            return list(storage_path(drop).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            if is_local(drop):
                raise ConfigurationError(
                    f"the folder PARTNER_DROP_URI={drop} does not exist: make it, or name the one "
                    "that partners leave their files in"
                ) from None
            # An object store has no empty folders.
            return []
