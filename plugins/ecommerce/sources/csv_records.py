"""Splitting a partner's CSV into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record may go on over
several lines only when, read whole, it has the right number of fields and none of its later lines looks like
a record itself; otherwise its first line alone is rejected. So one bad line costs one line. A file beyond its
`Bounds` is not read to its end.

Lines that are records beyond doubt, nearly all, are found and numbered a block at a time, in native code; the
others are looked at one by one. No record of several lines goes on over a line that is one itself.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ecommerce.sources.text_blocks import blocks, is_utf8

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LONGEST_LINE, LONGEST_HEADER = 1 << 20, 1 << 16
MOST_LINES = 100
"""A record over more lines, or longer, is taken for an unclosed quote."""

_DIGITS = 10
"""Of a record's number."""
_LONGEST_USUAL = 65_000
"""Bytes of a line that is read with the small buffers of `read_file.sql`; longer ones are rare."""


class OutOfBoundsError(Exception):
    """A file has more lines or bytes, or takes longer, than its bounds allow; the text shows which."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading one file may take: lines (blank ones too), bytes after decompression, seconds."""

    lines: int
    bytes: int
    seconds: float
    clock: Callable[[], float] = time.monotonic

    def check(self, lines: int, size: int, began: float) -> None:
        """Raise OutOfBoundsError after so many lines and bytes since `began`."""
        if lines > self.lines:
            raise OutOfBoundsError(f"it has more than {self.lines:,} lines")
        if size > self.bytes:
            raise OutOfBoundsError(f"it has more than {self.bytes:,} bytes, decompressed")
        if self.clock() - began >= self.seconds:
            raise OutOfBoundsError(f"reading it takes more than {self.seconds:g} seconds")


UNBOUNDED = Bounds(1 << 62, 1 << 62, float("inf"))


