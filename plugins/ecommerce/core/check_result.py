"""What `make check` prints: one line per thing looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

OK, HINT, FAIL, OFF = "ok", "hint", "FAIL", "off"
Lines = Iterator[tuple[str, str]]
"""What one examination yields: states and sentences. What it raises becomes the last, a failure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is (ok, hint, FAIL, off), a sentence with the remedy."""

    subject: str
    state: str
    text: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.subject:<20} {self.text}"
