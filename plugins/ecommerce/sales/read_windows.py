"""The window that a run reads from a source, as docs/DEFINITIONS.md explains it (What a run reads)."""

from datetime import datetime

from ecommerce.core.business_day import (
    BusinessDay,
    day_window,
    newest_closed_day,
    shop_day,
)
from ecommerce.core.read_window import EarlierReads, ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources import Source
from ecommerce.storage.staging import DagRun


def window_of_day(
    source: Source,
    day: BusinessDay,
    run: DagRun,
    earlier_reads: EarlierReads,
    now: datetime,
) -> ReadWindow:
    """Return the window of a run of one or several days at `now` (aware).

    The run of the newest closed day reads everything changed since the last read, which `earlier_reads` has;
    the run of an older day reads what changed in it. Orders that an earlier run of the day rejected are read
    again.
    """
    platform = source.platform
    is_newest = day.dates[-1] == newest_closed_day(now, day.timezone).date
    changed_from = day.start
    also_read: list[str] = []
    # A source of whole days or files reads nothing again.
    if platform.reconciled or platform.overlap is not None:
        earlier = earlier_reads.earlier_runs(source.name, day.date)
        if is_newest and platform.overlap is not None:
            last_read = earlier.last_read or day.start
            changed_from = min(last_read, day.start) - platform.overlap
        if platform.reconciled:
            also_read = earlier.rejected_orders
    return ReadWindow(
        source=source.name,
        day=day,
        changed_from=changed_from,
        changed_until=None if is_newest else day.end,
        folder=run.folder(day.date, source.name),
        also_read=also_read,
        earlier_reads=earlier_reads,
    )


def window_of_sync(
    source: Source,
    run: DagRun,
    earlier_reads: EarlierReads,
    now: datetime,
) -> ReadWindow:
    """Return the window of an hourly sync at `now` (aware).

    It has the orders of the current day, and all changes since the last read; before the first read, since
    `SYNC_START_DATE` (default: yesterday). Only the daily run reads the last `REFUND_LOOKBACK_DAYS` again.
    """
    settings = load_settings()
    today = shop_day(now, settings.shop_timezone)
    start_date = settings.sync_start_date or today.shifted(-1).date
    changed_from = day_window(start_date, settings.shop_timezone).start
    last_read = earlier_reads.earlier_runs(source.name, today.date).last_read
    if last_read and source.platform.overlap:
        changed_from = last_read - source.platform.overlap
    return ReadWindow(
        source=source.name,
        day=today,
        changed_from=changed_from,
        changed_until=None,
        folder=run.folder(today.date, source.name),
        looks_back=False,
        earlier_reads=earlier_reads,
    )


def window_of_reread(
    source: Source,
    day: BusinessDay,
    run: DagRun,
    earlier_reads: EarlierReads,
) -> ReadWindow:
    """Return the window of a reread: the orders created or changed in a closed day, and those of it that the
    warehouse has or has rejected."""
    stored = earlier_reads.known_orders(source.name, day.date)
    rejected = earlier_reads.earlier_runs(source.name, day.date).rejected_orders
    return ReadWindow(
        source=source.name,
        day=day,
        changed_from=day.start,
        changed_until=day.end,
        folder=run.folder(day.date, source.name),
        also_read=sorted({*stored, *rejected}),
        earlier_reads=earlier_reads,
    )
