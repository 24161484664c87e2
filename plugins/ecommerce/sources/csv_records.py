"""Splitting a partner's CSV into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record may go on over
several lines only when, read whole, it has the right number of fields and none of its later lines looks like
a record itself; otherwise its first line alone is rejected. So one bad line costs one line. A file beyond its
`Bounds` is not read to its end.
"""

import csv
import io
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import IO, NamedTuple

LONGEST_LINE, LONGEST_HEADER = 1 << 20, 1 << 16
MOST_LINES = 100
"""A record over more lines, or longer, is taken for an unclosed quote."""

_LINES_PER_CHECK, _BYTES_PER_CHECK = 10_000, 1 << 16


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


def records(
    stream: IO[bytes],
    fields: int,
    bounds: Bounds = UNBOUNDED,
    delimiter: str = ",",
    encoding: str = "UTF-8",
) -> Iterator[Record]:
    """Yield the records after the header, which `header` has read; blank lines are not records.

    Args:
        stream: the file in UTF-8.
        fields: number of columns of the header.
        bounds: limits; OutOfBoundsError where the file exceeds them.
        delimiter: one ASCII character.
        encoding: of the file before it was converted, for messages.
    """
    comma, lines, number = delimiter.encode(), _lines(stream, bounds), 1
    _, complete_record, open_record = _patterns(comma)
    ahead: deque[bytes] = deque()  # lines that were looked at and not taken
    while line := ahead.popleft() if ahead else next(lines, b""):
        number += 1
        text = line.rstrip(b"\r\n")
        if not text:
            continue
        fault = ""
        if len(text) >= LONGEST_LINE:
            fault = f"longer than {LONGEST_LINE} bytes"
        elif not _is_utf8(text):
            yield Record(number, text, ("bad_encoding", f"not {encoding}"))
            continue
        elif b'"' not in text and b"\r" not in text:
            if (commas := text.count(comma)) != fields - 1:
                if text.isspace():
                    continue
                fault = f"too {'few' if commas < fields - 1 else 'many'} fields"
        elif complete_record.fullmatch(text):
            # DuckDB would store an error for each missing field.
            fault = "too few fields" if text.count(comma) < fields - 1 else ""
        elif not open_record.fullmatch(text):
            fault = "a carriage return outside quotes" if b"\r" in text else "text after a closing quote"
        elif more := _continuation(text, lines, ahead, fields, comma):
            whole = b"\n".join([text, *(ahead.popleft().rstrip(b"\r\n") for _ in range(more))])
            yield Record(number, whole)
            number += more
            continue
        else:
            fault = "a quote that is not closed"
        yield Record(number, text, ("malformed_line", fault) if fault else None)


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


def _lines(stream: IO[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Yield the lines, of an absurd one the beginning, and check the bounds now and then."""
    read = stream.readline  # looked up once: file objects of object stores are wrappers
    number = size = 0
    began = bounds.clock()
    while line := read(LONGEST_LINE):
        number += 1
        size += len(line)
        rest = line
        while len(rest) >= LONGEST_LINE and not rest.endswith(b"\n"):
            bounds.check(number, size, began)
            rest = read(LONGEST_LINE)
            size += len(rest)
        if number % _LINES_PER_CHECK == 0 or len(line) >= _BYTES_PER_CHECK:
            bounds.check(number, size, began)
        yield line
    bounds.check(number, size, began)


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _continuation(text: bytes, lines: Iterator[bytes], ahead: deque[bytes], fields: int, comma: bytes) -> int:
    """Return how many lines after the open line `text` belong to its record; 0 without one. Fills `ahead`."""
    whole, (_, complete_record, open_record) = text, _patterns(comma)
    for count in range(1, MOST_LINES + 1):
        if len(ahead) < count:
            ahead.append(next(lines, b""))
        line = ahead[count - 1]
        if not line or line.count(comma) >= fields - 1 or len(whole) + len(line) > LONGEST_LINE:
            break
        whole += b"\n" + line.rstrip(b"\r\n")
        if complete_record.fullmatch(whole):
            text_lines = io.StringIO(whole.decode("utf-8", "replace"), newline="")
            columns = next(csv.reader(text_lines, delimiter=comma.decode()))
            return count if len(columns) == fields and _is_utf8(whole) else 0
        if not open_record.fullmatch(whole):
            break
    return 0
