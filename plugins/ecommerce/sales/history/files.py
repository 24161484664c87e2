"""The form of the history load, and the files of an export. Each file is read by one task, and only as it
was listed."""

import logging
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

from ecommerce.core.business_day import shop_day
from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Values
from ecommerce.sources import reserved_names
from ecommerce.storage.delivered import (
    is_regular,
    modified_at,
    reading_errors,
    version_of,
)
from ecommerce.storage.staging import DagRun, storage_path

FIRST_DAY = "2000-01-01"
LAST_DAY = "9999-12-31"
"""The range when the form gives none: timestamps before the year 2000 are rejected anyway."""
SCHEMES = ("file:///", "gs://", "s3://")
PARQUET = ".parquet"
ENDINGS = (".csv", ".csv.gz", ".csv.zst", PARQUET)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file as it was listed. `name` is its path below the pattern's folder, as in `rejected_rows.file`;
    `modified_at` is in UTC."""

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
    def ending(self) -> str:
        """The one of `ENDINGS` that its name has, which determines format and compression."""
        return _ending(self.name)

    def check_unchanged(self) -> None:
        """Raise a ContractError if size or modification time differ from the listing."""
        with reading_errors(self.name):
            version = version_of(self.file_system, self.path)
        if version != (self.bytes, self.modified_at):
            raise ContractError(
                f"{self.name} has changed since it was listed: when the export is complete, clear list_files "
                "with downstream"
            )


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The file that one task reads into the staging URI `folder`. `source` is the name of the export,
    `read_at` when its files were listed (UTC), `run_day` the shop's day of the run."""

    file: ExportFile
    folder: str
    source: str
    read_at: datetime
    run_day: date


def read_requests(
    params: Values,
    run: DagRun,
    run_after: datetime,
) -> list[ReadRequest]:
    """Return one request for each file of the form's pattern, by name. `params` are the form's fields,
    `run_after` is when the run was due (aware).

    Raises:
        ConfigurationError: the export has the name of a live source, or `find_files` finds no file that can
            be read.
        PipelineError: the storage fails.
    """
    source = params["source"]
    if source in reserved_names():
        raise ConfigurationError(
            f"{source} is the name of a live source: give the export a name of its own, such as old_{source}"
        )
    run_day = shop_day(run_after, load_settings().shop_timezone).date
    files = find_files(params["files"])
    log.info("%d files", len(files))
    listed_at = datetime.now(UTC)
    requests = []
    for number, file in enumerate(files, start=1):
        folder = run.folder(run_day, f"files/{number:05d}")
        requests.append(ReadRequest(file, folder, source, listed_at, run_day))
    return requests


def find_files(pattern: str) -> list[ExportFile]:
    """Return the files that match the URI `pattern` (`*`, `?`, `[…]`, `**`), by name. Names that begin with a
    dot or an underscore are left out (`_SUCCESS`, unfinished uploads).

    Raises:
        ConfigurationError: no file is left, or one is neither CSV nor Parquet, or no regular file.
        PipelineError: the storage fails.
    """
    pattern = pattern.strip()
    if not pattern.startswith(SCHEMES):
        raise ConfigurationError(
            f"{pattern!r} is not a URI of files: it has to begin with {', '.join(SCHEMES)}"
        )
    scheme, _, path = pattern.partition("://")
    folder = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]
    files = []
    with reading_errors(f"the folder of {pattern}"):
        file_system = storage_path(f"{scheme}://{folder}").fs
        for found, info in file_system.glob(path, detail=True).items():
            name = PurePosixPath(found).name
            if info["type"] == "directory" or name.startswith((".", "_")):
                continue
            if not is_regular(info):
                raise ConfigurationError(
                    f"{name} is a link, a named pipe or a device: put the file itself there"
                )
            if not _ending(name):
                raise ConfigurationError(
                    f"{name} ends in none of {', '.join(ENDINGS)}: exclude it by the pattern"
                )
            file = ExportFile(
                uri=f"{scheme}://{found}",
                name=str(PurePosixPath(found).relative_to(folder)),
                bytes=int(info["size"]),
                modified_at=modified_at(file_system, found),
            )
            files.append(file)
    if not files:
        raise ConfigurationError(f"no file matches {pattern}")
    return sorted(files, key=lambda file: file.name)


def _ending(name: str) -> str:
    for ending in ENDINGS:
        if name.lower().endswith(ending):
            return ending
    return ""
