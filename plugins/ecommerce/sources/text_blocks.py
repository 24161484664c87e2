"""Large texts in blocks of whole lines, in bounded memory whatever is in them."""

from collections.abc import Iterator
from typing import IO

BLOCK = 1 << 20
"""Bytes. Blocks of 4 MB are allocated anew each time: finding the lines took twice the processor time."""


def blocks(stream: IO[bytes], longest: int, rest: bytes = b"") -> Iterator[bytes]:
    """Yield whole lines, each with its line feed, in blocks of bounded size.

    Args:
        stream: the text after `rest`.
        longest: of a line that is longer, and fills a block, only `longest` + 1 bytes are kept.
        rest: what was read of the first line.
    """
    skipping = False
    while block := stream.read(BLOCK):
        if skipping:
            _, line_feed, block = block.partition(b"\n")
            if not line_feed:
                continue
            rest, skipping = rest + line_feed, False
        whole, line_feed, rest = (rest + block).rpartition(b"\n")
        if line_feed:
            yield whole + line_feed
        if len(rest) > longest:
            rest, skipping = rest[: longest + 1], True
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def is_utf8(text: bytes) -> bool:
    """Return whether `text` is UTF-8."""
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
