"""Split CSV files that partners deliver into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record continues over
several lines only if, read whole, it has the right number of fields, and no later line of it could be a
record of its own. Otherwise its first line alone is rejected. So one bad line costs one line.

A regular expression in native code finds the lines that are certainly records, which are nearly all, and
pyarrow parses them. Only the other lines are parsed one by one in Python.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import IO, TYPE_CHECKING, NamedTuple

from ecommerce.sources.text_blocks import blocks, is_utf8

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 1 << 20
"""Bytes of a record. A longer one is malformed."""
LONGEST_HEADER = 1 << 16
"""Bytes."""
MOST_LINES = 100
"""A record that continues over more lines is taken for an unclosed quote."""
OPEN_QUOTE = ("malformed_line", "a quote that is not closed")


class OutOfBoundsError(Exception):
    """A file has more lines or bytes, or takes longer, than its bounds allow; the text shows which."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one file: lines (with blank ones), bytes after decompression, seconds, malformed lines.

    A file with more malformed lines than this is another kind of file, or has one open quote.
    """

    lines: int
    bytes: int
    seconds: float
    malformed: int = 100_000


UNBOUNDED = Bounds(1 << 62, 1 << 62, float("inf"), 1 << 62)


class Record(NamedTuple):
    """A record of a file. `fault` has a reason code and its detail if the record is malformed."""

    number: int
    """The record's first line in the file; the header is line 1."""
    text: bytes
    """Without the line end and, if the record is well-formed, without blanks around quotes."""
    fault: tuple[str, str] | None = None
    values: Sequence[str | None] = ()
    """Of the well-formed `records` of a small file; None for an empty value without quotes."""


@dataclass
class Batch:
    """Lines of a file, divided into records."""

    texts: list[bytes] = field(default_factory=list)
    """The well-formed records."""
    numbers: list[int] = field(default_factory=list)
    """The number of the first line of each of `texts`."""
    malformed: list[Record] = field(default_factory=list)
    unfinished: list[bytes] = field(default_factory=list)
    """The last lines, if their record may continue in the next batch."""


