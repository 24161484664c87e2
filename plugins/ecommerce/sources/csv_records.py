"""Split CSV files that partners deliver into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record continues over
several lines only if, read whole, it has the right number of fields, and no later line of it could be a
record of its own. Otherwise its first line alone is rejected. So one bad line costs one line.

A pattern finds the blocks, and pieces of others, whose lines are certainly records. The remaining lines are
judged one by one. pyarrow parses the records of all.
"""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from math import inf
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

from ecommerce.core.email_masking import clean_id
from ecommerce.core.text import clean
from ecommerce.sources import text_blocks
from ecommerce.sources.text_blocks import ahead, blocks, is_utf8

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
PIECE = 200
"""Lines of a block that are judged together where not all of the block are certain."""
END = b"\n" * MOST_LINES
"""Lines behind the last of a file, so that no record is waiting for its end."""
OPEN_QUOTE = "a quote that is not closed"
TOO_FEW = "too few fields"


@dataclass(eq=False)
class UnusableFileError(Exception):
    """A file that is rejected as a whole, with the reason's code and a detail for a person."""

    detail: str
    reason: str = "file_unreadable"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one file: lines (with blank ones), bytes after decompression, seconds, malformed lines.

    A file with more malformed lines than this is another kind of file, or has one open quote. Of a file with
    more than `blocks`, the others are not read.
    """

    lines: float
    bytes: float
    seconds: float
    malformed: float = 100_000
    blocks: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file writes its records.

    With the quoting `none`, a quote is a character like any other. A record with too few fields is padded
    with empty ones if its field at the place `short_without` (from 0) is missing or blank.
    """

    delimiter: str = ","
    quoting: Literal["standard", "none"] = "standard"
    short_without: int | None = None


QUOTING: dict[str, Any] = {"standard": csv.QUOTE_MINIMAL, "none": csv.QUOTE_NONE}
STANDARD = Dialect()
UNBOUNDED = Bounds(inf, inf, inf, inf)


class Record(NamedTuple):
    """A record of a file. It is malformed if it has a `detail`, and then a `reason` code."""

    number: int
    """The record's first line in the file; the header is line 1."""
    text: bytes
    """Without the line end and, if the record is well-formed, without blanks around quotes."""
    detail: str = ""
    reason: str = "malformed_line"


class Batch(NamedTuple):
    """Records of whole lines."""

    table: pa.Table
    """The well-formed ones: columns `0`, `1`, … as text, and `number`."""
    malformed: list[Record]


def column_name(text: str) -> str:
    """Return the name of a column without invisible characters, with single blanks in place of other blanks
    and of line feeds."""
    return " ".join(clean_id(text).split())


def column_names(line: bytes, dialect: Dialect = STANDARD) -> list[str]:
    """Return the column names in the header of a file in UTF-8.

    Raise UnusableFileError if the line is empty, too long, or not CSV.
    """
    if len(line) > LONGEST_HEADER:
        raise UnusableFileError(f"its first line is longer than {LONGEST_HEADER} bytes")
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
        [names] = csv.reader(
            [text],
            delimiter=dialect.delimiter,
            quoting=QUOTING[dialect.quoting],
            skipinitialspace=True,
            strict=True,
        )
    except (UnicodeDecodeError, csv.Error):
        raise UnusableFileError(
            "its first line cannot be read as a CSV header in its encoding"
        ) from None
    if not text:
        raise UnusableFileError("it is empty, without even a header")
    return [column_name(name) for name in names]


def find_header(
    stream: IO[bytes],
    dialect: Dialect,
    wanted: Collection[str],
) -> tuple[list[str], int]:
    """Read a file in UTF-8 up to its header, and return the column names and the header's last line number.

    The header is the first of `HEADER_LINES` lines that has all `wanted` columns. Raise UnusableFileError if
    there is none, or if it has one of them more than once.
    """
    lines: list[bytes] = []
    names: list[str] = []
    number = 0
    missing = list(wanted)
    while missing and len(lines) < HEADER_LINES:
        lines.append(stream.readline(LONGEST_HEADER + 1))
        # A name may have line feeds.
        for first in reversed(range(len(lines))):
            with suppress(UnusableFileError):
                found = column_names(b"".join(lines[first:]), dialect)
                lacking = [name for name in wanted if name not in found]
                if len(lacking) < len(missing):
                    names = found
                    number = len(lines)
                    missing = lacking
        if len(lines[-1]) > LONGEST_HEADER:
            break
    for name in wanted:
        if names.count(name) > 1:
            raise UnusableFileError(f"its header has {name} more than once")
    if not missing:
        return names, number
    if names:
        place = f" in line {number}" if number > 1 else ""
        fault = f"its header{place} lacks {', '.join(missing)}"
        shown = ""
    else:
        line = next(filter(bytes.strip, lines), b"")
        # Raises what is wrong with the line, if it is no CSV.
        column_names(line, dialect)
        fault = f"none of its first {HEADER_LINES} lines is a header of its layout"
        shown = f"line {lines.index(line) + 1} is: {_shape(line)}; "
    raise UnusableFileError(
        f"{fault} (the delimiter is {dialect.delimiter!r}); {shown}if its partner has another layout, "
        "describe it in include/partners (docs/RECIPES.md)",
        "missing_column",
    )


