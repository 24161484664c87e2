"""Files that somebody else delivers: which may be opened, when they arrived, and CSV split by record."""

from __future__ import annotations

import csv
import errno
import gzip
import os
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import CredentialsError, TransientError
from ecommerce.core.paths import read_sql
from ecommerce.sources.csv_records import Bounds, OutOfBoundsError, header, records, unpadded

if TYPE_CHECKING:
    import duckdb

LINE_FACTS = ("file", "partner", "row_number", "received_at", "record_number")
"""What `lines.parquet` has beside the file's own columns."""

DELIMITERS = {";": "semicolon", "\t": "tab", "|": "pipe"}
GONE = "it has disappeared since the folder was listed"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOST_RAW_TEXT = 10_000
MOST_MALFORMED = 100_000
"""A file within bounds that has more malformed lines is another kind of file, or one open quote."""


class UnusableFileError(Exception):
    """A file that is rejected as a whole: `args` are the reason's code and the detail."""


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn what a file system raises while `what` is read into errors of this package.

    Raises:
        CredentialsError: this worker may not read it.
        TransientError: it is gone, or the storage fails.
        OSError: the disk this worker writes to meanwhile is full.
    """
    try:
        yield
    except PermissionError:
        raise CredentialsError(f"this worker has no right to read {what}") from None
    except FileNotFoundError:
        raise TransientError(f"{what} has disappeared") from None
    except OSError as error:
        if error.errno in _FULL:  # what this worker writes meanwhile: `publish` says so
            raise
        why = reason_of(error, otherwise="the storage fails")
        raise TransientError(f"{what} could not be read: {why}") from error


def check_regular(path: str, folder: str) -> None:
    """Refuse what must not be opened: `path` of this machine is no regular file, or a link that leads out of
    `folder`. A link to a regular file inside the folder is one.

    Raises:
        UnusableFileError: it is one of these; opening a named pipe or a device could block for ever.
    """
    try:
        real = os.path.realpath(path, strict=True)
        mode = Path(real).stat().st_mode
    except FileNotFoundError:
        why = "it is a link to a file that does not exist" if Path(path).is_symlink() else GONE
        raise UnusableFileError("file_unreadable", why) from None
    except PermissionError:
        why = "it is a link to where this worker has no right to read"
        raise UnusableFileError("file_unreadable", why) from None
    except OSError as error:
        why = "it is a link that leads to itself" if error.errno == errno.ELOOP else reason_of(error)
        raise UnusableFileError("file_unreadable", why) from None
    if not Path(real).is_relative_to(Path(folder).resolve()):
        raise UnusableFileError("file_unreadable", "it is a link that leads out of the folder")
    if not stat.S_ISREG(mode):
        kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
        kind = next((kind for is_kind, kind in kinds if is_kind(mode)), "a device")
        raise UnusableFileError("file_unreadable", f"it is {kind}, not a regular file")


def modified_at(file_system: Any, path: str) -> datetime:
    """When the file was written, UTC."""
    modified: datetime = file_system.modified(path)
    return modified.astimezone(UTC) if modified.tzinfo else modified.replace(tzinfo=UTC)


def column_names(stream: IO[bytes], required: Sequence[str]) -> list[str]:
    """The column names in the first line of a CSV file, all of `required` among them.

    Raises:
        UnusableFileError: it is no header in UTF-8, lacks a column, or has one of them twice.
    """
    try:
        names = header(stream)
    except ValueError as error:
        raise UnusableFileError("file_unreadable", str(error)) from None
    if twice := [name for name in required if names.count(name) > 1]:
        raise UnusableFileError("file_unreadable", f"its header has {', '.join(twice)} more than once")
    if len(names) == 1 and (found := next((each for each in DELIMITERS if each in names[0]), "")):
        raise UnusableFileError(
            "missing_column",
            f"its header is separated by the delimiter {DELIMITERS[found]}; the delimiter has to be a comma",
        )
    if missing := [name for name in required if name not in names]:
        raise UnusableFileError("missing_column", f"its header lacks {', '.join(missing)}")
    return names


def unread_columns(names: Sequence[str], read: Sequence[str]) -> list[str]:
    """What to call the columns of a file that nobody reads, each once."""
    return list(dict.fromkeys(name or "(no name)" for name in names if name not in read))


def csv_columns(names: Sequence[str], read: Sequence[str]) -> dict[str, str]:
    """The columns of a file as DuckDB's reader takes them: all text, those that nobody reads renamed."""
    kept: dict[str, str] = {}
    for place, name in enumerate(names):
        kept[name if name in read and name not in kept else f"not read {place}"] = "VARCHAR"
    return kept


