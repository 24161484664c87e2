"""Large texts in blocks of whole lines, in bounded memory whatever is in them."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

BLOCK = 1_000_000
"""Bytes. Blocks of 4 MB are allocated anew each time: finding the lines took twice the processor time."""


def blocks(
    chunks: Iterable[bytes],
    longest: int,
    rest: bytes = b"",
) -> Iterator[bytes]:
    """Yield whole lines, each with its line feed, in blocks of bounded size.

    Args:
        chunks: the text after `rest`, in parts of bounded size.
        longest: bytes. A line that is longer, and fills a block, loses some of the bytes after them.
        rest: what was read of the first line.
    """
    for chunk in chunks:
        text = rest + chunk
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end]
        rest = text[end : end + longest + 1]
    if rest:
        yield rest + b"\n"


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """Yield `items` (never None), while another thread finds the next one."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        item = thread.submit(next, items, None)
        while (found := item.result()) is not None:
            item = thread.submit(next, items, None)
            yield found


def is_utf8(text: bytes) -> bool:
    """Return whether `text` is UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
