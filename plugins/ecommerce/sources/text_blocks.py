"""Large texts in blocks of whole lines, in bounded memory whatever is in them."""

from collections.abc import Callable, Iterator

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
        whole, line_feed, rest = (rest + block).rpartition(b"\n")
        if line_feed:
            yield whole + line_feed
        rest = rest[: longest + 1]
    if rest:
        yield rest + b"\n"


def is_utf8(text: bytes) -> bool:
    """Return whether `text` is UTF-8."""
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