def header(
    stream: IO[bytes], delimiter: str = ",", encoding: str = "UTF-8"
) -> list[str]:
    """Read the first line of a file in UTF-8, and return the column names.

    A byte order mark and blanks around the names are removed. Raise ValueError if the line is empty, too
    long, or not CSV. `encoding` is that of the delivered file, for the message.
    """
    line = stream.readline(LONGEST_HEADER + 1).removeprefix(b"\xef\xbb\xbf")
    if len(line) > LONGEST_HEADER:
        raise ValueError(f"its first line is longer than {LONGEST_HEADER} bytes")
    try:
        text = line.decode().strip("\r\n")
        names = next(csv.reader([text], strict=True, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(
            f"its first line cannot be read as a CSV header in {encoding}"
        ) from None
    if not names:
        raise ValueError("it is empty, without even a header")
    return [name.strip() for name in names]


def records(stream: IO[bytes], fields: int) -> list[Record]:
    """Return the records of a small file after its header, which has `fields` columns."""
    lines = stream.read().replace(b"\r\n", b"\n").split(b"\n")
    grammar = Grammar(fields)
    batch = grammar.divide(2, lines, is_end=True)
    found = batch.malformed
    rows = grammar.parse(batch).to_pylist()
    for text, row in zip(batch.texts, rows, strict=True):
        number = row.pop("number")
        found.append(Record(number, text, values=list(row.values())))
    return sorted(found)


def tables(
    stream: IO[bytes],
    fields: int,
    bounds: Bounds = UNBOUNDED,
    delimiter: str = ",",
    encoding: str = "UTF-8",
) -> Iterator[tuple[pa.Table, list[Record]]]:
    """Yield the records of a file in UTF-8 after its header, which has `fields` columns, in batches.

    Each batch is a table of the well-formed records (columns `0`, `1`, … as text, and `number`), and a list
    of the malformed ones. Raise OutOfBoundsError if the file exceeds `bounds`. `encoding` is that of the
    delivered file, for the details of malformed records.
    """
    grammar = Grammar(fields, delimiter, encoding)
    bounded = _BoundedStream(stream, bounds)
    number = 2
    unfinished: list[bytes] = []
    for block in chain(blocks(bounded, LONGEST_LINE), [b""]):  # type: ignore[arg-type]
        lines = unfinished + block.replace(b"\r\n", b"\n").split(b"\n")[:-1]
        if number + len(lines) > bounds.lines + 2:
            raise OutOfBoundsError(f"it has more than {bounds.lines:,} lines")
        batch = grammar.divide(number, lines, is_end=not block)
        unfinished = batch.unfinished
        number += len(lines) - len(unfinished)
        yield grammar.parse(batch), batch.malformed


@dataclass
class _BoundedStream:
    """A stream that raises OutOfBoundsError once more was read, or reading took longer, than allowed."""

    stream: IO[bytes]
    bounds: Bounds
    began: float = field(default_factory=time.monotonic)
    size: int = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes."""
        data = self.stream.read(size)
        self.size += len(data)
        if self.size > self.bounds.bytes:
            raise OutOfBoundsError(
                f"it has more than {self.bounds.bytes:,} bytes, decompressed"
            )
        if time.monotonic() - self.began >= self.bounds.seconds:
            raise OutOfBoundsError(
                f"reading it takes more than {self.bounds.seconds:g} seconds"
            )
        return data


class Grammar:
    """What a record with a given number of fields looks like.

    A field may be in quotes, with blanks around them. A quote inside a field without quotes is a character
    like any other (5" screen). The patterns are possessive, so that their time is linear.
    """

    def __init__(
        self, fields: int, delimiter: str = ",", encoding: str = "UTF-8"
    ) -> None:
        self._fields = fields
        self._delimiter = delimiter
        self._separator = delimiter.encode()
        self._encoding = encoding
        comma = re.escape(self._separator)
        quoted = rb'"(?:[^"]++|"")*+"'
        plain = rb'(?! *")[^%s\r]*+' % comma
        value = rb"(?: *+%s *+|%s)" % (quoted, plain)
        self._field = re.compile(rb"(?: *+(%s) *+|(%s))%s" % (quoted, plain, comma))
        self._complete = re.compile(rb"%s(?:%s%s)*+" % (value, comma, value))
        self._open = re.compile(rb'(?:%s%s)*+ *+"(?:[^"]++|"")*+' % (value, comma))

    def divide(self, number: int, lines: Sequence[bytes], *, is_end: bool) -> Batch:
        """Divide lines, the first of which is the line `number`, into records.

        With `is_end` no further lines follow.
        """
        batch = Batch()
        next_position = 0
        certain = self._certain_records(lines)
        for position, line in enumerate(lines):
            if position < next_position or not line.strip():
                continue
            if certain[position] and len(line) <= LONGEST_LINE:
                batch.texts.append(line)
                batch.numbers.append(number + position)
                continue
            record = self._record(number + position, line.rstrip(b"\r"))
            if record.fault == OPEN_QUOTE:
                following = lines[position + 1 : position + 1 + MOST_LINES]
                whole = self._continued(record, following)
                if whole is None and not is_end:
                    batch.unfinished = list(lines[position:])
                    break
                record = whole or record
                next_position = position + 1 + record.text.count(b"\n")
            if record.fault:
                batch.malformed.append(record)
            else:
                batch.texts.append(record.text)
                batch.numbers.append(record.number)
        return batch

    def _certain_records(self, lines: Sequence[bytes]) -> list[bool]:
        """Return which lines are certainly records: with the right number of fields, no carriage return, and
        quotes only around fields."""
        import pyarrow as pa
        from pyarrow import compute as pc

        excluded = r'"\r\n'
        if not is_utf8(b"\n".join(lines)):
            # The lines that are not UTF-8 have to be found one by one.
            excluded += r"\x80-\xff"
        comma = re.escape(self._delimiter)
        value = f'(?:[^{comma}{excluded}]*|"(?:[^{excluded}]|"")*")'
        pattern = f"^{value}(?:{comma}{value}){{{self._fields - 1}}}$"
        column = pa.array(lines, pa.binary())
        matches: list[bool] = pc.match_substring_regex(column, pattern).to_pylist()
        return matches

    def _record(self, number: int, text: bytes) -> Record:
        """Return the record that `text` is, well-formed or malformed."""
        fault = OPEN_QUOTE
        if len(text) > LONGEST_LINE:
            text = text[:LONGEST_LINE]
            fault = ("malformed_line", f"longer than {LONGEST_LINE} bytes")
        elif not is_utf8(text):
            fault = ("bad_encoding", f"not {self._encoding}")
        elif self._complete.fullmatch(text):
            found = self._field.findall(text + self._separator)
            fields = [quoted or plain for quoted, plain in found]
            if len(fields) == self._fields:
                return Record(number, self._separator.join(fields))
            fault = ("malformed_line", "too few fields")
            if len(fields) > self._fields:
                fault = ("malformed_line", "too many fields")
        elif not self._open.fullmatch(text):
            fault = ("malformed_line", "text after a closing quote")
            if b"\r" in text:
                fault = ("malformed_line", "a carriage return outside quotes")
        return Record(number, text, fault)

    def _continued(self, first: Record, following: Sequence[bytes]) -> Record | None:
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
        if len(following) == MOST_LINES:
            return first
        return None

    def parse(self, batch: Batch) -> pa.Table:
        """Return the table of the well-formed records of a batch."""
        import pyarrow as pa
        from pyarrow import csv as pa_csv

        names = [str(place) for place in range(self._fields)]
        # Without a header, pyarrow would remove a byte order mark from the first record.
        header_line = self._delimiter.join(names).encode()
        data = b"\n".join([header_line, *batch.texts, b""])
        table = pa_csv.read_csv(
            io.BytesIO(data),
            pa_csv.ReadOptions(use_threads=False, block_size=len(data)),
            pa_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        return table.append_column("number", pa.array(batch.numbers, pa.int64()))
