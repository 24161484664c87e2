"""Reading CSV files that somebody else delivers without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record may go on over
several lines only when, read whole, it has the right number of fields and none of its later lines looks like
a record itself; otherwise its first line alone is rejected. So one bad line costs one line. A file beyond its
`Bounds` is not read to its end.

Lines that are records beyond doubt, nearly all, are found by a regular expression and parsed by pyarrow, both
in native code; the others are judged one by one. No record of several lines goes on over a line that is one
itself.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ecommerce.sources.text_blocks import blocks, is_utf8

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LONGEST_LINE, LONGEST_HEADER = 1 << 20, 1 << 16
MOST_LINES = 100
"""A record over more lines, or longer, is taken for an unclosed quote."""
LINES_AT_ONCE = 1 << 14
"""Of lines of usual lengths, a block of `text_blocks` has 10,000."""


class OutOfBoundsError(Exception):
    """A file has more lines or bytes, or takes longer, than its bounds allow; the text shows which."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading one file may take: lines (blank ones too), bytes after decompression, seconds."""

    lines: int
    bytes: int
    seconds: float
    clock: Callable[[], float] = time.monotonic


UNBOUNDED = Bounds(1 << 62, 1 << 62, float("inf"))


class Record(NamedTuple):
    """One record. `number` is its (first) line in the file, from 1, `text` as delivered, without line end. An
    empty value without quotes is None. `fault` is a reason code and its detail where it is malformed."""

    number: int
    text: bytes
    values: list[str | None]
    fault: tuple[str, str] | None = None


def header(
    stream: IO[bytes], delimiter: str = ",", encoding: str = "UTF-8"
) -> list[str]:
    """Read the first line of a file in UTF-8: the column names, without byte order mark and surrounding
    blanks; ValueError where it is empty, too long, or invalid. `encoding` is the file's as delivered."""
    line = stream.readline(LONGEST_LINE).removeprefix(b"\xef\xbb\xbf")
    if len(line) > LONGEST_HEADER:
        raise ValueError(f"its first line is longer than {LONGEST_HEADER} bytes")
    try:
        rows = list(
            csv.reader([line.decode().strip("\r\n")], strict=True, delimiter=delimiter)
        )
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(
            f"its first line cannot be read as a CSV header in {encoding}"
        ) from None
    if not any(rows):
        raise ValueError("it is empty, without even a header")
    return [name.strip() for name in rows[0]]


def records(stream: IO[bytes], fields: int) -> list[Record]:
    """Return the records of a small file after its header, which has `fields` columns."""
    doubtful = _DoubtfulLines(fields, ",", "UTF-8")
    for number, text, _ in _line_blocks(_BoundedStream(stream, UNBOUNDED)):
        doubtful.add(number, _lines_to_judge(text))
    return doubtful.records(is_end=True)


def tables(
    stream: IO[bytes],
    fields: int,
    bounds: Bounds = UNBOUNDED,
    delimiter: str = ",",
    encoding: str = "UTF-8",
) -> Iterator[tuple[pa.Table, list[Record]]]:
    """Yield the records of a file in UTF-8 after its header with `fields` columns, in blocks of at most
    `LINES_AT_ONCE` lines: a table of the well-formed ones (columns `0`, `1`, … as text, and `number`), and
    the malformed ones. OutOfBoundsError where the file exceeds `bounds`. `encoding` is the file's as
    delivered."""
    import numpy as np

    doubtful = _DoubtfulLines(fields, delimiter, encoding)
    for number, text, starts in _line_blocks(_BoundedStream(stream, bounds)):
        if fields > 1 and not text.strip(b" \n"):
            doubtful.add(number, _lines_to_judge(text))
            continue
        is_usual = _is_usual(text, starts, fields, delimiter)
        usual = []
        copied = 0
        edges = np.flatnonzero(np.diff(~is_usual, prepend=False, append=False))
        for first, following in edges.reshape(-1, 2).tolist():
            start, end = starts[first], starts[following]
            doubtful.add(number + first, text[start : end - 1].split(b"\n"))
            usual.append(text[copied:start])
            copied = end
        usual.append(text[copied:])
        judged = doubtful.records(is_end=False)
        yield _table(
            usual, number + np.flatnonzero(is_usual), judged, fields, delimiter
        )
    yield _table([], np.empty(0, int), doubtful.records(is_end=True), fields, delimiter)


def _line_blocks(stream: _BoundedStream) -> Iterator[tuple[int, bytes, np.ndarray]]:
    """Yield whole lines, which end with a line feed: the number of the first one, their text, and where each
    begins in it, with the text's end."""
    import numpy as np

    for block in blocks(stream, LONGEST_LINE):  # type: ignore[arg-type] # it calls only read
        text = block.replace(b"\r\n", b"\n")
        starts = np.concatenate(
            ([0], np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1)
        )
        for first in range(0, len(starts) - 1, LINES_AT_ONCE):
            places = starts[first : first + LINES_AT_ONCE + 1]
            number = stream.lines + 2
            stream.lines += len(places) - 1
            yield number, text[places[0] : places[-1]], places - places[0]


