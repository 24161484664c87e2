"""Read CSV files that partners deliver: their columns, their records, and errors of the whole file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
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
    Batch,
    Bounds,
    Dialect,
    Reader,
    Text,
    UnusableFileError,
    find_header,
)
from ecommerce.sources.partner_layouts import (
    AMOUNTS,
    COLUMNS,
    COMPUTED,
    LAYOUT_COLUMNS,
    OPTIONAL_COLUMNS,
    SETTLEMENT_OPTIONAL,
    STANDARD,
    STANDARD_COLUMNS,
    Layout,
)
from ecommerce.sources.text_blocks import ahead
from ecommerce.storage.duckdb import problem_of, run_sql_file, set_variables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINE_FACTS = ("file", "partner", "row_number", "received_at")
"""Columns of `lines.parquet` that are not the file's own."""
MOST_NAMED = 10
"""Columns that are not read."""
MOST_RAW_TEXT = 10_000
"""Bytes of a malformed record that are looked at."""
MOST_REJECTED = 1_000
"""Malformed records in memory."""
ADD_MALFORMED = "extract/delivered_files/add_malformed"
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
    stream: IO[bytes],
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
        target: Path of the Parquet file; a file with the ending `.records` next to it is temporary.
        facts: Columns of each line: file, partner and received_at.
        layout: Layout of the file.
        bounds: Limits of lines, bytes, seconds and malformed lines.

    Returns:
        Warnings of columns and rows that are not read, of an encoding that is probably wrong, and of what a
        spreadsheet may have done to the values.

    Raises:
        UnusableFileError: the file is not in its layout, ends too early, lacks a column, or exceeds `bounds`.
    """
    import duckdb
    import pyarrow as pa

    run_sql_file(duck, "extract/delivered_files/create_tables")
    if layout.problem:
        raise UnusableFileError(layout.problem)
    records = target
    if layout != STANDARD:
        records = target.with_suffix(".records")
    text = Text(stream, layout.encoding, bounds)
    try:
        with closing(ahead(text.blocks())) as blocks:
            beginning = next(blocks, b"")
            file = _File(beginning, layout)
            set_variables(
                duck,
                lines=str(target),
                delimiter=layout.delimiter,
                place=file.places["order_id"][0] + 1,
                **facts,
            )
            body = beginning.split(b"\n", file.header_line)[-1]
            batches = file.reader().tables(chain([body], blocks), bounds.lines)
            _write_records(duck, batches, records, facts, bounds.malformed)
        warnings = file.warnings(facts["file"], text.was_utf8)
        warnings += _convert(duck, file, records, target)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError):
        # UnicodeError: UTF-16 that ends within a character.
        raise UnusableFileError("its data is damaged or ends too early") from None
    except pa.ArrowInvalid:
        # The error's text may contain a line.
        raise UnusableFileError("some of its records were lost") from None
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        # Other errors, such as a full disk, are not the file's fault.
        raise UnusableFileError(
            f"its values cannot be converted: {problem_of(error)}"
        ) from None
    return warnings


class _File:
    """A file in a layout: what its columns are to us."""

    def __init__(self, beginning: bytes, layout: Layout) -> None:
        """`beginning` has the first lines of the file, in UTF-8."""
        self.layout = layout
        self.timezone = layout.timezone or load_settings().shop_timezone
        self.ours = list(STANDARD_COLUMNS[layout.kind])
        # A column without which a record may end early.
        short_without = "amount"
        if layout.kind == "settlement":
            self.ours += SETTLEMENT_OPTIONAL
        else:
            self.ours += extra_columns()
            short_without = layout.skip_without or ""
        dialect = Dialect(layout.delimiter, layout.quoting)
        self.names, self.header_line = find_header(
            beginning, dialect, layout.header_columns()
        )
        own = {name: self.names.index(name) for name in self.names}
        self.places: dict[str, list[int]] = {}
        """The places, from 0, of each column of ours that the file has."""
        for name, parts in layout.file_columns(self.ours).items():
            if own.keys() >= set(parts):
                self.places[name] = [own[part] for part in parts]
        self.place_of = {name: places[0] for name, places in self.places.items()} | own
        """The place of each column of the file or of ours."""
        self._dialect = replace(dialect, short_without=self.place_of.get(short_without))

    def reader(self) -> Reader:
        """Return the reader of the records: with the columns of the raw folder, or all fields by their places
        if the layout is not the standard one."""
        columns = [str(place) for place in range(len(self.names))]
        kept = columns
        if self.layout == STANDARD:
            kept = self.ours
            for name, [place] in self.places.items():
                columns[place] = name
        return Reader(columns, self._dialect, self.header_line + 1, kept)

    def warnings(self, name: str, was_utf8: bool | None) -> list[DataWarning]:
        """Return warnings of the columns of a file `name` that are not read, and of an encoding that is
        probably wrong. A layout that extends a shipped one reads what it can of a report with many more
        columns."""
        layout = self.layout
        attributes = {*load_settings().order_attributes}
        read = attributes.difference(self.ours).union(layout.rule_columns())
        read.update(self.names[place] for place in chain(*self.places.values()))
        unread = [column or "(no name)" for column in self.names if column not in read]
        warnings = []
        if unread and not layout.extends:
            columns = listed(dict.fromkeys(unread), MOST_NAMED)
            warnings.append(
                data_warning("columns_not_read", file=name, columns=columns)
            )
        if was_utf8:
            warnings.append(
                data_warning("wrong_encoding", file=name, encoding=layout.encoding)
            )
        return warnings


def _convert(
    duck: DuckDBPyConnection,
    file: _File,
    records: Path,
    lines: Path,
) -> list[DataWarning]:
    """Convert the `records` of a file to the standard layout, in `lines`, unless they are that; keep its
    order ids and malformed records. Return warnings of its values."""
    context: Values = {"delivered": file, "records": records, "lines": lines}
    warnings = []
    if file.layout.kind == "settlement":
        run_sql_file(duck, "extract/delivered_files/convert_settlement", **context)
    else:
        if file.layout != STANDARD:
            warnings += json_warnings(
                duck,
                "extract/delivered_files/convert_records",
                computed=COMPUTED,
                amounts=AMOUNTS,
                columns_of_layouts=LAYOUT_COLUMNS,
                **context,
            )
        warnings += json_warnings(duck, DOUBTFUL_VALUES)
        run_sql_file(duck, "extract/delivered_files/keep_order_ids")
    run_sql_file(duck, "extract/delivered_files/keep_malformed")
    return warnings


def _write_records(
    duck: DuckDBPyConnection,
    batches: Iterator[Batch],
    target: Path,
    facts: Values,
    most_malformed: float,
) -> None:
    """Write records to `target`, with `facts`, and the malformed ones into the table `malformed`."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    bytes_of_long_lines = 0
    malformed = 0
    rejected: list[list[str]] = []
    writer: Any = None
    with closing(ahead(batches)) as parsed, ExitStack() as stack:
        for records, malformed_records in parsed:
            lines = records
            for name, value in facts.items():
                lines = lines.append_column(name, pa.repeat(value, len(records)))
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
            malformed += len(malformed_records)
            if malformed > most_malformed:
                raise UnusableFileError(
                    f"more than {most_malformed:,} of its lines are malformed"
                )
            for record in malformed_records:
                text = record.text[:MOST_RAW_TEXT].decode(errors="replace")
                row = [str(record.number), record.reason, record.detail, text]
                rejected.append(row)
            if len(rejected) > MOST_REJECTED:
                run_sql_file(duck, ADD_MALFORMED, {"records": rejected})
                rejected.clear()
            if lines.nbytes > LONG_LINE * len(lines):
                bytes_of_long_lines += lines.nbytes
            if bytes_of_long_lines > MOST_LONG_LINES:
                raise UnusableFileError(
                    "its lines are too long to be read in the available memory",
                    reason="file_too_large",
                )
    run_sql_file(duck, ADD_MALFORMED, {"records": rejected})


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
