"""Splitting a partner's CSV into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record may go on over
several lines only when, read whole, it has the right number of fields and none of its later lines looks like
a record itself; otherwise its first line alone is rejected. So one bad line costs one line. A file beyond its
`Bounds` is not read to its end.
"""

from __future__ import annotations

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


class _Patterns(NamedTuple):
    """Patterns of a record's text for one delimiter: a field, a complete record, one with an open quote."""

    field: re.Pattern[bytes]
    complete: re.Pattern[bytes]
    open: re.Pattern[bytes]


@cache
def _patterns(delimiter: bytes) -> _Patterns:
    comma = re.escape(delimiter)
    field = rb'(?: *+"(?:[^"]++|"")*+" *+|(?! *")[^%s\r]*+)' % comma
    return _Patterns(
        re.compile(field),
        re.compile(rb"%s(?:%s%s)*+" % (field, comma, field)),
        re.compile(rb'(?:%s%s)*+ *+"(?:[^"]++|"")*+' % (field, comma)),
    )


class Record(NamedTuple):
    """One record as delivered, without its line end.

    `number` is its (first) line in the file, from 1. `fault` is a reason code and its detail where the record
    is malformed.
    """

    number: int
    text: bytes
    fault: tuple[str, str] | None = None


def header(stream: IO[bytes], delimiter: str = ",", encoding: str = "UTF-8") -> list[str]:
    """Read the first line: the column names, without byte order mark and surrounding blanks.

    Args:
        stream: the file in UTF-8.
        delimiter: one ASCII character.
        encoding: of the file before it was converted, for messages.

    Raises:
        ValueError: the line is empty, too long, or invalid UTF-8; its text states which.
    """
    line = stream.readline(LONGEST_LINE).removeprefix(b"\xef\xbb\xbf")
    if len(line) > LONGEST_HEADER:
        raise ValueError(f"its first line is longer than {LONGEST_HEADER} bytes")
    try:
        rows = list(csv.reader([line.decode().strip("\r\n")], strict=True, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"its first line cannot be read as a CSV header in {encoding}") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if not names:
        raise ValueError("it is empty, without even a header")
    return names


def records(
    stream: IO[bytes],
    fields: int,
    bounds: Bounds | None = None,
    delimiter: str = ",",
    encoding: str = "UTF-8",
) -> Iterator[Record]:
    """Yield the records after the header, which `header` has read; blank lines are not records.

    Args:
        stream: the file in UTF-8.
        fields: number of columns of the header.
        bounds: limits of lines, bytes and seconds.
        delimiter: one ASCII character.
        encoding: of the file before it was converted, for messages.

    Raises:
        OutOfBoundsError: the file exceeds `bounds`.
    """
    comma = delimiter.encode()
    patterns = _patterns(comma)
    ahead: deque[bytes] = deque()  # lines that were looked at and not taken
    number = 1
    read_line = _line_reader(stream, bounds)
    while line := ahead.popleft() if ahead else read_line():
        number += 1
        text = line.rstrip(b"\r\n")
        if not text:
            continue
        if len(text) >= LONGEST_LINE:
            yield Record(number, text, ("malformed_line", f"longer than {LONGEST_LINE} bytes"))
        elif not _is_utf8(text):
            yield Record(number, text, ("bad_encoding", f"not {encoding}"))
        elif b'"' not in text and b"\r" not in text:
            if (commas := text.count(comma)) == fields - 1:
                yield Record(number, text)
            elif text and not text.isspace():  # DuckDB stores an error for each missing field
                few_or_many = "few" if commas < fields - 1 else "many"
                yield Record(number, text, ("malformed_line", f"too {few_or_many} fields"))
        elif patterns.complete.fullmatch(text):
            is_short = text.count(comma) < fields - 1  # DuckDB stores an error for each missing field
            yield Record(number, text, ("malformed_line", "too few fields") if is_short else None)
        elif not patterns.open.fullmatch(text):
            what = "a carriage return outside quotes" if b"\r" in text else "text after a closing quote"
            yield Record(number, text, ("malformed_line", what))
        elif more := _continuation(text, read_line, ahead, fields, comma):
            whole = b"\n".join([text, *(ahead.popleft().rstrip(b"\r\n") for _ in range(more))])
            yield Record(number, whole)
            number += more
        else:
            yield Record(number, text, ("malformed_line", "a quote that is not closed"))


def unpadded(text: bytes, delimiter: str = ",") -> bytes:
    """Return a whole record without the blanks before quotes that open a field: after two such blanks DuckDB
    reads the quote as text, and the next quote may swallow the file."""
    if b'  "' not in text:
        return text
    fields, place = [], 0
    comma = delimiter.encode()
    while found := _patterns(comma).field.match(text, place):
        field = found[0].lstrip(b" ")
        fields.append(field if field.startswith(b'"') else found[0])
        if found.end() == len(text):
            break
        place = found.end() + 1
    return comma.join(fields)


def _line_reader(stream: IO[bytes], bounds: Bounds | None) -> Callable[[], bytes]:
    read = stream.readline  # looked up once: file objects of object stores are wrappers
    lines = read_bytes = 0
    ends_at = bounds.clock() + bounds.seconds if bounds else 0.0

    def check() -> None:
        if bounds is None:
            return
        if lines > bounds.lines:
            raise OutOfBoundsError(f"it has more than {bounds.lines:,} lines")
        if read_bytes > bounds.bytes:
            raise OutOfBoundsError(f"it has more than {bounds.bytes:,} bytes, decompressed")
        if bounds.clock() >= ends_at:
            raise OutOfBoundsError(f"reading it takes more than {bounds.seconds:g} seconds")

    def read_line() -> bytes:
        nonlocal lines, read_bytes
        if lines % _LINES_PER_CHECK == 0:
            check()
        line = read(LONGEST_LINE)
        lines += bool(line)
        read_bytes += len(line)
        if not line or len(line) >= _BYTES_PER_CHECK:
            check()
        if len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := read(LONGEST_LINE)) and not rest.endswith(b"\n"):
                read_bytes += len(rest)  # the rest of an absurd line is not worth the memory
                check()
        return line

    return read_line


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _continuation(
    text: bytes, read_line: Callable[[], bytes], ahead: deque[bytes], fields: int, comma: bytes
) -> int:
    """Return how many lines after the open line `text` belong to its record; 0 without one. Fills `ahead`."""
    whole, patterns = text, _patterns(comma)
    for count in range(1, MOST_LINES + 1):
        if len(ahead) < count:
            ahead.append(read_line())
        line = ahead[count - 1]
        if not line or line.count(comma) >= fields - 1 or len(whole) + len(line) > LONGEST_LINE:
            break
        whole += b"\n" + line.rstrip(b"\r\n")
        if patterns.complete.fullmatch(whole):
            lines = io.StringIO(whole.decode("utf-8", "replace"), newline="")
            columns = next(csv.reader(lines, delimiter=comma.decode()))
            return count if len(columns) == fields and _is_utf8(whole) else 0
        if not patterns.open.fullmatch(whole):
            break
    return 0
