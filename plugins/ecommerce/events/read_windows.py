"""The window of web events that a run reads: the rule of DEFINITIONS, "What a run reads"."""

from __future__ import annotations

from datetime import datetime

from ecommerce.core.business_day import BusinessDay, newest_closed_day
from ecommerce.core.read_window import Memory, ReadWindow
from ecommerce.sources import WEB_EVENTS
from ecommerce.sources.web_events import AHEAD, LATE_DAYS, OVERLAP


def window_of(day: BusinessDay, folder: str, memory: Memory, now: datetime) -> ReadWindow:
    """Return the window of a run, by time of receipt.

    The newest closed day reads everything received since the last read, without upper bound, whatever day it
    occurred on; a second run of that day reads the whole day again. An older day reads from its start to
    `LATE_DAYS` days after its end, even if that is in the future, and the extract keeps the day's own events.
    Only a read without upper bound counts as a last read. A day's first events may be received `AHEAD` of it.

    Args:
        day: the run's business day.
        folder: the staging URI to read into.
        memory: earlier reads.
        now: an aware instant.
    """
    start = day.start - AHEAD
    if day.date != newest_closed_day(now, day.timezone).date:
        until = day.shifted(LATE_DAYS).end
        return ReadWindow(WEB_EVENTS, day, start, until, folder, memory=memory)
    since = start
    if (last_read := memory.last_read(WEB_EVENTS)) is not None:
        since = last_read - OVERLAP
        if memory.was_read(WEB_EVENTS, day.date):
            since = min(since, start)
    return ReadWindow(WEB_EVENTS, day, since, None, folder, memory=memory)
