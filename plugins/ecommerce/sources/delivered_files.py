"""Read CSV files that partners deliver: their columns, their records, and errors of the whole file."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.settings import load_settings
from ecommerce.core.text import listed
from ecommerce.core.values import Values
from ecommerce.sources.csv_records import (
    UNBOUNDED,
    Bounds,
    Dialect,
    Reader,
    Record,
    UnusableFileError,
    find_header,
)
from ecommerce.sources.partner_layouts import (
    COLUMNS,
    COMPUTED,
    LAYOUT_COLUMNS,
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


def extra_columns() -> list[str]:
    """Return the columns of `lines.parquet` that a file may lack: the optional ones, and those of
    `ORDER_ATTRIBUTES` that are none of the others."""
    always = COLUMNS + OPTIONAL_COLUMNS + LINE_FACTS
    attributes = load_settings().order_attributes
    own = [name for name in attributes if name.lower() not in always]
    return [*OPTIONAL_COLUMNS, *own]


def read_csv(
    duck: DuckDBPyConnection,
    stream: io.BufferedReader[Any],
    target: Path,
    facts: Values,
    layout: Layout = STANDARD,
    *,
    bounds: Bounds = UNBOUNDED,
) -> list[DataWarning]:
    """Read the lines of a CSV file into the Parquet file `target`, or the rows of a settlement into the table
    `settlement_rows`; and the shapes of its malformed records into the table `rejects`. A column of
    `ORDER_ATTRIBUTES` that the file lacks is NULL.

    Args:
        duck: Connection with the table `rejects` and the macros of include/sql/transform/values.sql. Its
            table `loaded_orders` may have orders of the file's former delivery.
        stream: The file as delivered, decompressed.
        target: Path of the Parquet file; its folder also gets a temporary file with the ending `.records`.
        facts: Columns of each line: file, partner and received_at.
        layout: Layout of the file.
        bounds: Limits of lines, bytes, seconds and malformed lines.

    Returns:
        Warnings of columns and rows that are not read, of an encoding that is probably wrong, and of what a
        spreadsheet may have done to the values.

    Raises:
        UnusableFileError: the file is not in its layout, ends too early, lacks a column, or exceeds `bounds`.
    """
    import pyarrow as pa

    run_sql_file(duck, "extract/delivered_files/create_tables")
    if layout.problem:
        raise UnusableFileError(layout.problem)
    records = target
    if layout != STANDARD:
        records = target.with_suffix(".records")
    try:
        text = layout.as_utf8(stream)
        file = _File(text, layout, facts)
        set_variables(
            duck,
            lines=str(target),
            delimiter=layout.delimiter,
            place=file.places["order_id"][0] + 1,
            **facts,
        )
        _write_records(duck, file, text, records, bounds)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError):
        # UnicodeError: UTF-16 that ends within a character.
        raise UnusableFileError("its data is damaged or ends too early") from None
    except pa.ArrowInvalid:
        # The error's text may contain a line.
        raise UnusableFileError("some of its records were lost") from None
    warnings = list(file.unread_columns())
    if isinstance(text, Utf8Stream) and text.was_utf8:
        warnings.append(
            data_warning("wrong_encoding", file=facts["file"], encoding=layout.encoding)
        )
    context: Values = {"delivered": file, "records": records, "lines": target}
    if layout.kind == "settlement":
        run_sql_file(duck, "extract/delivered_files/convert_settlement", **context)
    else:
        if layout != STANDARD:
            convert = "extract/delivered_files/convert_records"
            warnings += json_warnings(
                duck,
                convert,
                computed=COMPUTED,
                columns_of_layouts=LAYOUT_COLUMNS,
                **context,
            )
        run_sql_file(duck, "extract/delivered_files/keep_order_ids")
        warnings += json_warnings(duck, DOUBTFUL_VALUES)
    run_sql_file(duck, "extract/delivered_files/keep_malformed")
    if layout != STANDARD:
        # The folder may get many files.
        records.unlink()
    return warnings


class _File:
    """A file in a layout: what its columns are to us."""

    def __init__(self, text: IO[bytes], layout: Layout, facts: Values) -> None:
        """Read `text` in UTF-8 up to its header. `facts` are those of `read_csv`."""
        self.layout = layout
        self.timezone = layout.timezone or load_settings().shop_timezone
        self.ours = list(layout.standard_columns)
        # A column without which a record may end early.
        short_without: str | None = "amount"
        if layout.kind == "orders":
            self.ours += extra_columns()
            short_without = layout.skip_without
        self.dialect = Dialect(layout.delimiter, layout.quoting)
        self.names, self.header_line = find_header(
            text, self.dialect, layout.header_columns()
        )
        self.places: dict[str, list[int]] = {}
        """The places, from 0, of each column of ours that the file has."""
        for name, parts in layout.file_columns(self.ours).items():
            if set(parts) <= set(self.names):
                self.places[name] = [self.names.index(part) for part in parts]
        if short_without:
            place = self.place_of(short_without)
            self.dialect = replace(self.dialect, short_without=place)
        self._facts = facts

    def place_of(self, name: str) -> int:
        """Return the place of a column of the file or of ours."""
        if name in self.names:
            return self.names.index(name)
        return self.places[name][0]

    def written(self, records: pa.Table) -> pa.Table:
        """Return records as they are written: of the standard layout, the lines of the raw folder, in which a
        column that the file lacks is NULL; of another one, all fields."""
        import pyarrow as pa

        if self.layout != STANDARD:
            return records
        places = {**self.places, "row_number": [len(self.names)]}
        missing = pa.scalar(None, pa.string())
        lines: dict[str, Any] = {}
        for name in (*self.ours, *LINE_FACTS):
            if name in places:
                lines[name] = records[places[name][0]]
            else:
                fact = self._facts.get(name, missing)
                lines[name] = pa.repeat(fact, len(records))
        return pa.table(lines)

    def unread_columns(self) -> Iterator[DataWarning]:
        """Yield a warning of the file's columns that are not read; none with a layout that extends a shipped
        one, which reads what it can of a report with many more columns."""
        attributes = {*load_settings().order_attributes}
        read = attributes.difference(self.ours).union(self.layout.rule_columns())
        read.update(self.names[place] for place in chain(*self.places.values()))
        unread = [name or "(no name)" for name in self.names if name not in read]
        if unread and not self.layout.extends:
            columns = listed(dict.fromkeys(unread), MOST_NAMED)
            yield data_warning(
                "columns_not_read", file=self._facts["file"], columns=columns
            )


def _write_records(
    duck: DuckDBPyConnection,
    file: _File,
    text: IO[bytes],
    target: Path,
    bounds: Bounds,
) -> None:
    """Write the records of a file to `target`, and the malformed ones into the table `malformed`."""
    from pyarrow import parquet as pq

    bytes_of_long_lines = 0
    writer: Any = None
    reader = Reader(len(file.names), file.dialect, file.header_line + 1)
    with closing(ahead(reader.tables(text, bounds))) as parsed, ExitStack() as stack:
        for records, malformed_records in parsed:
            lines = file.written(records)
            # The file is read a few times, in full: no statistics, a cheap compression, and dictionaries only
            # for columns with few values.
            writer = writer or stack.enter_context(
                pq.ParquetWriter(
                    target,
                    lines.schema,
                    compression="snappy",
                    write_statistics=False,
                    dictionary_pagesize_limit=2 << 10,
                )
            )
            writer.write_table(lines)
            if malformed_records:
                _keep_malformed(duck, malformed_records)
                if len(duck.table("malformed")) > bounds.malformed:
                    raise UnusableFileError(
                        f"more than {bounds.malformed:,} of its lines are malformed"
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
    rows = []
    for record in records:
        text = record.text[:MOST_RAW_TEXT].decode(errors="replace")
        rows.append([str(record.number), record.reason, record.detail, text])
    run_sql_file(duck, "extract/delivered_files/add_malformed", {"records": rows})


def json_warnings(
    duck: DuckDBPyConnection,
    statement: str,
    parameters: Values | None = None,
    **facts: Any,
) -> list[DataWarning]:
    """Return the warnings that a statement of include/sql returns as JSON, in the column `warning`; arguments
    as for `run_sql_file`."""
    rows = run_sql_file(duck, statement, parameters, **facts)
    return [json.loads(row["warning"]) for row in rows]
