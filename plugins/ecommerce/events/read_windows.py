"""Which window a run reads from the web events: the rule of DEFINITIONS, "What a run reads"."""

from __future__ import annotations

from datetime import datetime

from ecommerce.core.business_day import BusinessDay, newest_closed_day
from ecommerce.core.read_window import Memory, ReadWindow
from ecommerce.sources import WEB_EVENTS
from ecommerce.sources.web_events import AHEAD, LATE_DAYS, OVERLAP


def window_of(day: BusinessDay, folder: str, memory: Memory, now: datetime) -> ReadWindow:
    """What a run for `day` that takes place at `now` (an aware instant) reads, by the instant of receipt,
    into the staging URI `folder`.

    The run of the newest closed day reads what was received since the last read, without upper bound,
    whatever day it occurred on. Run again, it reads its whole day again. The run of an older day reads what
    was received from its start until `LATE_DAYS` days after its end, which may not have come yet; the extract
    then keeps the day's own events. That end stays the window's: only a read without upper bound is one that
    the next may go on from. A day's first events may have been received `AHEAD` of its start.
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
