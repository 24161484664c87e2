"""Read CSV files that partners deliver: their columns, their records, and errors of the whole file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import CredentialsError, TransientError
from ecommerce.core.text import listed
from ecommerce.core.values import Values
from ecommerce.sources.csv_records import (
    UNBOUNDED,
    Bounds,
    Record,
    UnusableFileError,
    header,
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
from ecommerce.storage.duckdb import run_sql_file

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

LINE_FACTS = ("file", "partner", "row_number", "received_at")
"""Columns of `lines.parquet` that are not the file's own."""
MOST_NAMED = 10
"""Columns that are not read."""
MOST_RAW_TEXT = 10_000
"""Bytes of a malformed record that are looked at."""
MALFORMED_AT_ONCE = 1_000
"""Records in a statement, which takes 2 ms and 4 µs for each record."""
LONG_LINE = 16 << 10
"""Bytes. DuckDB holds 2,048 lines at once in each thread and step."""
MOST_LONG_LINES = 32 << 20
"""Bytes of all batches of a file whose lines are longer than `LONG_LINE` on average."""
_SQL = "extract/delivered_files"
DOUBTFUL_VALUES = f"{_SQL}/doubtful_values"
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
    modified: datetime = file_system.modified(path)
    if modified.tzinfo is None:
        return modified.replace(tzinfo=UTC)
    return modified.astimezone(UTC)


def column_names(
    stream: IO[bytes],
    layout: Layout,
) -> list[str]:
    """Return the column names in the first line of a CSV file in UTF-8.

    Raise UnusableFileError if the line is not a header, lacks a column of `layout`, or repeats one.
    """
    names = header(stream, layout.delimiter)
    missing = []
    for name in dict.fromkeys(layout.file_columns().values()):
        if name not in names:
            missing.append(name)
        if names.count(name) > 1:
            raise UnusableFileError(f"its header has {name} more than once")
    if missing:
        raise UnusableFileError(
            f"its header lacks {', '.join(missing)} (the delimiter is {layout.delimiter!r}); if its "
            "partner has another layout, describe it in include/partners (docs/RECIPES.md)",
            reason="missing_column",
        )
    return names


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
    attributes: Sequence[str] = (),
    former_orders: Sequence[str] = (),
) -> list[DataWarning]:
    """Read the lines of a CSV file into the Parquet file `target`, and the shapes of its malformed lines into
    the table `rejects`.

    Args:
        duck: Connection with the table `rejects` and the macros of include/sql/transform/values.sql.
        stream: The file as delivered, decompressed.
        target: Path of the Parquet file.
        facts: Columns of each line: file, partner and received_at.
        layout: Layout of the file.
        bounds: Limits of lines, bytes, seconds and malformed lines.
        attributes: `ORDER_ATTRIBUTES`: further columns of the lines, NULL if the file lacks one.
        former_orders: Ids of the orders in the former delivery of the file.

    Returns:
        Warnings of columns that are not read, of an encoding that is probably wrong, and of what a
        spreadsheet may have done to the values.

    Raises:
        UnusableFileError: the file is not in its layout, ends too early, lacks a column, or exceeds `bounds`.
    """
    from pyarrow import parquet as pq

    run_sql_file(duck, "extract/layout_macros")
    run_sql_file(duck, f"{_SQL}/create_tables")
    extra = extra_columns(attributes)
    schema = _lines_schema(extra)
    constants = {**layout.constants, **facts}
    conversions = [f"{value} AS {name}" for name, value in layout.conversions().items()]
    malformed: list[Record] = []
    rejected = 0
    bytes_of_long_lines = 0
    with unusable_data():
        text: Any = layout.as_utf8(stream)
        names = column_names(text, layout)
        held_in = {"row_number": "number"}
        file_columns = layout.file_columns(extra)
        for name, file_name in file_columns.items():
            if file_name in names:
                held_in[name] = str(names.index(file_name))
        id_field = {
            "delimiter": layout.delimiter,
            "place": int(held_in["order_id"]) + 1,
        }
        batches = ahead(
            tables(
                text,
                len(names),
                bounds,
                layout.delimiter,
            )
        )
        with (
            closing(batches),
            # The file is read a few times, in full: no statistics, and a cheap compression.
            pq.ParquetWriter(
                target,
                schema,
                compression="snappy",
                write_statistics=False,
            ) as writer,
        ):
            for records, malformed_of_batch in batches:
                for record in malformed_of_batch:
                    cut = record.text[:MOST_RAW_TEXT]
                    malformed.append(record._replace(text=cut))
                lines = _lines(
                    records,
                    held_in,
                    constants,
                    schema,
                )
                if conversions:
                    projection = f"* REPLACE ({', '.join(conversions)})"
                    relation = duck.from_arrow(lines).project(projection)
                    lines = relation.to_arrow_table()
                writer.write_table(lines)
                rejected += len(malformed_of_batch)
                if rejected > bounds.malformed:
                    raise UnusableFileError(
                        f"more than {bounds.malformed:,} of its lines are malformed"
                    )
                if len(malformed) >= MALFORMED_AT_ONCE:
                    _keep_malformed(duck, malformed, id_field)
                    malformed.clear()
                if lines.nbytes > LONG_LINE * len(lines):
                    bytes_of_long_lines += lines.nbytes
                if bytes_of_long_lines > MOST_LONG_LINES:
                    raise UnusableFileError(
                        "its lines are too long to be read in the available memory",
                        reason="file_too_large",
                    )
    _keep_malformed(duck, malformed, id_field)
    file = facts["file"]
    run_sql_file(duck, f"{_SQL}/keep_ids", {"file": file, "lines": str(target)})
    if rejected:
        run_sql_file(
            duck,
            f"{_SQL}/forget_doubtful_ids",
            {"file": file, "former_orders": list(former_orders)},
        )
        run_sql_file(
            duck,
            f"{_SQL}/keep_malformed",
            {"file": file, **id_field},
        )
    warnings = _unread_columns(
        names,
        file_columns | layout.file_columns(attributes),
        file,
    )
    if isinstance(text, Utf8Stream) and text.was_utf8:
        warnings.append(
            data_warning("wrong_encoding", file=file, encoding=layout.encoding)
        )
    facts = {"lines": str(target), "file": file}
    return warnings + json_warnings(duck, DOUBTFUL_VALUES, facts)


