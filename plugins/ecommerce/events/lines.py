"""The lines of an answer, as Arrow batches for DuckDB, in bounded memory whatever is in them.

Lines are found here and not by a reader of CSV files, which has ideas of its own about carriage returns,
quotes, zero bytes and what is no UTF-8. What is within a line is left to DuckDB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.errors import ContractError
from ecommerce.core.text import clean
from ecommerce.sources.text_blocks import BLOCK, blocks

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 256 * 1024
"""Bytes of the longest line that is read as an event; none is a hundredth as long."""
KEPT_OF_LONG = 4 * 1000
"""Bytes that are kept of a longer one: its first 1,000 characters, whatever they are."""
FIRST_LINES = 20
"""Among so many first lines there must be an event, unless the first is merely no JSON."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = b" \t\r"
NOT_JSON, TOO_LONG = "not_json", "too_long"
FIELDS = (
    "event_id",
    "occurred_at",
    "received_at",
    "session_id",
    "visitor_id",
    "event_type",
    "sku",
    "order_id",
    "device",
    "referrer",
    "user_agent",
)


@dataclass
class Lines:
    """The lines of files, one file after the other. `last` is the number of the last line that was read, and
    `found` counts those that are not blank."""

    last: int = 0
    found: int = 0

    def reader(self, path: Path) -> pa.RecordBatchReader:
        """Return the lines of a file as DuckDB takes them: line_number, line (without its line feed), fault.
        Blank lines are counted and left out."""
        import pyarrow as pa

        types: dict[str, pa.DataType] = {
            "line_number": pa.int64(),
            "line": pa.string(),
            "fault": pa.string(),
        }
        schema = pa.schema(types)
        return pa.RecordBatchReader.from_batches(schema, self._batches(path, schema))

    def _batches(
        self,
        path: Path,
        schema: pa.Schema,
    ) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        with path.open("rb") as stream:
            beginning = stream.read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
            chunks = iter(lambda: stream.read(BLOCK), b"")
            for block in blocks(chunks, LONGEST_LINE, beginning):
                numbers = []
                texts = []
                faults = []
                for line in block.split(b"\n")[:-1]:
                    self.last += 1
                    if line.strip(BLANKS):
                        text, fault = _decoded(line)
                        numbers.append(self.last)
                        texts.append(text)
                        faults.append(fault)
                self.found += len(texts)
                columns: Any = [numbers, texts, faults]
                yield pa.record_batch(columns, schema=schema)


def _decoded(line: bytes) -> tuple[str, str | None]:
    """Return the text of a line, and its fault; JSON is UTF-8. Of a long line, the text begins after the
    blanks."""
    if len(line) > LONGEST_LINE:
        beginning = line.lstrip(BLANKS)[:KEPT_OF_LONG]
        return beginning.decode(errors="replace"), TOO_LONG
    try:
        return line.decode(), None
    except UnicodeDecodeError:
        return line.decode(errors="replace"), NOT_JSON


def count_lines(path: Path) -> tuple[int, bool]:
    """Return how many lines a file has, and whether each begins with `{`, ends with a line feed and is
    shorter than `LONGEST_LINE`. DuckDB's own reader of JSON skips blank lines, so its row numbers are line
    numbers only in such a file."""
    import numpy as np

    lines = 0
    are_plain = True
    last = b"\n"
    with path.open("rb") as stream:
        # A line of the greatest length fills at least one block.
        while block := stream.read(LONGEST_LINE // 2):
            # numpy takes a third of the processor time of `bytes.count`.
            characters = np.frombuffer(last + block, np.uint8)
            beginnings = characters[1:][characters[:-1] == ord("\n")]
            lines += len(beginnings)
            are_short = len(beginnings) > 0 or len(block) < LONGEST_LINE // 2
            are_braces = bool(np.all(beginnings == ord("{")))
            are_plain = are_plain and are_short and are_braces
            last = block[-1:]
    return lines, are_plain and last == b"\n"


def check_first_lines(path: Path, what: str) -> None:
    """Raise ContractError for an answer that begins with a web page, a JSON list or another object, unless an
    event is among its first lines. They are not quoted: they may hold visitors. Single lines that are no
    events are rejected later."""
    with path.open("rb") as stream:
        lines = iter(lambda: stream.readline(LONGEST_LINE), b"")
        filled = filter(bytes.strip, lines)
        beginning = list(islice(filled, FIRST_LINES))
    if not beginning:
        return
    for line in beginning:
        if _keys(line) & set(FIELDS):
            return
    first = beginning[0].removeprefix(BYTE_ORDER_MARK).strip()
    keys = _keys(first)
    if keys or first == b"{" or first.startswith((b"<", b"[")):
        start = ", ".join(sorted(keys)) or first[:1].decode()
        raise ContractError(
            f"{what}: the answer begins with {clean(start, 50)!r} in place of one JSON object per line, each "
            "an event: is the host of the connection right, and does it ask for a login?"
        )


def _keys(line: bytes) -> set[str]:
    """Return the keys of a line's object; none where it is no object."""
    try:
        value = json.loads(line.removeprefix(BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        return set()
    if not isinstance(value, dict):
        return set()
    return set(value)
