"""Read CSV files that partners deliver: their columns, their records, and errors of the whole file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import CredentialsError, TransientError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.text import listed
from ecommerce.core.values import Values
from ecommerce.sources.csv_records import (
    UNBOUNDED,
    Bounds,
    Dialect,
    Record,
    UnusableFileError,
    find_header,
    tables,
)
from ecommerce.sources.partner_layouts import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    STANDARD,
    Layout,
    Utf8Stream,
)
from ecommerce.sources.text_blocks import ahead
from ecommerce.storage.duckdb import run_sql_file, set_variables

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

LINE_FACTS = ("file", "partner", "row_number", "received_at")
"""Columns of `lines.parquet` that are not the file's own."""
MOST_NAMED = 10
"""Columns that are not read."""
MOST_RAW_TEXT = 10_000
"""Bytes of a malformed record that are looked at."""
LONG_LINE = 16 << 10
"""Bytes. DuckDB holds 2,048 lines at once in each thread and step."""
MOST_LONG_LINES = 32 << 20
"""Bytes of all batches of a file whose lines are longer than `LONG_LINE` on average."""
DOUBTFUL_VALUES = "extract/delivered_files/doubtful_values"
"""Warns of values that a spreadsheet may have changed."""


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn what a file system raises while `what` is read into errors of this package."""
    try:
        yield
    except PermissionError:
        raise CredentialsError(f"this worker has no right to read {what}") from None
    except FileNotFoundError:
        raise TransientError(f"{what} has disappeared") from None
    except OSError as error:
        why = reason_of(error, otherwise="the storage fails")
        raise TransientError(f"{what} could not be read: {why}") from error


@contextmanager
def unusable_data() -> Iterator[None]:
    """Raise UnusableFileError for data that cannot be decompressed, decoded or parsed."""
    import pyarrow as pa

    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError):
        # UnicodeError: UTF-16 that ends within a character.
        raise UnusableFileError("its data is damaged or ends too early") from None
    except pa.ArrowInvalid:
        # The error's text may contain a line.
        raise UnusableFileError("some of its records were lost") from None


def is_regular(facts: Values) -> bool:
    """Return whether fsspec's `facts` are those of a regular file, and of no link to one."""
    return facts["type"] == "file" and not facts.get("islink")


def modified_at(file_system: Any, path: str) -> datetime:
    """Return when the file was written, UTC."""
    return file_system.modified(path).astimezone(UTC)


def column_names(
    stream: IO[bytes],
    layout: Layout,
) -> tuple[list[str], int]:
    """Return the column names of a CSV file in UTF-8 and the line number of its header.

    Raise UnusableFileError if no line is a header with all columns of `layout`, or if it repeats one.
    """
    wanted = dict.fromkeys(layout.file_columns().values())
    return find_header(stream, Dialect(layout.delimiter), wanted)


def extra_columns(attributes: Sequence[str]) -> list[str]:
    """Return the columns of `lines.parquet` that a file may lack: the optional ones, and those of
    `ORDER_ATTRIBUTES` that are none of the others."""
    always = COLUMNS + OPTIONAL_COLUMNS + LINE_FACTS
    own = [name for name in attributes if name.lower() not in always]
    return [*OPTIONAL_COLUMNS, *own]


def read_csv(
    duck: DuckDBPyConnection,
    stream: IO[bytes],
    target: Path,
    facts: Values,
    layout: Layout = STANDARD,
    *,
    bounds: Bounds = UNBOUNDED,
    former_orders: Sequence[str] = (),
) -> list[DataWarning]:
    """Read the lines of a CSV file into the Parquet file `target`, and the shapes of its malformed lines into
    the table `rejects`. A column of `ORDER_ATTRIBUTES` that the file lacks is NULL.

    Args:
        duck: Connection with the table `rejects` and the macros of include/sql/transform/values.sql.
        stream: The file as delivered, decompressed.
        target: Path of the Parquet file.
        facts: Columns of each line: file, partner and received_at.
        layout: Layout of the file.
        bounds: Limits of lines, bytes, seconds and malformed lines.
        former_orders: Ids of the orders in the former delivery of the file.

    Returns:
        Warnings of columns that are not read, of an encoding that is probably wrong, and of what a
        spreadsheet may have done to the values.

    Raises:
        UnusableFileError: the file is not in its layout, ends too early, lacks a column, or exceeds `bounds`.
    """
    set_variables(
        duck,
        file=facts["file"],
        lines=str(target),
        former_orders=list(former_orders),
        delimiter=layout.delimiter,
        decimal_comma=layout.decimal_comma,
        date_format=layout.date_format,
        layout_timezone=str(layout.timezone or load_settings().shop_timezone),
        constants=list(layout.constants),
    )
    run_sql_file(duck, "extract/layout_macros")
    run_sql_file(duck, "extract/delivered_files/create_tables")
    with unusable_data():
        text: Any = layout.as_utf8(stream)
        names, header_line = column_names(text, layout)
        columns = _Columns(names, layout, facts)
        set_variables(duck, place=columns.order_id_place)
        batches = tables(
            text,
            len(names),
            bounds,
            Dialect(layout.delimiter),
            first_line=header_line + 1,
        )
        _write_lines(duck, batches, columns, target, bounds.malformed)
    run_sql_file(duck, "extract/delivered_files/keep_ids")
    run_sql_file(duck, "extract/delivered_files/forget_doubtful_ids")
    run_sql_file(duck, "extract/delivered_files/keep_malformed")
    warnings = columns.warnings()
    if isinstance(text, Utf8Stream) and text.was_utf8:
        warnings.append(
            data_warning("wrong_encoding", file=facts["file"], encoding=layout.encoding)
        )
    return warnings + json_warnings(duck, DOUBTFUL_VALUES)