def json_warnings(
    duck: DuckDBPyConnection,
    statement: str,
    parameters: Values | None = None,
) -> list[DataWarning]:
    """Return the warnings that a statement of include/sql returns as JSON, in the column `warning`."""
    rows = run_sql_file(duck, statement, parameters)
    return [json.loads(row["warning"]) for row in rows]


def _unread_columns(
    names: Sequence[str],
    read: Mapping[str, str],
    file: str,
) -> list[DataWarning]:
    """Return a warning of columns whose names are not in `read`; none without any."""
    unread = [name or "(no name)" for name in names if name not in read.values()]
    if not unread:
        return []
    columns = listed(dict.fromkeys(unread), MOST_NAMED)
    return [
        data_warning(
            "columns_not_read",
            file=file,
            columns=columns,
        )
    ]


def _lines_schema(extra: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    names = COLUMNS + tuple(extra) + ("file", "partner")
    types: dict[str, pa.DataType] = dict.fromkeys(names, pa.string())
    types["row_number"] = pa.int64()
    types["received_at"] = pa.timestamp("us", "UTC")
    return pa.schema(types)


def _lines(
    records: pa.Table,
    held_in: Mapping[str, str],
    constants: Values,
    schema: pa.Schema,
) -> pa.Table:
    """Return records in the columns of `schema`: those of `held_in`, else of `constants`, else NULL."""
    import pyarrow as pa

    columns: list[Any] = []
    for column in schema:
        name = column.name
        if name in held_in:
            columns.append(records[held_in[name]])
        else:
            value = pa.scalar(constants.get(name), column.type)
            columns.append(pa.repeat(value, len(records)))
    return pa.table(columns, schema=schema)


def _keep_malformed(
    duck: DuckDBPyConnection,
    records: Sequence[Record],
    id_field: Values,
) -> None:
    parameters = {
        "numbers": [record.number for record in records],
        "faults": [record.fault for record in records],
        "texts": [record.text.decode(errors="replace") for record in records],
        **id_field,
    }
    run_sql_file(duck, f"{_SQL}/add_malformed", parameters)
