"""What one run reads from one source, and the records of earlier reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ecommerce.core.business_day import BusinessDay

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The delivery loaded last under a name, from the warehouse table `loaded_files`. `was_refused`: a later
    one was invalid."""

    sha256: str
    received_at: datetime
    order_ids: Sequence[str]
    was_refused: bool = False


class Memory(Protocol):
    """The records of earlier reads; `warehouse.load_history` implements them."""

    def last_read(self, source: str) -> datetime | None:
        """Return when the last successful read without upper bound began (UTC); None before the first."""

    def was_read(self, source: str, day: date) -> bool:
        """Return whether a run for the business day `day` has read `source` without upper bound."""

    def known_refunds(self, order_ids: Sequence[str]) -> pa.Table:
        """Return the storefront's rows of the table `refunds` for `order_ids`."""

    def known_lines(self, order_ids: Sequence[str]) -> pa.Table:
        """Return order_id, line_number, sku and category of the stored lines of storefront orders."""

    def known_orders(self, source: str, day: date) -> list[str]:
        """Return the ids of the orders of `source` that are stored under `day`, or have a refund there."""

    def rejected_orders(self, source: str, day: date) -> list[str]:
        """Return the ids of orders with rows that runs for `day` rejected, and no later run accepted."""

    def delivered_files(self, oldest: date) -> list[str]:
        """Return the names of the partner files that runs for `oldest` and later days have loaded."""

    def loaded_files(self, names: Sequence[str], order_ids: Sequence[str] = ()) -> Mapping[str, LoadedFile]:
        """Return loaded partner files by name, and files with orders of `order_ids`, listing these only."""


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
    """A read without upper bound also reads the storefront's orders of the last `REFUND_LOOKBACK_DAYS`."""
    known_orders: Sequence[str] = ()
    """Orders that the warehouse has of the day, or has rejected. The extract reads them too, whatever their
    day is now, and reports those that the source no longer has."""
    memory: Memory | None = None
    """For sources that need records of earlier reads."""

    def facts(self, read_at: datetime) -> dict[str, Any]:
        """Return a manifest's fields about this window, read at `read_at` (UTC)."""
        return {
            "source": self.source,
            "business_date": self.day.date,
            "read_at": read_at,
            "window_start": self.changed_from,
            "window_end": self.changed_until or read_at,
        }

    @property
    def remembered(self) -> Memory:
        """`memory`, or a ValueError where there is none."""
        if self.memory is None:
            raise ValueError(f"the window of {self.source} was made without memory")
        return self.memory
