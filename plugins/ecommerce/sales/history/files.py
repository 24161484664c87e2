"""The files of an export: found by a URI pattern, told apart by name, read only while they stay as listed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.staging import storage_path
from ecommerce.sources.delivered_files import modified_at, storage_errors

SCHEMES = ("file", "gs", "s3")
Compression = Literal["gzip", "zstd"]
CSV_ENDINGS: dict[str, Compression | None] = {".csv": None, ".csv.gz": "gzip", ".csv.zst": "zstd"}
"""Endings of CSV files, and how they are compressed."""
PARQUET_ENDING = ".parquet"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file as it was listed.

    `name` is unique within the export and is what `rejected_rows.file` says: the base name, or the path below
    the common folder where two have the same. `modified_at` is aware, in UTC.
    """

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


def find_files(pattern: str) -> list[ExportFile]:
    """The files that the URI `pattern` (`*`, `?`, `[…]`, `**`) matches, by name.

    Names that begin with a dot or an underscore are no data (`_SUCCESS`, unfinished uploads).

    Raises:
        ConfigurationError: not a URI of `SCHEMES`, nothing matches, or a file is neither CSV nor Parquet.
        CredentialsError, TransientError: the storage refuses, or fails.
    """
    scheme, separator, path = pattern.strip().partition("://")
    if not separator or scheme not in SCHEMES or not path.strip("/"):
        allowed = ", ".join(f"{each}://" for each in SCHEMES)
        raise ConfigurationError(f"{pattern!r} is not a pattern of files: begin it with one of {allowed}")
    with storage_errors(f"the folder of {pattern}"):
        file_system = storage_path(f"{scheme}://{_fixed_part(path)}").fs
        found = file_system.glob(path, detail=True)
        data = {
            path: info
            for path, info in found.items()
            if info["type"] == "file" and PurePosixPath(path).name[0] not in "._"
        }
        if not data:
            raise ConfigurationError(f"no file matches {pattern}")
        if strange := sorted(PurePosixPath(path).name for path in data if not _ending(path)):
            raise ConfigurationError(
                f"{strange[0]} ({len(strange)} of {len(data)} files) is none of "
                f"{', '.join((*CSV_ENDINGS, PARQUET_ENDING))}: narrow the pattern"
            )
        names = _names(list(data))
        files = [
            ExportFile(f"{scheme}://{path}", names[path], int(info["size"]), modified_at(file_system, path))
            for path, info in data.items()
        ]
    return sorted(files, key=lambda file: file.name)


def _ending(path: str) -> str | None:
    return next((end for end in (*CSV_ENDINGS, PARQUET_ENDING) if path.lower().endswith(end)), None)


def _fixed_part(path: str) -> str:
    """The folder before the first wildcard."""
    return re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]


def _names(paths: Sequence[str]) -> dict[str, str]:
    base = {path: PurePosixPath(path).name for path in paths}
    if max(Counter(base.values()).values()) == 1:
        return base
    parts = [PurePosixPath(path).parts[:-1] for path in paths]
    common = 0
    while all(len(each) > common and each[common] == parts[0][common] for each in parts):
        common += 1
    return {path: "/".join(PurePosixPath(path).parts[common:]) for path in paths}
