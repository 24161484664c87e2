"""The drop folder: the files in it by name, and which of them may be read."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, TYPE_CHECKING, cast

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.data_warnings import DataWarning, data_warning, wording
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import ConfigurationError, PipelineError
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.core.text import counted, listed
from ecommerce.sources import delivered_files
from ecommerce.sources.delivered_files import UnusableFileError
from ecommerce.sources.expected_partners import WEEKS
from ecommerce.sources.partner_layouts import STANDARD, Layout, partner_layouts
from ecommerce.storage.staging import is_local, storage_path

if TYPE_CHECKING:
    from upath import UPath

LATE_DAYS = 7
MOST_NAMED = 5
NAME = re.compile(
    r"(?P<partner>[A-Za-z0-9][\w.-]*)_(?P<date>\d{4}-\d{2}-\d{2})\.csv(\.gz)?"
)
RECIPE = "docs/RECIPES.md, A partner with another layout"


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """One file in the drop folder. Its methods raise UnusableFileError where it cannot be read."""

    name: str
    partner: str
    path: UPath

    def check(self, most_bytes: int | None = None) -> None:
        """Refuse it before it is opened, where it cannot be read or has more than `most_bytes`."""
        with self._refusals():
            size = int(self.path.fs.info(self.path.path)["size"] or 0)
        if most_bytes is not None and size > most_bytes:
            raise UnusableFileError("file_too_large", f"it has {size:,} bytes")

    def layout(self, layouts: Mapping[str, Layout]) -> Layout:
        """Return its partner's layout of `layouts`; one whose name differs in case is a mistake."""
        if self.partner not in layouts:
            for other in (
                other for other in layouts if other.lower() == self.partner.lower()
            ):
                raise UnusableFileError(
                    "file_unreadable",
                    f"include/partners/{other}.yaml is not its layout: rename it {self.partner}.yaml",
                )
        return layouts.get(self.partner, STANDARD)

    def checksum(self, layout: Layout) -> str:
        """Return the SHA-256 of the file as delivered, and of a layout of its own, so that a changed layout
        reads the file again."""
        with self._delivered() as stream:
            digest = hashlib.file_digest(stream, "sha256")
        if layout != STANDARD:
            digest.update(layout.model_dump_json().encode())
        return digest.hexdigest()

    def received_at(self) -> datetime:
        """Its modification time, UTC."""
        with self._refusals():
            return delivered_files.modified_at(self.path.fs, self.path.path)

    @contextmanager
    def text(self) -> Iterator[IO[bytes]]:
        """Its text, decompressed."""
        with self._delivered() as stream:
            if self.name.endswith(".gz"):
                with gzip.open(stream) as text:
                    yield io.BufferedReader(text)
            else:
                yield io.BufferedReader(
                    stream
                )  # an object store's `readline` takes no size

    def advice(self, error: UnusableFileError) -> str:
        """The error's detail, with the file that describes other columns or another delimiter."""
        reason, detail = error.args
        layout = f"; include/partners/{self.partner}.yaml describes another layout ({RECIPE})"
        return f"{detail}{layout if reason == 'missing_column' else ''}"

    def _delivered(self) -> io.RawIOBase:
        with self._refusals():
            if is_local(self.path.as_uri()):
                return delivered_files.open_regular(self.path.path)
            return cast("io.RawIOBase", self.path.fs.open(self.path.path, "rb"))

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (PermissionError, FileNotFoundError) as error:
            why = f"it cannot be opened: {reason_of(error)}"
            raise UnusableFileError("file_unreadable", why) from None


