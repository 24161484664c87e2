"""What the daily run, its checks and its reports need to know of a source: its platform, and its shop."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ecommerce.core.check_result import HINT, Lines
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import shop_timezone
from ecommerce.core.values import Values
from ecommerce.storage.staging import Manifest, publish, read_manifest


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was read of a window, from `read_at` (aware) on: the fields of its `Manifest` that only the source
    knows."""

    read_at: datetime
    rows: int
    control_totals: Values


def other_days(timezone: str) -> Lines:
    """Yield a hint where a shop's own timezone, empty if it is unknown, is not that of the report."""
    expected = shop_timezone()
    if timezone not in ("", expected):
        yield (
            HINT,
            f"the shop's timezone is {timezone}, and SHOP_TIMEZONE is {expected}: days of the report begin "
            "and end at other times than those of the shop's own reports",
        )


@dataclass(frozen=True)
class Platform:
    """A kind of system that is read into staging. `include/sql/transform/orders/<name>.sql` maps the raw
    folder of its sources: its own, and one for each of its shops in SHOPS."""

    name: str
    """Of its own source."""
    subject: str
    """The connection of its own source, or the setting that names its folder."""
    extract_into: Callable[[str, ReadWindow, Path], Extracted]
    """Reads a window of the source with a subject into an empty local folder, which `Source.extract`
    publishes.

    It returns the number of records, and control totals that are computed before any cleaning. No record is
    lost: those that cannot be read are in `rejects.parquet`, and what the source withholds is a warning in
    the control totals. An order is read whole, with all its lines and refunds. Pagination, rate limits and
    repeated requests are handled here; `window.earlier_reads` has the refunds, lines and files of the source
    that are in the warehouse. Failures are errors of `core.errors`, whose type decides about retries; no
    message contains a secret or a customer's e-mail address."""
    check: Callable[[str], Lines]
    """Yields the lines of `make check` about the source with a subject; an error becomes a failure."""
    has_shops: bool = False
    """Whether SHOPS can name shops of it, each with a connection of its own."""
    limits: str = ""
    """Which of its changes are seen late or never, in sentences for the report; `{reconcile_days}` and
    `{refund_lookback_days}` stand for these settings, such as `35 days`."""
    overlap: timedelta | None = None
    """How far before the last read a new one begins; None: whole days or files are read."""
    retries: int = 5
    """Retries of a failed extract in the daily run and the sync."""
    reconciled: bool = False
    """Whether reconciliation reads the orders of past days again, and the daily run those that it rejected
    before. The extract then reads `window.also_read` too, and lists those that were deleted in
    `removed_orders.parquet`."""
    synced: bool = False
    """Whether the hourly sync reads its changes during the day."""
    shops_without: str = "a shop without it"
    """Which shops switch it off, for the failures of `make check`."""
    needs_connection: bool = False
    """Whether its own source is off until the connection `subject` exists: for a system that most companies
    do not have, so that an upgrade fails no run."""
    not_compared: Collection[str] = ()
    """Columns of `orders` that reconciliation does not compare, because a change of other records changes
    them."""

    def source(self, shop: str = "") -> Source:
        """Return its own source, or that of a shop."""
        return Source(self, shop)


@dataclass(frozen=True)
class Source:
    """A system of a platform: its own one, or a shop of the setting SHOPS."""

    platform: Platform
    shop: str = ""
    """The name in SHOPS; empty for the platform's own source."""

    @property
    def name(self) -> str:
        """In task ids, in the Variable `source_policy`, and in the column `source` of the tables."""
        return self._with_shop(self.platform.name)

    @property
    def subject(self) -> str:
        """The name of its lines in `make check`: its connection, or the setting that names its folder."""
        return self._with_shop(self.platform.subject)

    def _with_shop(self, name: str) -> str:
        return f"{name}_{self.shop}" if self.shop else name

    def check(self) -> Lines:
        """Yield its lines of `make check`; errors as `Platform.check`."""
        return self.platform.check(self.subject)

    def extract(self, window: ReadWindow) -> Manifest:
        """Read a window into the staging folder `window.folder`, and return its manifest.

        Raises:
            StagingError: the files could not be written.
            PipelineError: as `Platform.extract_into`.
        """
        with publish(window.folder) as draft:
            extracted = self.platform.extract_into(self.subject, window, draft.path)
            draft.seal(
                source=window.source,
                business_date=window.day.date,
                rows=extracted.rows,
                read_at=extracted.read_at,
                window_start=window.changed_from,
                window_end=window.changed_until or extracted.read_at,
                control_totals=extracted.control_totals,
            )
        return read_manifest(window.folder)
