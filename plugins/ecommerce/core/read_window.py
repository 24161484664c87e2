"""What one run reads from one source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol, cast

from ecommerce.core.business_day import BusinessDay

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What the warehouse has of a file."""

    sha256: str
    received_at: datetime
    """Aware."""
    order_ids: list[str]
    was_refused: bool = False
    """Whether a later delivery of it could not be used."""


@dataclass(frozen=True, slots=True)
class EarlierRuns:
    """What the runs of a source have read before. The read of a backfill, which has an upper bound, does not
    count."""

    last_read: datetime | None
    """When the last read began."""
    was_read: bool
    """Whether a run for the day has read it."""
    rejected_orders: list[str]
    """Orders with rows that a run for the day has rejected, be it a backfill."""


class EarlierReads(Protocol):
    """What the warehouse has of earlier reads: the module `warehouse.load_history`.

    A window carries it, because `sources` must not import `warehouse`.
    """

    def earlier_runs(self, source: str, day: date) -> EarlierRuns:
        """Return what the runs of a source, and those for a day, have read."""

    def known_orders(self, source: str, day: date) -> list[str]:
        """Return the orders that are stored under the day."""

    def refunded_channels(self, source: str) -> list[str]:
        """Return the channels that have stored refunds."""

    def stored_rows(
        self, table: str, source: str, order_ids: Sequence[str]
    ) -> pa.Table:
        """Return the rows of `orders`, `order_lines` or `refunds` for orders, as stored."""

    def known_lines(self, source: str, order_ids: Sequence[str]) -> pa.Table:
        """Return what is known of the lines of orders."""

    def delivered_files(self, source: str, oldest: date) -> list[str]:
        """Return the files that runs for `oldest` and later days have loaded."""

    def loaded_files(
        self, source: str, names: Sequence[str], order_ids: Iterable[str] = ()
    ) -> dict[str, LoadedFile]:
        """Return what is stored of files by name, and of files with orders of `order_ids`."""


NO_EARLIER_READS = cast("EarlierReads", None)
"""Of a window that no run has opened, as in a test of an extract."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """What an extract reads: orders created in `day`, and all changes in `[changed_from, changed_until)`."""

    source: str
    day: BusinessDay
    changed_from: datetime
    changed_until: datetime | None
    """None where the read has no end: for the newest day that has ended, whose run also reads changes after
    midnight, and for the hourly sync."""
    folder: str
    """The staging URI to publish to."""
    looks_back: bool = True
    """A read without upper bound also reads the orders of the last `REFUND_LOOKBACK_DAYS`, where a source
    does not date all changes."""
    also_read: Sequence[str] = ()
    """Orders to read too, whatever their day is now: those that earlier runs of the day rejected, and in a
    reread those that the warehouse has of it. The extract reports those that the source no longer has."""
    earlier_reads: EarlierReads = NO_EARLIER_READS
