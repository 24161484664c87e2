"""Time slices: what is asked for in one request, and repeated when a connection breaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTH = timedelta(hours=1)
"""Quarters of an hour take the same processor time, and small shops would be asked four times as often for
nothing; a day in one piece could not go on where it broke."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The instants `[start, end)` of receipt, aware."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{instant(self.start)} to {instant(self.end)}"


def slices(start: datetime, end: datetime, *cuts: datetime) -> list[Slice]:
    """`[start, end)` cut at multiples of `LENGTH` in UTC, whatever the window, and at `cuts`; nothing where
    it is empty."""
    inner = {cut for cut in cuts if start < cut < end}
    grid = start - (start - EPOCH) % LENGTH + LENGTH
    while grid < end:
        inner.add(grid)
        grid += LENGTH
    edges = [start, *sorted(inner), end] if start < end else []
    return [Slice(*pair) for pair in pairwise(edges)]


def instant(moment: datetime) -> str:
    """An instant as the contract has it: `2026-11-19T05:00:00Z`, to the full second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
