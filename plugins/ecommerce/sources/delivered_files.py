"""Files that somebody else delivers: which may be opened, when they arrived, and CSV split by record."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import zlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import CredentialsError, TransientError
from ecommerce.sources.csv_records import (
    UNBOUNDED,
    Bounds,
    OutOfBoundsError,
    Record,
    header,
    tables,
)
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, Layout
from ecommerce.storage.duckdb import query

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

T = TypeVar("T")

LINE_FACTS = ("file", "partner", "row_number", "received_at", "record_number")
"""Columns of `lines.parquet` that are not the file's own."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SQL = "extract/delivered_files"
NOT_REGULAR = "it is no regular file of the folder"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOST_RAW_TEXT = 10_000
MOST_MALFORMED = 100_000
"""A file within bounds that has more malformed lines is another kind of file, or one open quote."""

_LONG_LINES, _MOST_LONG_LINES = 16 << 10, 32 << 20
"""Bytes: the mean above which the lines of a block are long, and of all long lines of a file. DuckDB holds
2,048 lines at once in each thread and step."""


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
        raise UnusableFileError(
            "file_unreadable", "its gzip data is damaged or ends too early"
        ) from None
    except (
        UnicodeError
    ):  # UTF-16 with half a character: no line of the rest can be read
        raise UnusableFileError(
            "file_unreadable", f"it is not valid {encoding}"
        ) from None


