"""The window that a run reads from a source, as docs/DEFINITIONS.md explains it (What a run reads)."""

from datetime import datetime
from typing import Any

from ecommerce.core.business_day import (
    BusinessDay,
    day_window,
    newest_closed_day,
    shop_day,
)
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources import module
from ecommerce.storage.staging import DagRun


def window_of_day(
    source: str, day: BusinessDay, folder: str, memory: Any, now: datetime
) -> ReadWindow:
    """Return the window of a daily run at `now` (aware): of the newest day that has ended, everything changed
    since the last read, which `memory` has; of an older day, what changed in it. Orders that an earlier run
    of the day rejected are read again."""
    known = (
        memory.rejected_orders(source, day.date) if module(source).RECONCILED else []
    )
    is_newest = day.date == newest_closed_day(now, day.timezone).date
    since = (
        changes_since(source, day, memory.last_read(source)) if is_newest else day.start
    )
    until = None if is_newest else day.end
    return ReadWindow(
        source, day, since, until, folder, known_orders=known, memory=memory
    )


def changes_since(
    source: str, day: BusinessDay, last_read: datetime | None
) -> datetime:
    """Return since when the run of the newest day that has ended reads changes. `last_read` is aware; None:
    never."""
    overlap = module(source).OVERLAP
    return (
        day.start
        if overlap is None
        else min(last_read or day.start, day.start) - overlap
    )


def window_of_sync(source: str, run: DagRun, memory: Any, now: datetime) -> ReadWindow:
    """Return the window of an hourly sync at `now` (aware): orders of the current day, and all changes since
    the last read; before the first read, since `SYNC_START_DATE` (unset: yesterday). Only the daily run reads
    the last `REFUND_LOOKBACK_DAYS` again."""
    settings = load_settings()
    today = shop_day(now, settings.shop_timezone)
    since = day_window(
        settings.sync_start_date or today.shifted(-1).date, settings.shop_timezone
    ).start
    if (last_read := memory.last_read(source)) and (overlap := module(source).OVERLAP):
        since = last_read - overlap
    folder = run.folder(today.date, source)
    return ReadWindow(
        source, today, since, None, folder, looks_back=False, memory=memory
    )


def window_of_reread(
    source: str, day: BusinessDay, run: DagRun, memory: Any
) -> ReadWindow:
    """Return the window of a reread: the orders created or changed in a day that has ended, and those of it
    that the warehouse has or has rejected."""
    known = sorted(
        {
            *memory.known_orders(source, day.date),
            *memory.rejected_orders(source, day.date),
        }
    )
    folder = run.folder(day.date, source)
    return ReadWindow(
        source, day, day.start, day.end, folder, known_orders=known, memory=memory
    )
