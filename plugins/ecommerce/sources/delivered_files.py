"""Files that somebody else delivers: which may be opened, when they arrived, and CSV split by record."""

from __future__ import annotations

import csv
import errno
import gzip
import os
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
from ecommerce.sources.csv_records import (
    UNBOUNDED,
    Bounds,
    OutOfBoundsError,
    header,
    record_blocks,
    unpadded,
)
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, Layout
from ecommerce.storage.duckdb import query

if TYPE_CHECKING:
    import duckdb

LINE_FACTS = ("file", "partner", "row_number", "received_at", "record_number")
"""Columns of `lines.parquet` that are not the file's own."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOST_RAW_TEXT = 10_000
MOST_MALFORMED = 100_000
"""A file within bounds that has more malformed lines is another kind of file, or one open quote."""


class UnusableFileError(Exception):
    """A file that is rejected as a whole: `args` are the reason's code and the detail."""


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn what a file system raises while `what` is read into errors of this package; OSError where the disk
    that this worker writes to meanwhile is full."""
    try:
        yield
    except PermissionError:
        raise CredentialsError(f"this worker has no right to read {what}") from None
    except FileNotFoundError:
        raise TransientError(f"{what} has disappeared") from None
    except OSError as error:
        if error.errno in _FULL:  # of this worker: `publish` reports it
            raise
        why = reason_of(error, otherwise="the storage fails")
        raise TransientError(f"{what} could not be read: {why}") from error


@contextmanager
def unusable_data(encoding: str = "UTF-8") -> Iterator[None]:
    """Raise UnusableFileError for data that cannot be decompressed or decoded."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UnusableFileError("file_unreadable", "its gzip data is damaged or ends too early") from None
    except UnicodeError:  # UTF-16 with half a character: no line of the rest can be read
        raise UnusableFileError("file_unreadable", f"it is not valid {encoding}") from None


def check_regular(path: str, folder: str) -> None:
    """Raise UnusableFileError for a `path` of this machine that must not be opened, which could block for
    ever: no regular file, or a link that leads out of `folder`."""
    try:
        real = Path(os.path.realpath(path, strict=True))
        is_usable = real.is_file() and real.is_relative_to(Path(folder).resolve())
    except OSError:
        is_usable = False
    if not is_usable:
        raise UnusableFileError("file_unreadable", "it is no regular file of the folder that can be read")


def modified_at(file_system: Any, path: str) -> datetime:
    """Return when the file was written, UTC."""
    modified: datetime = file_system.modified(path)
    return modified.astimezone(UTC) if modified.tzinfo else modified.replace(tzinfo=UTC)


def column_names(stream: IO[bytes], layout: Layout = STANDARD) -> list[str]:
    """Return the column names in the first line of a CSV file; UnusableFileError where it is no header in the
    layout's encoding, lacks a column of `layout`, or repeats one."""
    try:
        names = header(stream, layout.delimiter, layout.encoding.upper())
    except ValueError as error:
        raise UnusableFileError("file_unreadable", str(error)) from None
    required = layout.file_columns()
    if twice := [name for name in dict.fromkeys(required.values()) if names.count(name) > 1]:
        raise UnusableFileError("file_unreadable", f"its header has {', '.join(twice)} more than once")
    others = [each for each in DELIMITERS if each != layout.delimiter and each in names[0]]
    if others and len(names) == 1:
        raise UnusableFileError(
            "missing_column",
            f"its header is separated by the delimiter {DELIMITERS[others[0]]}; the delimiter has to be a "
            f"{DELIMITERS[layout.delimiter]}",
        )
    if missing := [item for item in required.items() if item[1] not in names]:
        texts = [ours if ours == theirs else f"{theirs} ({ours})" for ours, theirs in missing]
        raise UnusableFileError("missing_column", f"its header lacks {', '.join(texts)}")
    return names


def unread_columns(names: Sequence[str], layout: Layout, attributes: Sequence[str]) -> list[str]:
    """Return the names of the columns of a file that are not read, each once."""
    known = layout.file_columns(attributes).values()
    return list(dict.fromkeys(name or "(no name)" for name in names if name not in known))


def extra_columns(attributes: Sequence[str]) -> list[str]:
    """Return those of `ORDER_ATTRIBUTES` that are not among the columns that `lines.parquet` always has."""
    always = {*COLUMNS, *LINE_FACTS}
    return [name for name in attributes if name.lower() not in always]