def open_regular(path: str) -> io.FileIO:
    """Open a file of this machine; UnusableFileError where it is no regular file. A link is not followed, and
    a named pipe does not block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnusableFileError("file_unreadable", NOT_REGULAR) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnusableFileError("file_unreadable", NOT_REGULAR)
    return io.FileIO(descriptor)


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
    if twice := [
        name for name in dict.fromkeys(required.values()) if names.count(name) > 1
    ]:
        raise UnusableFileError(
            "file_unreadable", f"its header has {', '.join(twice)} more than once"
        )
    others = [
        each for each in DELIMITERS if each != layout.delimiter and each in names[0]
    ]
    if others and len(names) == 1:
        raise UnusableFileError(
            "missing_column",
            f"its header is separated by the delimiter {DELIMITERS[others[0]]}; the delimiter has to be a "
            f"{DELIMITERS[layout.delimiter]}",
        )
    if missing := [item for item in required.items() if item[1] not in names]:
        texts = [
            ours if ours == theirs else f"{theirs} ({ours})" for ours, theirs in missing
        ]
        raise UnusableFileError(
            "missing_column", f"its header lacks {', '.join(texts)}"
        )
    return names


def unread_columns(
    names: Sequence[str], layout: Layout, attributes: Sequence[str]
) -> list[str]:
    """Return the names of the columns of a file that are not read, each once."""
    known = layout.file_columns(attributes).values()
    return list(
        dict.fromkeys(name or "(no name)" for name in names if name not in known)
    )


def extra_columns(attributes: Sequence[str]) -> list[str]:
    """Return those of `ORDER_ATTRIBUTES` that are not among the columns that `lines.parquet` always has."""
    always = {*COLUMNS, *LINE_FACTS}
    return [name for name in attributes if name.lower() not in always]


def read_csv(
    duck: duckdb.DuckDBPyConnection,
    stream: IO[bytes],
    facts: Mapping[str, Any],
    layout: Layout = STANDARD,
    *,
    bounds: Bounds | None = None,
    attributes: Sequence[str] = (),
    former_orders: Sequence[str] = (),
) -> list[str]:
    """Read a CSV file: lines into the Parquet file `facts["lines"]`, the shapes of malformed ones into the
    table `rejects`. Return its column names; UnusableFileError where it is not in its layout, ends too early,
    lacks a column, or exceeds `bounds`.

    Args:
        duck: a connection with the table `rejects`.
        stream: the file as delivered, decompressed.
        facts: file, partner and received_at, which each line has; lines.
        layout: of the file.
        bounds: limits of lines, bytes and seconds.
        attributes: `ORDER_ATTRIBUTES`: further columns of the lines, NULL where the file lacks one.
        former_orders: ids of the orders in the former delivery of the file.
    """
    import pyarrow as pa
    from pyarrow import parquet as pq

    columns, encoding = [*COLUMNS, *extra_columns(attributes)], layout.encoding.upper()
    rejected = long = 0
    types: dict[str, Any] = dict.fromkeys((*columns, "file", "partner"), pa.string())
    schema = pa.schema(
        types | {"row_number": pa.int64(), "received_at": pa.timestamp("us", "UTC")}
    )
    constants = {
        **layout.constants,
        **{name: facts[name] for name in ("file", "partner", "received_at")},
    }
    values = ", ".join(f'? AS "{name}"' for name in constants)
    constant_row = duck.sql(
        f"SELECT {values}", params=list(constants.values())
    ).to_arrow_table()
    # Only settings and layouts become SQL; the file's own column names must not.
    conversions = ", ".join(
        f"{value} AS {name}" for name, value in layout.conversions().items()
    )
    query(duck, "extract/layout_macros")
    query(duck, f"{_SQL}/create_malformed")
    try:
        with unusable_data(encoding), layout.as_utf8(stream) as text:
            names = column_names(text, layout)
            wanted = layout.file_columns(columns).items()
            held_in = {
                ours: str(names.index(theirs))
                for ours, theirs in wanted
                if theirs in names
            }
            id_field = {
                "delimiter": layout.delimiter,
                "place": int(held_in["order_id"]) + 1,
            }
            read = tables(
                text, len(names), bounds or UNBOUNDED, layout.delimiter, encoding
            )
            with (
                closing(_read_ahead(read)) as blocks,
                # DuckDB takes 0.7 s of processor time longer for 500,000 lines.
                pq.ParquetWriter(facts["lines"], schema, compression="zstd") as writer,
            ):
                for records, malformed in blocks:
                    lines = _lines(
                        records,
                        held_in | {"row_number": "number"},
                        constant_row,
                        schema,
                    )
                    if conversions:
                        lines = (
                            duck.from_arrow(lines)
                            .project(f"* REPLACE ({conversions})")
                            .to_arrow_table()
                        )
                    writer.write_table(lines)
                    _add_malformed(duck, malformed, id_field)
                    rejected += len(malformed)
                    long += (
                        lines.nbytes if lines.nbytes > _LONG_LINES * len(lines) else 0
                    )
                    if long > _MOST_LONG_LINES:
                        why = "its lines are too long to be read in the memory that there is"
                        raise UnusableFileError("file_too_large", why)
                    if bounds and rejected > MOST_MALFORMED:
                        why = f"more than {MOST_MALFORMED:,} of its lines are malformed"
                        raise UnusableFileError("file_unreadable", why)
    except (UnusableFileError, OutOfBoundsError, pa.ArrowInvalid) as error:
        Path(facts["lines"]).unlink(missing_ok=True)
        if isinstance(error, OutOfBoundsError):
            raise UnusableFileError("file_too_large", str(error)) from None
        if isinstance(error, pa.ArrowInvalid):  # its text may quote a line
            raise UnusableFileError(
                "file_unreadable", "some of its records were lost"
            ) from None
        raise
    if rejected:
        known = {"lines": facts["lines"], "former_orders": list(former_orders)}
        query(duck, f"{_SQL}/forget_doubtful_ids", known)
        query(duck, f"{_SQL}/keep_malformed", {"file": facts["file"], **id_field})
    return names


def _lines(
    records: pa.Table,
    held_in: Mapping[str, str],
    constant_row: pa.Table,
    schema: pa.Schema,
) -> pa.Table:
    """Return records in the columns of `schema`: those of `held_in`, else of `constant_row`, else NULL."""
    import pyarrow as pa

    count = len(records)
    first = pa.Array.from_buffers(
        pa.int64(), count, [None, pa.py_buffer(bytes(8 * count))]
    )  # 0, 0, …
    constants = constant_row.take(first)
    values = {name: constants[name] for name in constants.column_names}
    values |= {ours: records[name] for ours, name in held_in.items()}
    nulls = pa.nulls(count, pa.string())
    return pa.table([values.get(name, nulls) for name in schema.names], schema=schema)


def _add_malformed(
    duck: duckdb.DuckDBPyConnection,
    records: Sequence[Record],
    id_field: Mapping[str, Any],
) -> None:
    rows = [
        (each.number, *(each.fault or ()), each.text[:_MOST_RAW_TEXT])
        for each in records
    ]
    if rows:
        numbers, reasons, details, texts = zip(*rows, strict=True)
        raw = [text.decode("utf-8", "replace") for text in texts]
        added = {
            "numbers": numbers,
            "reasons": reasons,
            "details": details,
            "records": raw,
            **id_field,
        }
        query(duck, f"{_SQL}/add_malformed", added)


def _read_ahead(items: Iterator[T]) -> Generator[T]:
    """Yield `items`, each of which is made in another thread while the one before it is used."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