def extra_columns(attributes: Sequence[str], required: Sequence[str]) -> list[str]:
    """Those of `ORDER_ATTRIBUTES` that a file may have beside the columns that `lines.parquet` always has."""
    always = {*required, *LINE_FACTS}
    return [name for name in attributes if name.lower() not in always]


@dataclass(frozen=True, slots=True)
class Split:
    """A CSV file after `split_records`: its column names, how many records, and where they are."""

    names: list[str]
    records: int
    good: Path
    bad: Path


def split_records(
    stream: IO[bytes], required: Sequence[str], work: Path, bounds: Bounds | None = None
) -> Split:
    """Write the numbered records of `stream`, and those that can be none, into two files in `work`.

    Raises:
        UnusableFileError: it is not what its name says, ends too early, lacks a column, or exceeds `bounds`.
    """
    good, bad, found, malformed = work / "good.csv", work / "bad.csv", 0, 0
    try:
        with good.open("wb") as records_out, bad.open("w", newline="") as bad_out:
            names = column_names(stream, required)
            rejects = csv.writer(bad_out, lineterminator="\n", quoting=csv.QUOTE_ALL)
            for record in records(stream, len(names), bounds):
                found += 1
                if record.fault:
                    malformed += 1
                    if bounds and malformed > MOST_MALFORMED:
                        why = f"more than {MOST_MALFORMED:,} of its lines are malformed"
                        raise UnusableFileError("file_unreadable", why)
                    text = record.text[:_MOST_RAW_TEXT].decode("utf-8", "replace")
                    rejects.writerow((record.number, *record.fault, text))
                else:
                    records_out.write(b"%d,%s\n" % (record.number, unpadded(record.text)))
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UnusableFileError("file_unreadable", "its gzip data is damaged or ends too early") from None
    except OutOfBoundsError as error:
        raise UnusableFileError("file_too_large", str(error)) from None
    return Split(names, found, good, bad)


def read_records(
    duck: duckdb.DuckDBPyConnection,
    split: Split,
    required: Sequence[str],
    facts: Mapping[str, Any],
    attributes: Sequence[str] = (),
) -> None:
    """Read what was split: lines into the Parquet file `facts["lines"]`, the rest into the table `rejects`.

    `required` are the columns that are read, `facts` file, partner, received_at and lines. `attributes`
    (`ORDER_ATTRIBUTES`) become columns of the lines too, NULL where the file lacks one.

    Raises:
        UnusableFileError: fewer or more came out than there are records, or they need too much memory.
    """
    import duckdb

    extras = extra_columns(attributes, required)
    columns = {"record_number": "BIGINT"} | csv_columns(split.names, [*required, *extras])
    statement = read_sql("extract/partner_files/read_file.sql")
    # Only settings become SQL here; the columns' names are the file's own and must not.
    texts = (f'"{name}"' if name in columns else f'NULL::VARCHAR AS "{name}"' for name in extras)
    statement = statement.replace("{attributes}", "".join(f"{text},\n        " for text in texts))
    try:
        read = duck.execute(statement, {**facts, "path": str(split.good), "columns": columns})
    except duckdb.OutOfMemoryException:
        Path(facts["lines"]).unlink(missing_ok=True)
        raise UnusableFileError(
            "file_too_large", "its lines are too long to be read in the memory that there is"
        ) from None
    lines, file = read.fetchall()[0][0], {"file": facts["file"]}
    duck.execute(read_sql("extract/partner_files/keep_rejects.sql"), file)
    duck.execute("TRUNCATE reject_errors")
    duck.execute(read_sql("extract/partner_files/keep_bad_records.sql"), {**file, "path": str(split.bad)})
    rejected = duck.execute("SELECT count(*) FROM rejects WHERE file = $file", file).fetchall()[0][0]
    if lines + rejected != split.records:
        duck.execute("DELETE FROM rejects WHERE file = $file", file)
        Path(facts["lines"]).unlink()
        raise UnusableFileError(
            "file_unreadable",
            f"of its {split.records} records, {lines} were read and {rejected} rejected: others were lost",
        )