@dataclass(frozen=True, slots=True)
class Split:
    """A CSV file after `split_records`: its column names, the number of its records, and the files of those
    in one line beyond doubt, of the other well-formed ones, and of the malformed ones."""

    names: list[str]
    layout: Layout
    records: int
    good: Path
    odd: Path
    bad: Path

    @property
    def order_id_place(self) -> int:
        """The place of the order id among the columns, from 1."""
        return self.names.index(self.layout.file_columns()["order_id"]) + 1


def split_records(
    stream: IO[bytes], work: Path, layout: Layout = STANDARD, bounds: Bounds | None = None
) -> Split:
    """Write the numbered records of `stream`, a file as delivered, decompressed, and the malformed ones into
    files in the folder `work`, which may hold those of an earlier call. UnusableFileError where it is not in
    its layout, ends too early, lacks a column, or exceeds `bounds`."""
    good, odd, bad = (work / f"{name}.csv" for name in ("good", "odd", "bad"))
    count = malformed = 0
    encoding, comma = layout.encoding.upper(), layout.delimiter.encode()
    with (
        unusable_data(encoding),
        good.open("wb") as usual_out,
        odd.open("wb") as odd_out,
        bad.open("w", newline="") as bad_out,
        layout.as_utf8(stream) as text,
    ):
        names = column_names(text, layout)
        rejects = csv.writer(bad_out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        try:
            for block in record_blocks(text, len(names), bounds or UNBOUNDED, layout.delimiter, encoding):
                usual_out.write(block.usual)
                count += block.size + len(block.others)
                for record in block.others:
                    if not record.fault:
                        record_text = unpadded(record.text, layout.delimiter)
                        odd_out.write(b"%d%s%s\n" % (record.number, comma, record_text))
                        continue
                    malformed += 1
                    if bounds and malformed > MOST_MALFORMED:
                        why = f"more than {MOST_MALFORMED:,} of its lines are malformed"
                        raise UnusableFileError("file_unreadable", why)
                    raw = record.text[:_MOST_RAW_TEXT].decode("utf-8", "replace")
                    rejects.writerow((record.number, *record.fault, raw))
        except OutOfBoundsError as error:
            raise UnusableFileError("file_too_large", str(error)) from None
    return Split(names, layout, count, good, odd, bad)


def read_records(
    duck: duckdb.DuckDBPyConnection, split: Split, facts: Mapping[str, Any], attributes: Sequence[str] = ()
) -> None:
    """Read the records of `split`: lines into the Parquet file `facts["lines"]`, others into the table
    `rejects` of `duck`. UnusableFileError where the numbers of records in and out differ, or there is not
    enough memory. `facts` are the parameters of `read_file.sql`; `attributes` (`ORDER_ATTRIBUTES`) are
    further columns of the lines, NULL where the file lacks one."""
    import duckdb

    extras = extra_columns(attributes)
    wanted = split.layout.file_columns(extras)
    columns, held_in = {"record_number": "BIGINT"}, dict[str, str]()
    for place, name in enumerate(split.names):
        ours = [column for column, theirs in wanted.items() if theirs == name and column not in held_in]
        columns[ours[0] if ours else f"not read {place}"] = "VARCHAR"
        held_in |= dict.fromkeys(ours, *ours[:1])
    # Only settings and layouts become SQL here; the file's own column names must not.
    expressions = ",\n        ".join(split.layout.expressions(held_in, extras))
    statement = read_sql("extract/partner_files/read_file.sql").replace("{columns}", expressions)
    query(duck, "extract/partner_files/layout_macros")
    dialect = {"delimiter": split.layout.delimiter}
    try:
        paths = {"good": str(split.good), "odd": str(split.odd)}
        read = duck.execute(statement, {**facts, **dialect, **paths, "columns": columns})
    except duckdb.OutOfMemoryException:
        Path(facts["lines"]).unlink(missing_ok=True)
        raise UnusableFileError(
            "file_too_large", "its lines are too long to be read in the memory that there is"
        ) from None
    lines, file = read.fetchall()[0][0], {"file": facts["file"]}
    query(duck, "extract/partner_files/keep_rejects", file | dialect)
    duck.execute("TRUNCATE reject_errors")
    query(duck, "extract/partner_files/keep_bad_records", {**file, "path": str(split.bad)})
    rejected = duck.execute("SELECT count(*) FROM rejects WHERE file = $file", file).fetchall()[0][0]
    if lines + rejected != split.records:
        duck.execute("DELETE FROM rejects WHERE file = $file", file)
        Path(facts["lines"]).unlink()
        raise UnusableFileError(
            "file_unreadable",
            f"of its {split.records} records, {lines} were read and {rejected} rejected: others were lost",
        )
