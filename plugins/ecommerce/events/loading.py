"""The window of web events that a run reads (DEFINITIONS, What a run reads), and their load (`EVENTS`)."""

from datetime import UTC, datetime, timedelta

from ecommerce.core.business_day import BusinessDay, newest_closed_day
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.read_window import Memory, ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources import WEB_EVENTS
from ecommerce.sources.web_events import AHEAD, LATE_DAYS, OVERLAP
from ecommerce.warehouse.spec import LoadSpec

EVENTS = LoadSpec(
    name="events",
    sources=(WEB_EVENTS,),
    files=("user_events", "rejected_rows"),
    tables=("user_events", "daily_events", "sessions", "daily_funnel", "rejected_rows", "load_audit"),
    counted="user_events",
    looked_up=("arriving_events", "leaving_events", "touched_days"),
)
MARGIN_DAYS = 2
"""A day's sessions need the events of the day before, and BigQuery expires partitions in UTC. The load skips
older days by the same margin (loads/events/find_changes.sql)."""


def refuse_expired(day: BusinessDay, now: datetime | None = None) -> None:
    """Raise a ConfigurationError for a day older than EVENTS_RETENTION_DAYS, less two days: its events would
    expire at once."""
    kept = load_settings().events_retention_days
    oldest = (now or datetime.now(UTC)).date() - timedelta(days=kept - MARGIN_DAYS)
    if day.date < oldest:
        raise ConfigurationError(
            f"the events of {day} would expire at once, because EVENTS_RETENTION_DAYS is {kept}: {oldest} is "
            "the first day that can be run; sessions and funnel of older days do not change"
        )


def window_of(day: BusinessDay, folder: str, memory: Memory, now: datetime) -> ReadWindow:
    """Return the window of a run.

    The newest day that has ended reads everything received since the last read, without upper bound, whatever
    day it occurred on; a second run of it reads the whole day again. An older day reads from its start to
    `LATE_DAYS` days after its end, even if that is in the future, and the extract keeps the day's own events.
    Only a read without upper bound counts as a last read. A day's first events may be received `AHEAD` of it.

    Args:
        day: the run's business day.
        folder: the staging URI to read into.
        memory: earlier reads.
        now: an aware instant.
    """
    start = since = day.start - AHEAD
    until = None
    if day.date != newest_closed_day(now, day.timezone).date:
        until = day.shifted(LATE_DAYS).end
    elif (last_read := memory.last_read(WEB_EVENTS)) is not None:
        since = last_read - OVERLAP
        if memory.was_read(WEB_EVENTS, day.date):
            since = min(since, start)
    return ReadWindow(WEB_EVENTS, day, since, until, folder, memory=memory)
