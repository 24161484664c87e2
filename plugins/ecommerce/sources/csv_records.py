"""Split CSV files that partners deliver into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record continues over
several lines only if, read whole, it has the right number of fields, and no later line of it could be a
record of its own. Otherwise its first line alone is rejected. So one bad line costs one line.

A regular expression in native code finds the lines that are certainly records, which are nearly all, and
pyarrow parses them together. Only the other lines are parsed one by one in Python.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

from ecommerce.core.text import clean
from ecommerce.sources.text_blocks import (
    ahead,
    blocks,
    is_utf8,
    lines_of,
)

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 1 << 20
"""Bytes of a record. A longer one is malformed."""
LONGEST_HEADER = 1 << 16
"""Bytes."""
HEADER_LINES = 30
"""The header is one of the first lines of a file, at most this one."""
MOST_LINES = 100
"""A record that continues over more lines is taken for an unclosed quote."""
OPEN_QUOTE = ("malformed_line", "a quote that is not closed")


class UnusableFileError(Exception):
    """A file that is rejected as a whole, with the reason's code and a detail for a person."""

    def __init__(self, detail: str, reason: str = "file_unreadable") -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one file: lines (with blank ones), bytes after decompression, seconds, malformed lines.

    A file with more malformed lines than this is another kind of file, or has one open quote.
    """

    lines: int
    bytes: int
    seconds: float
    malformed: int = 100_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file writes its records.

    With the quoting `none`, a quote is a character like any other. A record with too few fields is padded
    with empty ones if its field at the place `short_without` (from 0) is missing or blank.
    """

    delimiter: str = ","
    quoting: Literal["standard", "none"] = "standard"
    short_without: int | None = None


STANDARD = Dialect()
UNBOUNDED = Bounds(
    1 << 62,
    1 << 62,
    1 << 62,
    1 << 62,
)


class Record(NamedTuple):
    """A record of a file. `fault` has a reason code and its detail if the record is malformed."""

    number: int
    """The record's first line in the file; the header is line 1."""
    text: bytes
    """Without the line end and, if the record is well-formed, without blanks around quotes."""
    fault: tuple[str, str] | None = None


@dataclass
class Batch:
    """Whole lines of a file, divided into records."""

    certain: Any
    """Arrow array of the lines that are certainly records."""
    numbers: Any
    """Arrow array of the number of each of `certain`."""
    following: int
    """The number of the first line after the batch."""
    others: list[Record] = field(default_factory=list)
    """The other well-formed records."""
    malformed: list[Record] = field(default_factory=list)
    unfinished: bytes = b""
    """The last lines, if their record may continue in the next batch."""


def header(stream: IO[bytes], delimiter: str = ",") -> list[str]:
    """Read the first line of a file in UTF-8, and return the column names.

    A byte order mark and blanks around the names are removed. Raise UnusableFileError if the line is
    empty, too long, or not CSV.
    """
    line = stream.readline(LONGEST_HEADER + 1)
    return _names(line, Dialect(delimiter))


def _names(line: bytes, dialect: Dialect) -> list[str]:
    """Return the column names in the first line of a file. Errors are those of `header`."""
    if len(line) > LONGEST_HEADER:
        raise UnusableFileError(f"its first line is longer than {LONGEST_HEADER} bytes")
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
        names = text.split(dialect.delimiter)
        if dialect.quoting == "standard":
            [names] = csv.reader([text], strict=True, delimiter=dialect.delimiter)
    except (UnicodeDecodeError, csv.Error):
        raise UnusableFileError(
            "its first line cannot be read as a CSV header in its encoding"
        ) from None
    if not text:
        raise UnusableFileError("it is empty, without even a header")
    return [name.strip() for name in names]


def find_header(
    stream: IO[bytes],
    dialect: Dialect,
    wanted: Collection[str],
) -> tuple[list[str], int]:
    """Read a file in UTF-8 up to its header, and return the column names and the header's line number.

    The header is the first of `HEADER_LINES` lines that has all `wanted` columns. Raise UnusableFileError if
    there is none, or if it has one of them more than once.
    """
    first = b""
    nearest: list[str] = []
    nearest_number = 0
    missing = list(wanted)
    for number in range(1, HEADER_LINES + 1):
        line = stream.readline(LONGEST_HEADER + 1)
        if not first and line.strip():
            first = line
            nearest_number = number
        try:
            names = _names(line, dialect)
        except UnusableFileError:
            names = []
        lacking = [name for name in wanted if name not in names]
        if len(lacking) < len(missing):
            nearest = names
            nearest_number = number
            missing = lacking
        if not missing or len(line) > LONGEST_HEADER:
            break
    for name in wanted:
        if nearest.count(name) > 1:
            raise UnusableFileError(f"its header has {name} more than once")
    if missing:
        _names(first, dialect)
        place = f" in line {nearest_number}" if nearest_number > 1 else ""
        fault = f"its header{place} lacks {', '.join(missing)}"
        end = ""
        if not nearest:
            fault = f"none of its first {HEADER_LINES} lines is a header of its layout"
            end = f"line {nearest_number} is: {_shape(first)}; "
        raise UnusableFileError(
            f"{fault} (the delimiter is {dialect.delimiter!r}); {end}if its partner has another layout, "
            "describe it in include/partners (docs/RECIPES.md)",
            reason="missing_column",
        )
    return nearest, nearest_number