@cache
def _patterns(delimiter: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns of a field, of a complete record, and of one with an open quote."""
    comma = re.escape(delimiter)
    field = rb'(?: *+"(?:[^"]++|"")*+" *+|(?! *")[^%s\r]*+)' % comma
    return (
        re.compile(field),
        re.compile(rb"%s(?:%s%s)*+" % (field, comma, field)),
        re.compile(rb'(?:%s%s)*+ *+"(?:[^"]++|"")*+' % (field, comma)),
    )


def _usual(delimiter: str, fields: int, others: str = "") -> str:
    """Return the RE2 pattern of a line that is a record beyond doubt: the right number of fields, without
    carriage return, and quotes only around fields. `others`: characters that it must not have."""
    comma = re.escape(delimiter)
    field = rf'(?:[^"\r\n{comma}{others}]*|"(?:[^"\r\n{others}]|"")*")'
    return rf"^{field}(?:{comma}{field}){{{fields - 1}}}\n$"


class Record(NamedTuple):
    """One record as delivered, without its line end. `number` is its (first) line in the file, from 1;
    `fault` is a reason code and its detail where the record is malformed."""

    number: int
    text: bytes
    fault: tuple[str, str] | None = None


def header(stream: IO[bytes], delimiter: str = ",", encoding: str = "UTF-8") -> list[str]:
    """Read the first line: the column names, without byte order mark and surrounding blanks; ValueError where
    it is empty, too long, or invalid UTF-8.

    Args:
        stream: the file in UTF-8.
        delimiter: one ASCII character.
        encoding: of the file before it was converted, for messages.

    """
    line = stream.readline(LONGEST_LINE).removeprefix(b"\xef\xbb\xbf")
    if len(line) > LONGEST_HEADER:
        raise ValueError(f"its first line is longer than {LONGEST_HEADER} bytes")
    try:
        rows = list(csv.reader([line.decode().strip("\r\n")], strict=True, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"its first line cannot be read as a CSV header in {encoding}") from None
    if not any(rows):
        raise ValueError("it is empty, without even a header")
    return [name.strip() for name in rows[0]]


class Block(NamedTuple):
    """The records of some lines: `size` beyond doubt as bytes, `<number><delimiter><record>`, each with a
    line feed, and the others."""

    usual: bytes | memoryview
    size: int
    others: list[Record]


def record_blocks(
    stream: IO[bytes],
    fields: int,
    bounds: Bounds = UNBOUNDED,
    delimiter: str = ",",
    encoding: str = "UTF-8",
) -> Iterator[Block]:
    """Yield the records after the header, which `header` has read; blank lines are not records.

    Args:
        stream: the file in UTF-8.
        fields: number of columns of the header.
        bounds: limits; OutOfBoundsError where the file exceeds them.
        delimiter: one ASCII character.
        encoding: of the file before it was converted, for messages.
    """
    import numpy as np

    bounded = _BoundedStream(stream, bounds)
    doubtful = _Doubtful(fields, delimiter.encode(), encoding)
    for text in blocks(bounded, LONGEST_LINE):  # type: ignore[arg-type] # it calls nothing but read
        block = text.replace(b"\r\n", b"\n") if b"\r" in text else text
        ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
        starts = np.concatenate(([0], ends + 1))
        usual, count, others = _usual_records(block, starts, bounded.lines + 2, fields, delimiter)
        for place in others:
            doubtful.add(bounded.lines + 2 + int(place), block[starts[place] : ends[place]])
        bounded.lines += len(ends)
        yield Block(usual, count, doubtful.take(is_end=False))
    yield Block(b"", 0, doubtful.take(is_end=True))


def records(stream: IO[bytes], fields: int, bounds: Bounds = UNBOUNDED) -> list[Record]:
    """Return the records of a small file by number; arguments and errors as `record_blocks`."""
    found: list[Record] = []
    for block in record_blocks(stream, fields, bounds):
        numbered = [line.split(b",", 1) for line in bytes(block.usual).splitlines()]
        found += [*(Record(int(number), text) for number, text in numbered), *block.others]
    return sorted(found)


def _usual_records(
    block: bytes, starts: np.ndarray, first: int, fields: int, delimiter: str
) -> tuple[bytes | memoryview, int, np.ndarray]:
    """Return the numbered records of the lines that are ones beyond doubt, their number, and the places of
    all other lines.

    Args:
        block: whole lines.
        starts: where each begins, and the end of the block.
        first: the number of the first.
        fields: number of columns.
        delimiter: one ASCII character.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(starts) - 1
    if fields == 1:
        return b"", 0, np.arange(count)
    lines = _array(starts, pa.py_buffer(block))
    # In a block that is not UTF-8, each line beyond ASCII is in doubt.
    pattern = _usual(delimiter, fields, "" if is_utf8(block) else r"\x80-\xff")
    is_short = pa.array(np.diff(starts) <= _LONGEST_USUAL)
    is_usual = pc.and_(pc.match_substring_regex(lines, pattern), is_short)
    powers = 10 ** np.arange(_DIGITS - 1, -1, -1)
    digits = np.arange(first, first + count)[:, None] // powers % 10 + ord("0")
    # The join leaves out lines whose number is NULL.
    places, valid = np.arange(count + 1) * _DIGITS, is_usual.buffers()[1]
    numbers = _array(places, pa.py_buffer(digits.astype(np.uint8).tobytes()), valid)
    joined: Any = pc.binary_join_element_wise(numbers, lines, pa.scalar(delimiter.encode()))
    _, ends, text = joined.buffers()
    size = int(np.frombuffer(ends, np.int32)[count])
    others = np.flatnonzero(~is_usual.to_numpy(zero_copy_only=False))
    return memoryview(text)[:size], count - len(others), others


def _array(starts: np.ndarray, text: pa.Buffer, valid: pa.Buffer | None = None) -> Any:
    import numpy as np
    import pyarrow as pa

    places = pa.py_buffer(starts.astype(np.int32).tobytes())
    return pa.Array.from_buffers(pa.binary(), len(starts) - 1, [valid, places, text])


class _Doubtful:
    """Lines that may be malformed, or belong to a record over several of them."""

    def __init__(self, fields: int, comma: bytes, encoding: str) -> None:
        self._fields, self._comma, self._encoding = fields, comma, encoding
        self._lines = deque[bytes]()  # neighbours
        self._number = 0  # of the first of them
        self._records: list[Record] = []

    def add(self, number: int, line: bytes) -> None:
        """Add the line `number`, without its line feed."""
        if number != self._number + len(self._lines):
            self._judge(is_end=True)
            self._number = number
        self._lines.append(line[:LONGEST_LINE])

    def take(self, *, is_end: bool) -> list[Record]:
        """Return the records so far, without those that may go on in lines to come."""
        self._judge(is_end)
        taken, self._records = self._records, []
        return taken

    def _judge(self, is_end: bool) -> None:
        lines, fields, comma = self._lines, self._fields, self._comma
        _, complete_record, open_record = _patterns(comma)
        while lines:
            text, fault, more = lines[0].rstrip(b"\r\n"), "", 0
            is_blank = not text
            if len(text) >= LONGEST_LINE:
                fault = f"longer than {LONGEST_LINE} bytes"
            elif not is_utf8(text):
                fault = f"not {self._encoding}"
            elif b'"' not in text and b"\r" not in text:
                if (commas := text.count(comma)) != fields - 1:
                    is_blank = is_blank or text.isspace()
                    fault = f"too {'few' if commas < fields - 1 else 'many'} fields"
            elif complete_record.fullmatch(text):
                # DuckDB would store an error for each missing field.
                fault = "too few fields" if text.count(comma) < fields - 1 else ""
            elif not open_record.fullmatch(text):
                fault = "a carriage return outside quotes" if b"\r" in text else "text after a closing quote"
            elif not is_end and len(lines) <= MOST_LINES:
                return
            elif more := _continuation(lines, fields, comma):
                text = b"\n".join(lines[place].rstrip(b"\r\n") for place in range(more + 1))
            else:
                fault = "a quote that is not closed"
            if not is_blank:
                reason = "bad_encoding" if fault == f"not {self._encoding}" else "malformed_line"
                self._records.append(Record(self._number, text, (reason, fault) if fault else None))
            for _ in range(more + 1):
                lines.popleft()
            self._number += more + 1


def unpadded(text: bytes, delimiter: str = ",") -> bytes:
    """Return a whole record without the blanks before quotes that open a field: after two such blanks DuckDB
    reads the quote as text, and the next quote may swallow the file."""
    if b'  "' not in text:
        return text
    fields, place, comma = [], 0, delimiter.encode()
    pattern, _, _ = _patterns(comma)
    while found := pattern.match(text, place):
        field = found[0].lstrip(b" ")
        fields.append(field if field.startswith(b'"') else found[0])
        if found.end() == len(text):
            break
        place = found.end() + 1
    return comma.join(fields)


class _BoundedStream:
    """A stream that checks the bounds whenever it is read. `lines`: how many were read, which the reader
    counts."""

    def __init__(self, stream: IO[bytes], bounds: Bounds) -> None:
        self._stream, self._bounds = stream, bounds
        self._began, self._size, self.lines = bounds.clock(), 0, 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._size += len(data)
        self._bounds.check(self.lines, self._size, self._began)
        return data


def _continuation(lines: Sequence[bytes], fields: int, comma: bytes) -> int:
    """Return how many lines after the first one, which is open, belong to its record; 0 without one."""
    whole, (_, complete_record, open_record) = lines[0].rstrip(b"\r\n"), _patterns(comma)
    for count in range(1, min(MOST_LINES + 1, len(lines))):
        line = lines[count]
        if line.count(comma) >= fields - 1 or len(whole) + len(line) >= LONGEST_LINE:
            break
        whole += b"\n" + line.rstrip(b"\r\n")
        if complete_record.fullmatch(whole):
            text_lines = io.StringIO(whole.decode("utf-8", "replace"), newline="")
            columns = next(csv.reader(text_lines, delimiter=comma.decode()))
            return count if len(columns) == fields and is_utf8(whole) else 0
        if not open_record.fullmatch(whole):
            break
    return 0