class _Columns:
    """What the columns of a file are in `lines.parquet`."""

    def __init__(self, names: Sequence[str], layout: Layout, facts: Values) -> None:
        """`names` is the file's header, `facts` those of `read_csv`."""
        import pyarrow as pa

        self.names = names
        self._file = facts["file"]
        attributes = load_settings().order_attributes
        extra = extra_columns(attributes)
        self._read = layout.file_columns((*extra, *attributes)).values()
        self._places = {"row_number": "number"}
        """The column of the records for each column of the lines that the file has."""
        for name, file_name in layout.file_columns(extra).items():
            if file_name in names:
                self._places[name] = str(names.index(file_name))
        self._constants = {**layout.constants, **facts}
        self._is_standard = not (layout.decimal_comma or layout.date_format)
        types: dict[str, pa.DataType] = dict.fromkeys(
            (*COLUMNS, *extra, "file", "partner"), pa.string()
        )
        types["row_number"] = pa.int64()
        types["received_at"] = pa.timestamp("us", "UTC")
        self.schema = pa.schema(types)
        self.order_id_place = int(self._places["order_id"]) + 1

    def lines(self, duck: DuckDBPyConnection, records: pa.Table) -> pa.Table:
        """Return the lines of records; a column that neither the file nor its layout has is NULL."""
        import pyarrow as pa

        columns: list[Any] = []
        for column in self.schema:
            name = column.name
            if name in self._places:
                columns.append(records[self._places[name]])
            else:
                value = pa.scalar(self._constants.get(name), column.type)
                columns.append(pa.repeat(value, len(records)))
        lines = pa.table(columns, schema=self.schema)
        if self._is_standard:
            return lines
        duck.register("delivered_lines", lines)
        return duck.sql(
            read_sql("extract/delivered_files/convert_lines.sql")
        ).to_arrow_table()

    def warnings(self) -> list[DataWarning]:
        """Return a warning of the file's columns that are not read; none without any."""
        unread = [name or "(no name)" for name in self.names if name not in self._read]
        if not unread:
            return []
        columns = listed(dict.fromkeys(unread), MOST_NAMED)
        return [data_warning("columns_not_read", file=self._file, columns=columns)]


def _write_lines(
    duck: DuckDBPyConnection,
    batches: Iterator[tuple[pa.Table, list[Record]]],
    columns: _Columns,
    target: Path,
    most_malformed: int,
) -> None:
    """Write the lines of a file to `target`, and its malformed records into the table `malformed`."""
    from pyarrow import parquet as pq

    malformed = 0
    bytes_of_long_lines = 0
    with (
        closing(ahead(batches)) as parsed,
        # The file is read a few times, in full: no statistics, and a cheap compression.
        pq.ParquetWriter(
            target,
            columns.schema,
            compression="snappy",
            write_statistics=False,
        ) as writer,
    ):
        for records, malformed_records in parsed:
            lines = columns.lines(duck, records)
            writer.write_table(lines)
            if malformed_records:
                _keep_malformed(duck, malformed_records)
            malformed += len(malformed_records)
            if malformed > most_malformed:
                raise UnusableFileError(
                    f"more than {most_malformed:,} of its lines are malformed"
                )
            if lines.nbytes > LONG_LINE * len(lines):
                bytes_of_long_lines += lines.nbytes
            if bytes_of_long_lines > MOST_LONG_LINES:
                raise UnusableFileError(
                    "its lines are too long to be read in the available memory",
                    reason="file_too_large",
                )


def _keep_malformed(duck: DuckDBPyConnection, records: Sequence[Record]) -> None:
    """Add malformed records to the table `malformed`."""
    texts = [record.text[:MOST_RAW_TEXT] for record in records]
    parameters = {
        "numbers": [record.number for record in records],
        "faults": [record.fault for record in records],
        "texts": [text.decode(errors="replace") for text in texts],
    }
    run_sql_file(duck, "extract/delivered_files/add_malformed", parameters)


def json_warnings(
    duck: DuckDBPyConnection,
    statement: str,
    parameters: Values | None = None,
) -> list[DataWarning]:
    """Return the warnings that a statement of include/sql returns as JSON, in the column `warning`."""
    rows = run_sql_file(duck, statement, parameters)
    return [json.loads(row["warning"]) for row in rows]
