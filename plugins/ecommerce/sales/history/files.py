"""What an export is: the form's fields, and the files of its URI pattern in batches, one for each task. Files
are told apart by name, and read only while they stay as they were listed."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, Literal

from ecommerce.core.business_day import shop_day
from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.settings import load_settings
from ecommerce.sources import LIVE
from ecommerce.sources.delivered_files import modified_at, storage_errors
from ecommerce.storage.staging import DagRun, run_folder, storage_path

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9999, 12, 31)
"""The range when the form gives none: timestamps before the year 2000 are rejected anyway."""
MOST_TASKS = 1000
"""Airflow maps a task over 1024 items at most."""
SCHEMES = ("file", "gs", "s3")
Compression = Literal["gzip", "zstd"]
CSV_ENDINGS: dict[str, Compression | None] = {".csv": None, ".csv.gz": "gzip", ".csv.zst": "zstd"}
PARQUET_ENDING = ".parquet"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file as it was listed. `name` is unique within the export and is what `rejected_rows.file` says:
    the base name, or the path below the common folder where two have the same. `modified_at` is aware, in
    UTC."""

    uri: str
    name: str
    bytes: int
    modified_at: datetime

    @property
    def path(self) -> str:
        """The file's path in its file system."""
        return self.uri.partition("://")[2]

    @property
    def file_system(self) -> Any:
        """Its fsspec file system."""
        return storage_path(self.uri).fs

    @property
    def compression(self) -> Compression | None:
        """`gzip`, `zstd` or None."""
        return CSV_ENDINGS.get(_ending(self.name) or "")

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet, else CSV."""
        return _ending(self.name) == PARQUET_ENDING

    def check_unchanged(self) -> None:
        """Compare size and modification time with the listing.

        Raises:
            ContractError: it is another file now, or gone.
            CredentialsError, TransientError: the storage cannot be asked.
        """
        file_system = self.file_system
        if hasattr(file_system, "invalidate_cache"):  # object stores remember listings
            file_system.invalidate_cache()
        with storage_errors(self.name):
            try:
                now = (int(file_system.info(self.path)["size"]), modified_at(file_system, self.path))
            except FileNotFoundError:
                now = None
        if now != (self.bytes, self.modified_at):
            raise ContractError(
                f"{self.name} has {'changed' if now else 'disappeared'} since it was listed: when the export "
                "is complete, clear list_files with downstream"
            )


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that one task reads into `folder` (a staging URI, the same for all batches). `source` is the
    export's name, `read_at` (aware) when it was listed, `run_day` the shop's day of the run. `first` is the
    number of the first one among all `of` files. `label` is what the UI calls the task."""

    folder: str
    source: str
    read_at: datetime
    run_day: date
    label: str
    files: list[ExportFile]
    first: int
    of: int


def list_batches(params: Mapping[str, Any], run: DagRun, run_after: datetime) -> list[Batch]:
    """The files of the form's pattern, in order; one file per batch, up to `MOST_TASKS` batches.

    Raises:
        ConfigurationError: as `export_name`, `day_range` and `find_files`.
        CredentialsError, TransientError: the storage refuses, or fails.
    """
    source, _ = export_name(params["source"]), day_range(params)
    settings = load_settings()
    run_day = shop_day(run_after, settings.shop_timezone).date
    files = find_files(params["files"])
    log.info("%d files, %d bytes", len(files), sum(file.bytes for file in files))
    folder = run_folder(settings.staging_uri, run.dag_id, run_day, run.run_id)
    read_at = datetime.now(UTC)
    found, first = [], 1
    for some in in_batches(files):
        label = f"{some[0].name} and {len(some) - 1} more" if len(some) > 1 else some[0].name
        found.append(Batch(folder, source, read_at, run_day, label, some, first, len(files)))
        first += len(some)
    return found


