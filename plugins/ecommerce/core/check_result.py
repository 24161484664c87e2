"""The lines of `make check`."""

from collections.abc import Iterator
from dataclasses import dataclass

OK, HINT, FAIL, OFF = "ok", "hint", "FAIL", "off"
Lines = Iterator[tuple[str, str]]
"""What one check yields: states and sentences. An error that it raises becomes the last, a failure."""


@dataclass(frozen=True)
class CheckLine:
    """One line: the subject, its state (ok, hint, FAIL, off), and a sentence with the fix."""

    subject: str
    state: str
    text: str

    def __str__(self) -> str:
        return f"{self.state:<5} {self.subject:<20} {self.text}"
