"""The lines of an answer, as Arrow batches for DuckDB, in bounded memory whatever is in them.

Lines are found here and not by a reader of CSV files, which has ideas of its own about carriage returns,
quotes, zero bytes and what is no UTF-8. What is within a line is left to DuckDB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, KeysView
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.errors import ContractError
from ecommerce.core.text import clean
from ecommerce.sources.text_blocks import blocks, is_utf8

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 256 * 1024
"""Bytes of the longest line that is read as an event; none is a hundredth as long."""
KEPT_OF_LONG = 4 * 1000
"""Bytes that are kept of a longer one: its first 1,000 characters, whatever they are."""
FIRST_LINES = 20
"""Among so many first lines there must be an event, unless the first is merely no JSON."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NOT_JSON, TOO_LONG = "not_json", "too_long"
FIELDS = (
    *(
        "event_id",
        "occurred_at",
        "received_at",
        "session_id",
        "visitor_id",
        "event_type",
        "sku",
    ),
    *("order_id", "device", "referrer", "user_agent"),
)


@dataclass
class Lines:
    """The lines of files, one file after the other. `last` is the number of the last line that was read, and
    `found` counts those that are not blank."""

    last: int = 0
    found: int = 0

    def reader(self, path: Path) -> pa.RecordBatchReader:
        """Return `batches` as DuckDB takes them."""
        import pyarrow as pa

        text: pa.DataType = pa.string()
        columns: dict[str, pa.DataType] = {
            "line_number": pa.int64(),
            "line": text,
            "fault": text,
        }
        return pa.RecordBatchReader.from_batches(pa.schema(columns), self.batches(path))

    def batches(self, path: Path) -> Iterator[pa.RecordBatch]:
        """Yield the lines of a file: line_number, line (without its line feed), fault. Blank lines are
        counted and left out."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        with path.open("rb") as stream:
            beginning = stream.read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
            for block in blocks(stream, LONGEST_LINE, beginning):
                signs = np.frombuffer(block, np.uint8)
                ends = np.flatnonzero(signs == 10)
                numbers = np.arange(self.last + 1, self.last + 1 + len(ends))
                self.last += len(ends)
                starts = np.concatenate(([0], ends + 1))
                usual = (ends - starts[:-1]).max(initial=0) <= LONGEST_LINE and is_utf8(
                    block
                )
                if usual:  # nearly always: the block itself becomes the column, line feeds included
                    buffers = (
                        pa.py_buffer(starts.astype(np.int32).tobytes()),
                        pa.py_buffer(block),
                    )
                    lines = pa.StringArray.from_buffers(len(ends), *buffers)
                    faults = pa.nulls(len(ends), pa.string())
                else:
                    known = [_line(line) for line in block.split(b"\n")[:-1]]
                    lines = pa.array([text for text, _ in known], pa.string())
                    faults = pa.array([fault for _, fault in known], pa.string())
                batch = pa.record_batch(
                    [pa.array(numbers), lines, faults], ["line_number", "line", "fault"]
                )
                if (signs[starts[:-1]] <= 32).any():  # a line may be blank
                    batch = batch.filter(
                        pc.match_substring_regex(batch["line"], r"[^ \t\r\n]")
                    )
                self.found += len(batch)
                yield batch


def check_first_lines(path: Path, what: str) -> None:
    """Raise ContractError for an answer that begins with a web page, a JSON list or another object, unless an
    event is among its first lines. They are not quoted: they may hold visitors. Single lines that are no
    events are rejected later."""
    with path.open("rb") as stream:
        lines = filter(bytes.strip, iter(lambda: stream.readline(LONGEST_LINE), b""))
        beginning = [
            line.removeprefix(BYTE_ORDER_MARK).strip()
            for line in islice(lines, FIRST_LINES)
        ]
    keys = list(map(_keys, beginning))
    if not beginning or not all(
        keys_of_line.isdisjoint(FIELDS) for keys_of_line in keys
    ):
        return
    first = beginning[0]
    if keys[0]:
        start = f"the keys {clean(', '.join([*keys[0]][:5]))}"
    elif first.startswith((b"<", b"[")) or first == b"{":
        start = repr(first[:1].decode())
    else:
        return
    raise ContractError(
        f"{what}: the answer begins with {start} in place of one JSON object per line, each an event: is the "
        "host of the connection right, and does it ask for a login?"
    )


def _keys(line: bytes) -> KeysView[str]:
    """The keys of a line's object; none where it is no object."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    return (value if isinstance(value, dict) else {}).keys()


def _line(line: bytes) -> tuple[str, str | None]:
    """A line's text and fault; JSON is UTF-8. Of a long line, the text begins after the blanks."""
    if len(line) > LONGEST_LINE:
        return line.lstrip(b" \t\r")[:KEPT_OF_LONG].decode(errors="replace"), TOO_LONG
    try:
        return line.decode(), None
    except UnicodeDecodeError:
        return line.decode(errors="replace"), NOT_JSON
