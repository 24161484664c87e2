"""What one run reads from one source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecommerce.core.business_day import BusinessDay


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """What an extract reads: orders created in `day`, and all changes in `[changed_from, changed_until)`."""

    source: str
    day: BusinessDay
    changed_from: datetime
    changed_until: datetime | None
    """None for the newest day that has ended, whose run also reads changes after midnight."""
    folder: str
    """The staging URI to publish to."""
    looks_back: bool = True
    """A read without upper bound also reads the orders of the last `REFUND_LOOKBACK_DAYS`, where a source
    does not date all changes."""
    known_orders: Sequence[str] = ()
    """Orders that the warehouse has of the day, or has rejected. The extract reads them too, whatever their
    day is now, and reports those that the source no longer has."""
    memory: Any = None
    """The records of earlier reads: the module `warehouse.load_history`, or a test's own."""

    def facts(self, read_at: datetime) -> dict[str, Any]:
        """Return a manifest's fields about this window, read at `read_at` (UTC)."""
        return {
            "source": self.source,
            "business_date": self.day.date,
            "read_at": read_at,
            "window_start": self.changed_from,
            "window_end": self.changed_until or read_at,
        }
