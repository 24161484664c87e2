"""Atomic writes: a reader sees the former file or the new one."""

import os
from pathlib import Path


def write(path: Path, content: bytes, modified_at: float | None = None) -> None:
    """Write a file atomically.

    Args:
        path: the file.
        content: its new content.
        modified_at: its modification time; now where None.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    if modified_at is not None:
        os.utime(partial, (modified_at, modified_at))
    partial.replace(path)