def _shape(line: bytes) -> str:
    """Return a line with `x` for each letter and `9` for each digit, because it may be personal data."""
    text = clean(line.decode("utf-8-sig", "replace"))
    if re.fullmatch("sep=.", text):
        return text
    digits_hidden = re.sub(r"\d", "9", text)
    return re.sub(r"[^\W\d_]|[^\0-\x7f…]", "x", digits_hidden)


def _chunks(stream: IO[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Yield the bytes of `stream`. Raise UnusableFileError once they are more, or reading them takes longer,
    than allowed."""
    deadline = time.monotonic() + bounds.seconds
    total = 0
    while chunk := stream.read(text_blocks.BLOCK):
        total += len(chunk)
        if total > bounds.bytes:
            raise UnusableFileError(
                f"it has more than {bounds.bytes:,} bytes, decompressed",
                "file_too_large",
            )
        if time.monotonic() >= deadline:
            raise UnusableFileError(
                f"reading it takes more than {bounds.seconds:g} seconds",
                "file_too_large",
            )
        yield chunk


class Reader:
    """Divides the lines of a file into records with a given number of fields.

    A field may be in quotes, with blanks around them. A quote inside a field without quotes is a character
    like any other (5" screen). The patterns are possessive, so that their time is linear.
    """

    def __init__(
        self,
        fields: int,
        dialect: Dialect = STANDARD,
        first_line: int = 2,
    ) -> None:
        self.number = first_line
        """The number of the next line."""
        self._unfinished = b""
        """The last lines, if their record may continue in the next block."""
        self._fields = fields
        self._dialect = dialect
        self._separator = dialect.delimiter.encode()
        self._blanks = b" \t\v\f\r".replace(self._separator, b"")
        # Blanks around quotes are not of the field.
        field = self._pattern(r'(?: *+(?="))?+("(?:[^"]++|"")*+"|(?! *")[^,\r]*+) *+,')
        self._field = re.compile(field.encode())
        self._complete = re.compile(f"(?:{field})*+".encode())
        self._exact = re.compile(f"(?:{field}){{{fields}}}".encode())
        certain = r'(?:"(?:[^"\r\n]|"")*"| *(?:[^" ,\r\n][^,\r\n]*)?)'
        self._certain = self._pattern(f"^(?:{','.join([certain] * fields)}\n)*$")

    def _pattern(self, pattern: str) -> str:
        """Return a pattern of standard records as one of this dialect."""
        if self._dialect.quoting == "none":
            # A byte that UTF-8 lacks.
            pattern = pattern.replace('"', r"\xff")
        return pattern.replace(",", re.escape(self._dialect.delimiter))

    def tables(
        self,
        stream: IO[bytes],
        bounds: Bounds = UNBOUNDED,
    ) -> Iterator[Batch]:
        """Yield the records after the header in batches.

        Raise UnusableFileError if the file exceeds `bounds`.
        """
        last_line = self.number + bounds.lines
        whole_lines = blocks(_chunks(stream, bounds), LONGEST_LINE)
        for block in ahead(islice(whole_lines, bounds.blocks)):
            yield self.divide(block)
            if self.number > last_line:
                raise UnusableFileError(
                    f"it has more than {bounds.lines:,} lines", "file_too_large"
                )
        yield self.divide(END)

    def divide(self, block: bytes) -> Batch:
        """Return the records of the next lines, which are `END` behind the last."""
        import numpy as np

        text = self._unfinished + block.replace(b"\r\n", b"\n")
        lines = text.count(b"\n")
        numbers: Any = np.arange(self.number, self.number + lines)
        malformed = []
        self._unfinished = b""
        if not self.is_certain(text):
            texts = []
            numbers = []
            for record in self._records(text.split(b"\n")[:-1]):
                if record.detail:
                    malformed.append(record)
                else:
                    texts.append(record.text)
                    numbers.append(record.number)
            text = b"\n".join(texts)
        self.number += lines - self._unfinished.count(b"\n")
        return Batch(self._parse(text, numbers), malformed)

    def is_certain(self, lines: bytes) -> bool:
        """Return whether each of the lines is certainly a record.

        They are in UTF-8 and not very long, and have no carriage return, blanks around quotes, or quote that
        continues in the next line.
        """
        import pyarrow as pa
        from pyarrow import compute

        # Blanks are no record, also of one field. A longer block may have a line that is too long.
        if self._fields == 1 or len(lines) > LONGEST_LINE or not is_utf8(lines):
            return False
        text = pa.scalar(lines, pa.binary())
        return bool(compute.match_substring_regex(text, self._certain).as_py())

    def _records(self, lines: list[bytes]) -> Iterator[Record]:
        """Yield the records of lines: of a piece whose lines are all certain at once, else line by line."""
        position = 0
        piece_end = 0
        while position < len(lines):
            if position >= piece_end:
                piece = lines[position : position + PIECE]
                piece_end = position + len(piece)
                if self.is_certain(b"\n".join([*piece, b""])):
                    yield from map(Record, count(self.number + position), piece)
                    position = piece_end
                    continue
            if lines[position].strip(self._blanks):
                following = lines[position : position + MOST_LINES + 1]
                record = self._record(self.number + position, following)
                if record is None:
                    self._unfinished = b"\n".join([*following, b""])
                    return
                position += record.text.count(b"\n")
                yield record
            position += 1

    def _record(self, number: int, lines: Sequence[bytes]) -> Record | None:
        """Return the record that begins with the first of `lines`.

        It is that line alone if its quote is not closed, and None if later lines may close it.
        """
        first = self._line(number, lines[0])
        if first.detail == TOO_FEW:
            return self._padded(first)
        record = first
        for line in lines[1:]:
            if record.detail != OPEN_QUOTE:
                break
            if not self._line(number, line).detail:
                # It could be a record of its own.
                return first
            record = self._line(number, record.text + b"\n" + line)
        if record.detail == OPEN_QUOTE and len(lines) <= MOST_LINES:
            return None
        return first if record.detail else record

    def _padded(self, record: Record) -> Record:
        """Return a record with too few fields, padded if its dialect allows it."""
        place = self._dialect.short_without
        fields = self._field.findall(record.text + self._separator)
        fields += [b""] * (self._fields - len(fields))
        if place is None or fields[place].strip(b'" '):
            return record
        return Record(record.number, self._separator.join(fields))

    def _line(self, number: int, text: bytes) -> Record:
        """Return the record that `text` is, well-formed or malformed."""
        text = text.rstrip(b"\r")
        ended = text + self._separator
        detail = "text after a closing quote"
        if len(text) > LONGEST_LINE:
            text = text[:LONGEST_LINE]
            detail = f"longer than {LONGEST_LINE} bytes"
        elif not is_utf8(text):
            detail = "bytes that are not in the file's encoding"
            return Record(number, text, detail, "bad_encoding")
        elif self._exact.fullmatch(ended):
            if b' "' in text or b'" ' in text:
                text = self._separator.join(self._field.findall(ended))
            return Record(number, text)
        elif self._complete.fullmatch(ended):
            detail = TOO_FEW
            if len(self._field.findall(ended)) > self._fields:
                detail = "too many fields"
        elif self._complete.fullmatch(text + b'"' + self._separator):
            detail = OPEN_QUOTE
        elif b"\r" in text:
            detail = "a carriage return outside quotes"
        return Record(number, text, detail)

    def _parse(self, records: bytes, numbers: Any) -> pa.Table:
        """Return the table of records with these numbers."""
        import pyarrow as pa
        from pyarrow import csv as pa_csv

        names = [str(place) for place in range(self._fields)]
        # pyarrow removes a byte order mark at the beginning, and mistakes an empty field at the end.
        text = b"".join([b"\n", records, b"\n"])
        table = pa_csv.read_csv(
            io.BytesIO(text),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(text),
                column_names=names,
            ),
            pa_csv.ParseOptions(
                delimiter=self._dialect.delimiter,
                quote_char=self._dialect.quoting == "standard" and '"',
                newlines_in_values=True,
            ),
            pa_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        # Raises ArrowInvalid if records were lost.
        return table.append_column("number", pa.array(numbers, pa.int64()))
