"""The clock of the shop; tests move it by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the current instant, aware."""


def system_clock() -> datetime:
    """Return the current instant in UTC."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that shows `now` until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the instant that the clock shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now += timedelta(seconds=seconds)


def stamp(instant: datetime) -> str:
    """Return an instant as the API writes it, in UTC and full seconds: `2026-11-02T05:30:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