def _shape(line: bytes) -> str:
    """Return a line with `x` for each letter and `9` for each digit, because it may be personal data."""
    text = clean(line.decode("utf-8-sig", "replace"))
    if re.fullmatch("sep=.", text):
        return text
    digits_hidden = re.sub(r"\d", "9", text)
    return re.sub(r"[^\W\d_]|[^\0-\x7f…]", "x", digits_hidden)


def tables(
    stream: IO[bytes],
    fields: int,
    bounds: Bounds = UNBOUNDED,
    dialect: Dialect = STANDARD,
    first_line: int = 2,
) -> Iterator[tuple[pa.Table, list[Record]]]:
    """Yield the records of a file in UTF-8 after its header, which has `fields` columns, in batches. The
    first of them is in the line `first_line` of the file.

    Each batch is a table of the well-formed records (columns `0`, `1`, … as text, and `number`), and a list
    of the malformed ones. Raise UnusableFileError if the file exceeds `bounds`.
    """
    grammar = Grammar(fields, dialect)
    for batch in ahead(_batches(stream, grammar, bounds, first_line)):
        yield grammar.parse(batch), batch.malformed


def _batches(
    stream: IO[bytes],
    grammar: Grammar,
    bounds: Bounds,
    first_line: int,
) -> Iterator[Batch]:
    number = first_line
    unfinished = b""
    whole_lines = blocks(_limit(stream, bounds), LONGEST_LINE)
    for block in chain(whole_lines, [b""]):
        text = unfinished + block
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        batch = grammar.divide(number, text, is_end=not block)
        unfinished = batch.unfinished
        number = batch.following
        if number > bounds.lines + first_line:
            raise UnusableFileError(
                f"it has more than {bounds.lines:,} lines", reason="file_too_large"
            )
        yield batch


def _limit(stream: IO[bytes], bounds: Bounds) -> Callable[[int], bytes]:
    """Return the method `read` of `stream`, which raises UnusableFileError once more was read, or reading
    took longer, than allowed."""
    deadline = time.monotonic() + bounds.seconds
    total = 0

    def read(size: int) -> bytes:
        nonlocal total
        data = stream.read(size)
        total += len(data)
        if total > bounds.bytes:
            raise UnusableFileError(
                f"it has more than {bounds.bytes:,} bytes, decompressed",
                reason="file_too_large",
            )
        if time.monotonic() >= deadline:
            raise UnusableFileError(
                f"reading it takes more than {bounds.seconds:g} seconds",
                reason="file_too_large",
            )
        return data

    return read