def _lines_to_judge(text: bytes) -> list[bytes]:
    """Return the lines of `text`, and of blank ones alone the first `MOST_LINES`: a record that began before
    them goes on over no more."""
    if text.strip(b" \n"):
        return text[:-1].split(b"\n")
    return text[:-1].split(b"\n", MOST_LINES)[:MOST_LINES]


def _is_usual(
    text: bytes, starts: np.ndarray, fields: int, delimiter: str
) -> np.ndarray:
    """Return which lines of `text` are records beyond doubt: with the right number of fields, no carriage
    return, and quotes only around fields. `starts`: where each begins, and the end."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute as pc

    # In a block that is not UTF-8, each line beyond ASCII is in doubt.
    other = r'"\r\n' + ("" if is_utf8(text) else r"\x80-\xff")
    unquoted = rf"[^{re.escape(delimiter)}{other}]{'+' if fields == 1 else '*'}"  # a blank line is no record
    field = rf'(?:{unquoted}|"(?:[^{other}]|"")*")'
    pattern = rf"^{field}(?:{re.escape(delimiter)}{field}){{{fields - 1}}}\n$"
    buffers = [
        None,
        pa.py_buffer(starts.astype(np.int32).tobytes()),
        pa.py_buffer(text),
    ]
    lines: Any = pa.Array.from_buffers(pa.binary(), len(starts) - 1, buffers)
    bits = np.frombuffer(
        pc.match_substring_regex(lines, pattern).buffers()[1], np.uint8
    )
    matches = np.unpackbits(bits, count=len(lines), bitorder="little").astype(bool)
    return matches & (np.diff(starts) <= LONGEST_LINE)


def _table(
    usual: Sequence[bytes],
    numbers: np.ndarray,
    judged: Sequence[Record],
    fields: int,
    delimiter: str,
) -> tuple[pa.Table, list[Record]]:
    """Return the table of the `usual` lines, which have `numbers`, and of the well-formed records of
    `judged`, and the malformed ones."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    malformed = [record for record in judged if record.fault]
    good = [record for record in judged if not record.fault]
    names = [str(place) for place in range(fields)]
    # Without a header, a byte order mark in the first line would be lost.
    header_line = delimiter.join(names).encode() + b"\n"
    data = b"".join(
        [header_line, *usual, *(_as_csv(record.values, delimiter) for record in good)]
    )
    table = pa_csv.read_csv(
        io.BytesIO(data),
        pa_csv.ReadOptions(use_threads=False, block_size=len(data)),
        pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            check_utf8=False,  # `is_utf8` does
        ),
    )
    numbers = np.concatenate(
        (numbers, np.array([record.number for record in good], int))
    )
    # `pa.array`, as most conversions to Arrow, would import pandas: 1.4 s of processor time.
    column = pa.Array.from_buffers(
        pa.int64(), len(numbers), [None, pa.py_buffer(numbers.tobytes())]
    )
    return table.append_column("number", column), malformed


def _as_csv(values: Sequence[str | None], delimiter: str) -> bytes:
    texts = (
        "" if value is None else '"' + value.replace('"', '""') + '"'
        for value in values
    )
    return delimiter.join(texts).encode() + b"\n"


