"""What one run reads from one source, and what is known of earlier reads."""

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
    """What the warehouse table `loaded_files` knows of the delivery loaded last under a name. `was_refused`:
    a later one could not be used, and is rejected until one can."""

    sha256: str
    received_at: datetime
    order_ids: Sequence[str]
    was_refused: bool = False


class Memory(Protocol):
    """What a source may ask about earlier reads. `warehouse.reads` answers from the warehouse."""

    def last_read(self, source: str) -> datetime | None:
        """When the last successful read without upper bound began (UTC); None before the first."""

    def was_read(self, source: str, day: date) -> bool:
        """Whether a run for the business day `day` has read `source` without upper bound, with success."""

    def known_refunds(self, order_ids: Sequence[str]) -> pa.Table:
        """The storefront's rows of the table `refunds` for `order_ids`; no ids give the bare columns."""

    def known_lines(self, order_ids: Sequence[str]) -> pa.Table:
        """What is stored of the lines of the storefront's orders `order_ids`, where anything is: order_id,
        line_number, sku, category."""

    def known_orders(self, source: str, day: date) -> list[str]:
        """Ids of the orders of `source` that are stored under `day`, or of which a refund is."""

    def rejected_orders(self, source: str, day: date) -> list[str]:
        """Ids of the orders of `source` of which runs for `day` have rejected something, and no run since has
        read them without."""

    def delivered_files(self, oldest: date) -> list[str]:
        """Names of the partner files that runs for `oldest` and later days have loaded."""

    def loaded_files(self, names: Sequence[str], order_ids: Sequence[str] = ()) -> Mapping[str, LoadedFile]:
        """Partner files by name: those of `names` that were loaded, and all that hold some of the orders
        `order_ids`, with only these orders listed."""


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """One extract's task: orders created in `day`, and everything changed in `[changed_from, changed_until)`.

    `changed_until` is None for the newest closed day: what changed after midnight must not wait for
    tomorrow's run. `folder` is the staging URI the extract publishes to. `looks_back`: a read without upper
    bound also reads the storefront's orders of the last `REFUND_LOOKBACK_DAYS`.

    `known_orders`: ids of orders the warehouse has of that day, or has rejected. The extract reads them too,
    wherever they lie now, and says which of them the source no longer has. Given where changes without a date
    are looked for, and for what an earlier run of the day has rejected.
    Sources that never ask about earlier reads do without `memory`.
    """

    source: str
    day: BusinessDay
    changed_from: datetime
    changed_until: datetime | None
    folder: str
    looks_back: bool = True
    known_orders: Sequence[str] = ()
    memory: Memory | None = None

    def facts(self, read_at: datetime) -> dict[str, Any]:
        """A manifest's facts about this window when it was read at `read_at` (UTC)."""
        return {
            "source": self.source,
            "business_date": self.day.date,
            "read_at": read_at,
            "window_start": self.changed_from,
            "window_end": self.changed_until or read_at,
        }

    @property
    def remembered(self) -> Memory:
        """`memory`; a ValueError where the window was made without."""
        if self.memory is None:
            raise ValueError(f"the window of {self.source} was made without memory")
        return self.memory
