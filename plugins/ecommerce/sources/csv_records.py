"""Split CSV files that partners deliver into records without ever losing a line.

A quote that is never closed makes a CSV reader swallow the lines after it. Here a record continues over
several lines only if, read whole, it has the right number of fields, and no later line of it could be a
record of its own. Otherwise its first line alone is rejected. So one bad line costs one line.

pyarrow parses a block whose quotes are all around fields, or doubled. If it has as many records as lines,
each line is one. In other blocks, a pattern finds runs of lines that are certainly records, and the remaining
lines are judged one by one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from math import inf
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

from ecommerce.core.email_masking import clean_id
from ecommerce.core.text import clean
from ecommerce.sources import text_blocks
from ecommerce.sources.text_blocks import is_utf8

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 1 << 20
"""Bytes of a record. A longer one is malformed."""
LONGEST_HEADER = 1 << 16
"""Bytes."""
LONGEST_BEGINNING = 1 << 18
"""Bytes in which the header has to end."""
HEADER_LINES = 30
"""The header is one of the first lines of a file, at most this one."""
MOST_LINES = 100
"""A record that continues over more lines is taken for an unclosed quote."""
MANY_LINES = re.compile(rb"(?:.*\n){%d}" % (MOST_LINES + 1))
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
    """The well-formed ones: columns as text, and `row_number`."""
    malformed: list[Record]


def column_name(text: str) -> str:
    """Return the name of a column without invisible characters, with single blanks in place of other blanks
    and of line feeds."""
    return " ".join(clean_id(text).split())


def column_names(
    lines: Sequence[bytes],
    dialect: Dialect = STANDARD,
) -> tuple[list[str], int]:
    """Return the column names in a header in UTF-8 that begins with the first of `lines`, and the number of
    its lines, of which a name may have several.

    Raise UnusableFileError if the line is empty, too long, or not CSV.
    """
    if len(lines[0]) > LONGEST_HEADER:
        raise UnusableFileError(f"its first line is longer than {LONGEST_HEADER} bytes")
    header = csv.reader(
        (line.decode("utf-8-sig") for line in lines),
        delimiter=dialect.delimiter,
        quoting=QUOTING[dialect.quoting],
        skipinitialspace=True,
        strict=True,
    )
    try:
        names = next(header)
    except (UnicodeDecodeError, csv.Error):
        raise UnusableFileError(
            "its first line cannot be read as a CSV header in its encoding"
        ) from None
    if not names:
        raise UnusableFileError("it is empty, without even a header")
    return [column_name(name) for name in names], header.line_num


def find_header(
    beginning: bytes,
    dialect: Dialect,
    wanted: Sequence[str],
) -> tuple[list[str], int]:
    """Return the column names of a file in UTF-8, and the header's last line number.

    The header is the first of `HEADER_LINES` lines that has all `wanted` columns. Raise UnusableFileError if
    there is none in the `beginning`, or if it has one of them more than once.
    """
    lines = list(islice(io.BytesIO(beginning[:LONGEST_BEGINNING]), HEADER_LINES))
    names: list[str] = []
    number = 0
    missing = wanted
    for first in range(len(lines)):
        with suppress(UnusableFileError):
            found, count = column_names(lines[first:], dialect)
            lacking = [name for name in wanted if name not in found]
            if len(lacking) < len(missing):
                names = found
                number = first + count
                missing = lacking
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
        if b"\r" in line.strip():
            raise UnusableFileError(
                "its lines end with carriage returns alone: export it with line feeds"
            )
        # Raises what is wrong with the line, if it is no CSV.
        column_names([line], dialect)
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


@dataclass
class Text:
    """The text of a file in UTF-8, which it is if it has the byte order mark.

    A byte that the encoding does not define is kept, so that only its line is rejected.
    """

    stream: IO[bytes]
    encoding: str
    bounds: Bounds
    was_utf8: bool | None = None
    """Whether a file of another encoding has been valid UTF-8 so far; None while it is ASCII."""

    def blocks(self) -> Iterator[bytes]:
        """Yield whole lines in blocks. Raise UnusableFileError if the file exceeds its bounds."""
        chunks = self._chunks()
        first = next(chunks, b"")
        chunks = chain([first], chunks)
        if self.encoding != "utf-8" and not first.startswith(codecs.BOM_UTF8):
            text = codecs.iterdecode(
                self._examined(chunks), self.encoding, "surrogateescape"
            )
            chunks = codecs.iterencode(text, "utf-8", "surrogateescape")
        whole_lines = text_blocks.blocks(chunks, LONGEST_LINE)
        return islice(whole_lines, self.bounds.blocks)

    def _chunks(self) -> Iterator[bytes]:
        """Yield the bytes of the file, as long as they and the time of reading them are within the bounds."""
        bounds = self.bounds
        deadline = time.monotonic() + bounds.seconds
        total = 0
        while chunk := self.stream.read(text_blocks.BLOCK):
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

    def _examined(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield `chunks`, and note whether they are UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for chunk in chunks:
            text = decoder.decode(chunk)
            if self.was_utf8 is not False and not text.isascii():
                self.was_utf8 = "\N{REPLACEMENT CHARACTER}" not in text
            yield chunk


class Reader:
    """Divides the lines of a file into records with the fields `columns`.

    A field may be in quotes, with blanks around them. A quote inside a field without quotes is a character
    like any other (5" screen). The patterns are possessive, so that their time is linear.
    """

    def __init__(
        self,
        columns: list[str],
        dialect: Dialect = STANDARD,
        first_line: int = 2,
        kept: list[str] | None = None,
    ) -> None:
        """`columns` are the names of the fields, all different. Tables have those that are `kept`, by default
        all, and NULL in those that are no fields."""
        self.number = first_line
        """The number of the next line."""
        self._unfinished = b""
        """The last lines, if their record may continue in the next block."""
        self._columns = columns
        self._kept = kept or columns
        self._dialect = dialect
        self._separator = dialect.delimiter.encode()
        self._blanks = b" \t\v\f\r\n".replace(self._separator, b"")
        # Blanks around quotes are not of the field.
        field = r'(?: *+(?="))?+("(?:[^"]++|"")*+"|(?! *")[^,\r\n]*+) *+'
        self._field = self._pattern(f"{field},")
        self._record = self._pattern(f"(?:{field},)*+{field}\n")
        certain = r'(?:"(?:[^"\r\n]++|"")*+"|(?! *")[^,\r\n]*+)'
        lines = f"(?:{certain}(?:,{certain}){{{len(columns) - 1}}}\n)*+"
        self._certain_lines = self._pattern(lines)
        self._ascii_lines = self._pattern(lines.replace("]", r"\x80-\xff]"))

    def _pattern(self, pattern: str) -> re.Pattern[bytes]:
        """Return a pattern of standard records as one of this dialect."""
        if self._dialect.quoting == "none":
            # A byte that UTF-8 lacks.
            pattern = pattern.replace('"', r"\xff")
        pattern = pattern.replace(",", re.escape(self._dialect.delimiter))
        return re.compile(pattern.encode())

    def tables(
        self,
        blocks: Iterable[bytes],
        most_lines: float = inf,
    ) -> Iterator[Batch]:
        """Yield the records in blocks of whole lines in batches.

        Raise UnusableFileError if there are more than `most_lines`.
        """
        last_line = self.number + most_lines
        for block in blocks:
            yield self.divide(block)
            if self.number > last_line:
                raise UnusableFileError(
                    f"it has more than {most_lines:,} lines", "file_too_large"
                )
        yield self.divide(END)

    def divide(self, block: bytes) -> Batch:
        """Return the records of the next lines, which are `END` behind the last."""
        import numpy as np

        text = self._unfinished + block
        self._unfinished = b""
        if b"\r" in text:
            # `\r+` has no first letter that `re` can look for: it takes six times as long.
            text = re.sub(rb"\r\r*\n", b"\n", text)
        table = self.whole_block(text)
        if table is not None:
            self.number += len(table)
            return Batch(table, [])
        is_text = is_utf8(text)
        records = []
        numbers: list[Any] = [np.arange(0)]
        malformed = []
        position = 0
        while position < len(text):
            lines = self.certain_lines(text, position, is_text)
            record = None
            if not lines:
                record, lines = self._record_at(text, position)
                if record.detail == OPEN_QUOTE and not MANY_LINES.match(text, position):
                    # Later lines may close it.
                    self._unfinished = text[position:]
                    break
            numbers_of_lines = self._numbers_of(lines)
            self.number += len(numbers_of_lines)
            position += len(lines)
            if record is None:
                records.append(lines)
                numbers.append(numbers_of_lines)
            elif not lines.strip(self._blanks):
                continue
            elif record.detail:
                malformed.append(record)
            else:
                records.append(record.text + b"\n")
                numbers.append(numbers_of_lines[:1])
        return Batch(self._parse(records, np.concatenate(numbers)), malformed)

    def whole_block(self, text: bytes) -> pa.Table | None:
        """Return the records of whole lines, if each line is certainly one record; None if not, or unknown.

        They are in UTF-8 and not very long, and have no carriage return, blanks around quotes, or quote that
        continues in the next line.
        """
        import pyarrow as pa

        if (
            b"\r" not in text
            and self._may_be_certain(text)
            and self._are_quotes_certain(text)
            and is_utf8(text)
        ):
            # A line may have another number of fields, or none.
            with suppress(pa.ArrowInvalid):
                return self._parse([text], self._numbers_of(text))
        return None

    def _may_be_certain(self, text: bytes) -> bool:
        # Blanks are no record, also of one field. A longer block may have a line that is too long.
        return len(self._columns) > 1 and len(text) <= LONGEST_LINE

    def _are_quotes_certain(self, text: bytes) -> bool:
        """Return whether each quote in whole lines begins a field, ends one, or is doubled in one."""
        import numpy as np

        if self._dialect.quoting == "none":
            return True
        letters = np.frombuffer(text, np.uint8)
        quotes = np.flatnonzero(letters == ord('"'))
        # The letter before the first one is the last one, a line feed. A quote next to a quote continues the
        # field.
        outside = [letters[quotes[::2] - 1], letters[quotes[1::2] + 1]]
        edges = np.frombuffer(b'\n"' + self._separator, np.uint8)
        is_even = len(quotes) % 2 == 0
        return is_even and bool(np.isin(np.concatenate(outside), edges).all())

    def _numbers_of(self, lines: bytes) -> Any:
        """Return the numbers of the next lines."""
        import numpy as np

        count = np.count_nonzero(np.frombuffer(lines, np.uint8) == ord("\n"))
        return np.arange(self.number, self.number + count)

    def certain_lines(self, text: bytes, position: int, is_text: bool) -> bytes:
        """Return the lines from a position on that are certainly records each: all, or some.

        In a block with bytes that are not UTF-8, which `is_text` excludes, they are ASCII.
        """
        if not self._may_be_certain(text):
            return b""
        pattern = self._certain_lines if is_text else self._ascii_lines
        lines = pattern.match(text, position)
        return lines[0] if lines else b""

    def _record_at(self, text: bytes, position: int) -> tuple[Record, bytes]:
        """Return the record at a position of whole lines, and its lines: one, or all up to a closing quote,
        if none of the later ones could be a record of its own."""
        lines = text[position : text.index(b"\n", position) + 1]
        record = self._line(self.number, lines[:-1])
        whole = record.detail == OPEN_QUOTE and self._record.match(text, position)
        if whole:
            later = whole[0][:-1].split(b"\n")[1 : MOST_LINES + 2]
            # One without a fault could be a record of its own.
            faults = [self._line(0, line).detail for line in later]
            if all(faults) and len(faults) <= MOST_LINES:
                joined = self._line(self.number, whole[0][:-1])
                if not joined.detail:
                    return joined, whole[0]
        return self._padded(record), lines

    def _padded(self, record: Record) -> Record:
        """Return a record, padded if it has too few fields and its dialect allows it."""
        place = self._dialect.short_without
        if record.detail != TOO_FEW or place is None:
            return record
        fields = self._field.findall(record.text + self._separator)
        fields += [b""] * (len(self._columns) - len(fields))
        if fields[place].strip(b'" '):
            return record
        return Record(record.number, self._separator.join(fields))

    def _line(self, number: int, text: bytes) -> Record:
        """Return the record that `text` is, well-formed or malformed."""
        detail = "text after a closing quote"
        if len(text) > LONGEST_LINE:
            text = text[:LONGEST_LINE]
            detail = f"longer than {LONGEST_LINE} bytes"
        elif not is_utf8(text):
            detail = "bytes that are not in the file's encoding"
            return Record(number, text, detail, "bad_encoding")
        elif self._record.fullmatch(text + b"\n"):
            fields = self._field.findall(text + self._separator)
            if len(fields) == len(self._columns):
                return Record(number, self._separator.join(fields))
            is_short = len(fields) < len(self._columns)
            detail = TOO_FEW if is_short else "too many fields"
        elif self._record.fullmatch(text + b'"\n'):
            detail = OPEN_QUOTE
        elif b"\r" in text:
            detail = "a carriage return outside quotes"
        return Record(number, text, detail)

    def _parse(self, records: list[bytes], numbers: Any) -> pa.Table:
        """Return the table of records with these numbers.

        Raise ArrowInvalid if a record has another number of fields, or they are not as many as their numbers.
        """
        import pyarrow as pa
        from pyarrow import csv as pa_csv

        # pyarrow removes a byte order mark at the beginning, and mistakes an empty field at the end.
        text = b"".join([b"\n", *records, b"\n"])
        table = pa_csv.read_csv(
            io.BytesIO(text),
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=len(text),
                column_names=self._columns,
            ),
            pa_csv.ParseOptions(
                delimiter=self._dialect.delimiter,
                quote_char=self._dialect.quoting == "standard" and '"',
                newlines_in_values=True,
            ),
            pa_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys([*self._columns, *self._kept], pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                include_columns=self._kept,
                include_missing_columns=True,
            ),
        )
        return table.append_column("row_number", pa.array(numbers, pa.int64()))
