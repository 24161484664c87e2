"""Large texts in blocks of whole lines, in bounded memory whatever is in them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

Item = TypeVar("Item")

BLOCK = 1 << 20
"""Bytes. Blocks of 4 MB are allocated anew each time: finding the lines took twice the processor time."""


def blocks(
    read: Callable[[int], bytes],
    longest: int,
    rest: bytes = b"",
) -> Iterator[bytes]:
    """Yield whole lines, each with its line feed, in blocks of bounded size.

    Args:
        read: returns up to so many of the next bytes of the text after `rest`; none at its end.
        longest: bytes. A line that is longer, and fills a block, loses some of the bytes after them.
        rest: what was read of the first line.
    """
    while block := read(BLOCK):
        text = rest + block
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end]
        rest = text[end : end + longest + 1]
    if rest:
        yield rest + b"\n"


def line_starts(block: bytes) -> npt.NDArray[np.int32]:
    """Return where the lines of a block of whole lines start, and where the last one ends."""
    import numpy as np

    characters = np.frombuffer(block, np.uint8)
    line_feeds = np.flatnonzero(characters == ord("\n"))
    starts = np.zeros(len(line_feeds) + 1, np.int32)
    starts[1:] = line_feeds + 1
    return starts


def arrow_lines(block: bytes, starts: npt.NDArray[np.int32]) -> pa.Array[Any]:
    """Return the lines of a block, each with its line feed, as a binary array over the same memory. `starts`
    are those of `line_starts`."""
    import pyarrow as pa

    buffers = [
        None,
        pa.py_buffer(starts.data),
        pa.py_buffer(block),
    ]
    return pa.Array.from_buffers(pa.binary(), len(starts) - 1, buffers)


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """Yield `items` (never None), while another thread finds the next one."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        item = thread.submit(next, items, None)
        while (found := item.result()) is not None:
            item = thread.submit(next, items, None)
            yield found


def is_utf8(text: bytes) -> bool:
    """Return whether `text` is UTF-8."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