def in_batches(files: Sequence[ExportFile]) -> list[list[ExportFile]]:
    """`files` in order, in at most `MOST_TASKS` groups of nearly the same size; one file each if possible."""
    count = min(len(files), MOST_TASKS)
    bounds = [len(files) * number // count for number in range(count + 1)]
    return [list(files[start:end]) for start, end in pairwise(bounds)]


def export_name(text: str) -> str:
    """`text` as the name under which an export's orders are kept.

    Raises:
        ConfigurationError: it is the name of a source that is read live, or cannot be a name.
    """
    if text in LIVE:
        raise ConfigurationError(
            f"{text} is the name of a source that is read live: give the export a name of its own, "
            f"such as old_{text}"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text or ""):
        raise ConfigurationError(
            f"{text!r} cannot be the name of an export: use small letters, digits and underscores, and "
            "begin with a letter"
        )
    return text


def day_range(params: Mapping[str, Any]) -> tuple[date, date]:
    """The form's first and last shop day, both included.

    Raises:
        ConfigurationError: one is not a day, or the last lies before the first.
    """
    try:
        first = date.fromisoformat(params.get("first_day") or FIRST_DAY.isoformat())
        last = date.fromisoformat(params.get("last_day") or LAST_DAY.isoformat())
    except ValueError as error:
        raise ConfigurationError(f"first_day and last_day are days like 2019-01-31: {error}") from None
    if last < first:
        raise ConfigurationError(f"last_day {last} lies before first_day {first}")
    return first, last


def find_files(pattern: str) -> list[ExportFile]:
    """The files that the URI `pattern` (`*`, `?`, `[…]`, `**`) matches, by name. Names that begin with a dot
    or an underscore are no data (`_SUCCESS`, unfinished uploads).

    Raises:
        ConfigurationError: not a URI of `SCHEMES`, nothing matches, a file is neither CSV nor Parquet, or no
            regular file (a link, a named pipe).
        CredentialsError, TransientError: the storage refuses, or fails.
    """
    scheme, separator, path = pattern.strip().partition("://")
    if not separator or scheme not in SCHEMES or not path.strip("/"):
        allowed = ", ".join(f"{each}://" for each in SCHEMES)
        raise ConfigurationError(
            f"{pattern!r} does not say where the files are: begin it with one of {allowed}"
        )
    folder = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]
    with storage_errors(f"the folder of {pattern}"):
        file_system = storage_path(f"{scheme}://{folder}").fs
        data = {
            path: info
            for path, info in file_system.glob(path, detail=True).items()
            if info["type"] != "directory" and PurePosixPath(path).name[0] not in "._"
        }
        if irregular := sorted(PurePosixPath(path).name for path in data if data[path]["type"] != "file"):
            raise ConfigurationError(
                f"{len(irregular)} of {len(data)} files, such as {irregular[0]}, are links, named pipes or "
                "devices: put the files themselves there"
            )
        if not data:
            raise ConfigurationError(f"no file matches {pattern}")
        if strange := sorted(PurePosixPath(path).name for path in data if not _ending(path)):
            raise ConfigurationError(
                f"{len(strange)} of {len(data)} files, such as {strange[0]}, end in none of "
                f"{', '.join((*CSV_ENDINGS, PARQUET_ENDING))}: let the pattern leave them out"
            )
        names = _names(list(data))
        files = [
            ExportFile(f"{scheme}://{path}", names[path], int(info["size"]), modified_at(file_system, path))
            for path, info in data.items()
        ]
    return sorted(files, key=lambda file: file.name)


def _ending(path: str) -> str | None:
    return next((end for end in (*CSV_ENDINGS, PARQUET_ENDING) if path.lower().endswith(end)), None)


def _names(paths: Sequence[str]) -> dict[str, str]:
    base = {path: PurePosixPath(path).name for path in paths}
    if max(Counter(base.values()).values()) == 1:
        return base
    parts = [PurePosixPath(path).parts[:-1] for path in paths]
    common = 0
    while all(len(each) > common and each[common] == parts[0][common] for each in parts):
        common += 1
    return {path: "/".join(PurePosixPath(path).parts[common:]) for path in paths}