class _DoubtfulLines:
    """Lines that may be malformed, or belong to a record over several of them.

    A line that goes on inside a quote is looked at once, however many lines before it open one.
    """

    def __init__(self, fields: int, delimiter: str, encoding: str) -> None:
        self._fields, self._delimiter, self._encoding = (
            fields,
            delimiter.encode(),
            encoding,
        )
        comma = re.escape(self._delimiter)
        field = rb'(?: *+"(?:[^"]++|"")*+" *+|(?! *")[^%s\r]*+)' % comma
        self._field = re.compile(rb"(%s)%s" % (field, comma))
        self._record = re.compile(
            rb"%s(?:%s%s){%d}+" % (field, comma, field, fields - 1)
        )
        self._complete = re.compile(rb"%s(?:%s%s)*+" % (field, comma, field))
        self._open = re.compile(rb'((?:%s%s)*+) *+"(?:[^"]++|"")*+' % (field, comma))
        self._lines = deque[bytes]()  # neighbours
        self._number = 0  # of the first of them
        self._inside: list[int] = []
        """Of each line after the first one that was looked at as if it began inside a quote: how many fields
        end in it. All but the last of them go on inside a quote."""
        self._closes: bool | None = (
            None  # whether the last of them ends a record; None: it goes on, too
        )
        self._records: list[Record] = []

    def add(self, number: int, lines: Sequence[bytes]) -> None:
        """Add lines that follow each other, the first of which is the line `number`."""
        if number != self._number + len(self._lines):
            self._judge(is_end=True)
            self._number = number
        self._lines.extend(line[:LONGEST_LINE].rstrip(b"\r\n") for line in lines)

    def records(self, *, is_end: bool) -> list[Record]:
        """Return the records since the last call, without those that may go on in lines to come."""
        self._judge(is_end)
        judged, self._records = self._records, []
        return judged

    def _judge(self, is_end: bool) -> None:
        while self._lines:
            text = self._lines[0]
            if not text.strip(b" "):
                self._drop(1)
                continue
            values: list[str | None] = []
            fault = ""
            count = 1
            if len(text) >= LONGEST_LINE:
                fault = f"longer than {LONGEST_LINE} bytes"
            elif not is_utf8(text):
                fault = f"not {self._encoding}"
            elif self._record.fullmatch(text):
                values = self._values(text)
            elif self._complete.fullmatch(text):
                fault = (
                    "too many fields" if self._record.match(text) else "too few fields"
                )
            elif not (opening := self._open.fullmatch(text)):
                fault = (
                    "a carriage return outside quotes"
                    if b"\r" in text
                    else "text after a closing quote"
                )
            else:
                self._look_ahead()
                if self._closes is None and not is_end and self._may_go_on():
                    return
                text, values, count = self._continued(opening[1])
                fault = "" if values else "a quote that is not closed"
            if not (fault and text.isspace()):
                reason = (
                    "bad_encoding"
                    if fault == f"not {self._encoding}"
                    else "malformed_line"
                )
                self._records.append(
                    Record(
                        self._number, text, values, (reason, fault) if fault else None
                    )
                )
            self._drop(count)

    def _drop(self, count: int) -> None:
        """Forget the first lines."""
        for _ in range(count):
            self._lines.popleft()
        del self._inside[:count]
        if not self._inside:
            self._closes = None
        self._number += count

    def _look_ahead(self) -> None:
        """Look at the lines after the first one, as far as its record may go."""
        for line in islice(self._lines, len(self._inside) + 1, MOST_LINES + 1):
            if self._closes is not None:
                return
            ended = b""
            inside = b'"' + line
            if line.count(self._delimiter) >= self._fields - 1:
                self._closes = False
            elif opening := self._open.fullmatch(inside):
                ended = opening[1]
            else:
                self._closes = bool(self._complete.fullmatch(inside))
                ended = inside + self._delimiter
            self._inside.append(len(self._field.findall(ended)))

    def _may_go_on(self) -> bool:
        """Return whether a line to come may end the record of the first one."""
        return (
            len(self._inside) < MOST_LINES and sum(map(len, self._lines)) < LONGEST_LINE
        )

    def _continued(self, ended: bytes) -> tuple[bytes, list[str | None], int]:
        """Return the record of the first line, which is open after the fields `ended`, its values and its
        number of lines; the line alone, without values, where its quote is not closed."""
        first = self._lines[0]
        if (
            not self._closes
            or len(self._field.findall(ended)) + sum(self._inside) != self._fields
        ):
            return first, [], 1
        count = len(self._inside) + 1
        whole = b"\n".join(islice(self._lines, count))
        if len(whole) > LONGEST_LINE or not is_utf8(whole):
            return first, [], 1
        return whole, self._values(whole), count

    def _values(self, text: bytes) -> list[str | None]:
        """Return the values of a complete record; blanks around quotes are no part of them."""
        values: list[str | None] = []
        for field in self._field.findall(text + self._delimiter):
            quoted = field.strip(b" ")
            is_quoted = quoted.startswith(b'"')
            values.append(
                quoted[1:-1].replace(b'""', b'"').decode()
                if is_quoted
                else field.decode() or None
            )
        return values


class _BoundedStream:
    """A stream that checks the bounds whenever it is read. `lines`: how many were read, which the reader
    counts."""

    def __init__(self, stream: IO[bytes], bounds: Bounds) -> None:
        self._stream, self._bounds = stream, bounds
        self._began, self._size, self.lines = bounds.clock(), 0, 0

    def read(self, size: int) -> bytes:
        data, most = self._stream.read(size), self._bounds
        self._size += len(data)
        if self.lines > most.lines:
            raise OutOfBoundsError(f"it has more than {most.lines:,} lines")
        if self._size > most.bytes:
            raise OutOfBoundsError(
                f"it has more than {most.bytes:,} bytes, decompressed"
            )
        if most.clock() - self._began >= most.seconds:
            raise OutOfBoundsError(
                f"reading it takes more than {most.seconds:g} seconds"
            )
        return data