class Grammar:
    """What a record with a given number of fields looks like.

    A field may be in quotes, with blanks around them. A quote inside a field without quotes is a character
    like any other (5" screen). The patterns are possessive, so that their time is linear.
    """

    def __init__(self, fields: int, dialect: Dialect = STANDARD) -> None:
        self._fields = fields
        self._dialect = dialect
        self._separator = dialect.delimiter.encode()
        comma = re.escape(self._separator)
        quoted = rb'"(?:[^"]++|"")*+"'
        plain = rb'(?! *")[^%s\r]*+' % comma
        if dialect.quoting == "none":
            quoted = rb"(?!)"
            plain = rb"[^%s\r]*+" % comma
        value = rb"(?: *+%s *+|%s)" % (quoted, plain)
        # Blanks before a quote are not of the field, nor those behind the second one.
        self._field = re.compile(
            rb'(?: *+(?="))?+(%s|%s) *+%s' % (quoted, plain, comma)
        )
        if dialect.quoting == "none":
            self._field = re.compile(b"(%s)%s" % (plain, comma))
        self._complete = re.compile(rb"%s(?:%s%s)*+" % (value, comma, value))
        self._open = re.compile(rb'(?:%s%s)*+ *+"(?:[^"]++|"")*+' % (value, comma))

    def divide(
        self,
        number: int,
        text: bytes,
        *,
        is_end: bool,
    ) -> Batch:
        """Divide whole lines, the first of which is the line `number`, into records.

        With `is_end` no further lines follow.
        """
        import numpy as np
        import pyarrow as pa
        from pyarrow import compute as pc

        lines = lines_of(text)
        following = number + len(lines)
        numbers = pa.array(np.arange(number, following))
        is_certain = self._certain_records(lines, is_utf8(text))
        batch = Batch(lines.filter(is_certain), numbers.filter(is_certain), following)
        uncertain = pc.indices_nonzero(pc.invert(is_certain))
        next_position = 0
        for position in uncertain.to_pylist():
            line = lines[position].as_py()
            if position < next_position or not line.strip():
                continue
            record = self._record(number + position, line.rstrip(b"\r"))
            next_position = position + 1
            if record.fault == OPEN_QUOTE:
                end = next_position + MOST_LINES
                next_lines = lines[next_position:end].to_pylist()
                whole = self._continued(record, next_lines)
                if whole is None and not is_end:
                    batch.unfinished = b"\n".join([line, *next_lines, b""])
                    batch.following = record.number
                    break
                record = whole or record
                next_position += record.text.count(b"\n")
            kind = batch.malformed if record.fault else batch.others
            kind.append(record)
        return batch

    def _certain_records(
        self,
        lines: Any,
        are_utf8: bool,
    ) -> Any:
        """Return which lines are certainly records: with the right number of fields, no carriage return, and
        quotes only around fields."""
        import pyarrow as pa
        from pyarrow import compute as pc

        excluded = r'"\r\n'
        if not are_utf8:
            # The lines that are not UTF-8 have to be found one by one.
            excluded += r"\x80-\xff"
        comma = re.escape(self._dialect.delimiter)
        plain = f"[^{comma}{excluded}]*"
        if self._fields == 1:
            # A blank line is no record.
            plain += rf"[^\s{comma}{excluded}]{plain}"
        value = f'(?:{plain}|"(?:[^{excluded}]|"")*")'
        pattern = f"^{value}(?:{comma}{value}){{{self._fields - 1}}}$"
        matches = pc.match_substring_regex(lines, pattern)
        is_short = pc.less_equal(pc.binary_length(lines), pa.scalar(LONGEST_LINE))
        return pc.and_(matches, is_short)

    def _record(self, number: int, text: bytes) -> Record:
        """Return the record that `text` is, well-formed or malformed."""
        fault = OPEN_QUOTE
        if len(text) > LONGEST_LINE:
            text = text[:LONGEST_LINE]
            fault = ("malformed_line", f"longer than {LONGEST_LINE} bytes")
        elif not is_utf8(text):
            fault = ("bad_encoding", "bytes that are not in the file's encoding")
        elif self._complete.fullmatch(text):
            fields = self._field.findall(text + self._separator)
            fields += [b""] * self._padding(fields, text)
            if len(fields) == self._fields:
                text = self._separator.join(fields)
                return Record(number, text)
            fault = ("malformed_line", "too few fields")
            if len(fields) > self._fields:
                fault = ("malformed_line", "too many fields")
        elif not self._open.fullmatch(text):
            fault = ("malformed_line", "text after a closing quote")
            if b"\r" in text:
                fault = ("malformed_line", "a carriage return outside quotes")
        return Record(number, text, fault)

    def _padding(self, fields: Sequence[bytes], text: bytes) -> int:
        """Return how many empty fields a record lacks, if it may lack any."""
        place = self._dialect.short_without
        # A quote that is not closed may have joined lines to a short record.
        if place is None or b"\n" in text:
            return 0
        value = b"".join(fields[place : place + 1])
        if value.strip(b'" \t'):
            return 0
        return self._fields - len(fields)

    def _continued(
        self,
        first: Record,
        following: Sequence[bytes],
    ) -> Record | None:
        """Return the record of a line with an open quote and of lines after it.

        Return `first` itself if its quote is not closed, and None if it is still open after all of
        `following`, so that later lines may close it.
        """
        text = first.text
        for line in following:
            if line.count(self._separator) >= self._fields - 1:
                # It could be a record of its own.
                return first
            text += b"\n" + line.rstrip(b"\r")
            if len(text) > LONGEST_LINE:
                return first
            if b'"' not in line:
                continue
            record = self._record(first.number, text)
            if record.fault is None:
                return record
            if record.fault != OPEN_QUOTE:
                return first
        return first if len(following) == MOST_LINES else None

    def parse(self, batch: Batch) -> pa.Table:
        """Return the table of the well-formed records of a batch."""
        import pyarrow as pa
        from pyarrow import csv as pa_csv

        names = [str(place) for place in range(self._fields)]
        # Without a header, pyarrow would remove a byte order mark from the first record.
        header_line = self._dialect.delimiter.join(names).encode()
        others = [record.text for record in batch.others]
        records = [header_line, *batch.certain.to_pylist(), *others, b""]
        text = b"\n".join(records)
        table = pa_csv.read_csv(
            io.BytesIO(text),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(text),
            ),
            pa_csv.ParseOptions(
                delimiter=self._dialect.delimiter,
                quote_char=self._dialect.quoting == "standard" and '"',
                newlines_in_values=True,
            ),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        other_numbers = [record.number for record in batch.others]
        numbers = pa.chunked_array([batch.numbers, other_numbers], pa.int64())
        return table.append_column("number", numbers)