@dataclass(frozen=True, slots=True)
class Folder:
    """The drop folder as it was listed: the `files` with their days, by name, and the other entries."""

    files: Sequence[tuple[date, DroppedFile]]
    others: Sequence[UPath]

    @classmethod
    def listed(cls, drop: str) -> Folder:
        """List the folder `drop`; ConfigurationError where it does not exist, others as `storage_errors`."""
        with delivered_files.storage_errors(f"the folder {drop}"):
            try:
                paths = {path.name: path for path in storage_path(drop).iterdir()}
            except (FileNotFoundError, NotADirectoryError):
                if is_local(drop):
                    raise ConfigurationError(
                        f"the folder PARTNER_DROP_URI={drop} does not exist: make it, or name the one "
                        "that partners leave their files in"
                    ) from None
                paths = {}  # an object store knows no empty folders
        files, others = [], []
        for name, path in sorted(paths.items()):
            try:
                match = NAME.fullmatch(name)
                file = DroppedFile(name, match["partner"] if match else "", path)
                files.append((date.fromisoformat(match["date"] if match else ""), file))
            except ValueError:
                others.append(path)
        return cls(files, others)

    def of_days(self, day: date) -> list[DroppedFile]:
        """The files of the eight days up to `day`."""
        first = day - timedelta(days=LATE_DAYS)
        return [file for file_day, file in self.files if first <= file_day <= day]

    def never_loaded(
        self, first: date, day: date, loaded: Collection[str]
    ) -> list[str]:
        """A sentence on the files for days from `first` on that the run for `day` no longer reads, and that
        are not among the `loaded`; none without any."""
        late = [
            (of_day, file.name)
            for of_day, file in self.files
            if file.name not in loaded
        ]
        late = [
            each for each in late if first <= each[0] < day - timedelta(days=LATE_DAYS)
        ]
        if not late:
            return []
        (from_day, name), to_day = min(late), max(late)[0]
        files = counted(
            len(late), "file for an older day has", "files for older days have"
        )
        command = f"make backfill FROM={from_day} TO={to_day} AGAIN=1"
        return [f"{files} not been loaded, the first is {name}: {command}"]

    def misnamed(self) -> list[DataWarning]:
        """Return a warning of each file whose name is nearly right."""
        return [
            data_warning("misnamed_file", file=_shown(path))
            for path in self.others
            if _is_misnamed(path)
        ]

    def unread(self, day: date, since: datetime | None = None) -> list[DataWarning]:
        """Return one warning of all other entries that no run reads, such as hidden names; none without any.
        A file of the day after `day` is read by the next run. `since`: only what arrived then or later."""
        unread = [path for path in self.others if not _is_misnamed(path)]
        tomorrow = day + timedelta(days=1)
        unread += [file.path for dated, file in self.files if dated > tomorrow]
        names = [
            _shown(path) for path in unread if since is None or is_newer(path, since)
        ]
        if not names:
            return []
        return [
            data_warning(
                "entries_not_read",
                entries=len(names),
                names=listed(names, MOST_NAMED + 1),
            )
        ]


def unread_files(newest: date, loaded: Collection[str]) -> list[str]:
    """Return sentences about unread files of the folder, as for the run of the day `newest`; none where this
    server cannot list it."""
    try:
        folder = Folder.listed(load_settings().partner_drop_uri)
    except PipelineError:
        return []
    warnings = [*folder.misnamed()[:MOST_NAMED], *folder.unread(newest)]
    never_loaded = folder.never_loaded(newest - timedelta(weeks=WEEKS), newest, loaded)
    return [*(wording(each).found for each in warnings), *never_loaded]


def check() -> Lines:
    """List the folder, what in it is not read, and which files' headers do not have their layout."""
    layouts, settings = partner_layouts(), load_settings()
    drop, day = (
        settings.partner_drop_uri,
        newest_closed_day(datetime.now(UTC), shop_timezone()).date,
    )
    folder = Folder.listed(drop)
    files = folder.of_days(day)
    own = f"; layouts of {', '.join(layouts)} in include/partners/" if layouts else ""
    yield OK, f"{drop}: {counted(len(files), 'file')} of the last eight days{own}"
    yield from (
        (HINT, wording(each).found) for each in folder.misnamed() + folder.unread(day)
    )
    for file in files:
        try:
            file.check(settings.partner_file_max_bytes)
            layout = file.layout(layouts)
            with (
                delivered_files.storage_errors(file.name),
                file.text() as stream,
                delivered_files.unusable_data(layout.encoding.upper()),
                layout.as_utf8(stream) as text,
            ):
                delivered_files.column_names(text, layout)
        except UnusableFileError as error:
            yield HINT, f"{file.name} cannot be read: {file.advice(error)}"


def _shown(path: UPath) -> str:
    """Its name; what is not UTF-8 in it, such as a name in Latin-1, can be in no message."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_misnamed(path: UPath) -> bool:
    return bool(re.fullmatch(r"[^.].*\.csv(\.gz)?", path.name, re.IGNORECASE))


def is_newer(path: UPath, instant: datetime) -> bool:
    """Return whether a file was written at `instant` or later, or nothing is known of that."""
    try:
        return delivered_files.modified_at(path.fs, path.path) >= instant
    except (OSError, NotImplementedError):
        return True
