"""The window of web events that a run reads (DEFINITIONS, What a run reads), their transform by
include/sql/transform/events, and their load (`EVENTS`).

The patterns of user agents are from the packages ua-parser (browsers) and crawler-user-agents (bots), matched
by a compiled engine in time linear in the text's length.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import BusinessDay, newest_closed_day
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.read_window import EarlierReads, ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.events.source import AHEAD, LATE_DAYS, OVERLAP, WEB_EVENTS
from ecommerce.storage.duckdb import set_variables
from ecommerce.transform.run import TransformSpec, run_transform
from ecommerce.warehouse.spec import LoadSpec

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EVENTS = LoadSpec(
    name="events",
    sources=lambda: (WEB_EVENTS.name,),
    files=("user_events", "rejected_rows"),
    tables=(
        "user_events",
        "daily_events",
        "sessions",
        "daily_funnel",
        "rejected_rows",
        "load_audit",
    ),
    counted="user_events",
)
MARGIN_DAYS = 2
"""A day's sessions need the events of the day before, and BigQuery expires partitions in UTC. The load skips
older days by the same margin (loads/events/find_changes.sql)."""


def refuse_expired(day: BusinessDay, now: datetime) -> None:
    """Raise a ConfigurationError for a day older than EVENTS_RETENTION_DAYS, less two days: its events would
    expire at once."""
    kept = load_settings().events_retention_days
    oldest = now.date() - timedelta(days=kept - MARGIN_DAYS)
    if day.date < oldest:
        raise ConfigurationError(
            f"the events of {day} would expire at once, because EVENTS_RETENTION_DAYS is {kept}: {oldest} is "
            "the first day that can be run; sessions and funnel of older days do not change"
        )


def window_of(
    day: BusinessDay,
    folder: str,
    earlier_reads: EarlierReads,
    now: datetime,
) -> ReadWindow:
    """Return the window of a run.

    The newest day that has ended reads everything received since the last read, without upper bound, whatever
    day it occurred on; a second run of it reads the whole day again. An older day reads from its start to
    `LATE_DAYS` days after its end, even if that is in the future, and the extract keeps the day's own events.
    Only a read without upper bound counts as a last read. A day's first events may be received `AHEAD` of it.

    Args:
        day: the run's business day.
        folder: the staging URI to read into.
        earlier_reads: what the warehouse has of them.
        now: an aware instant.
    """
    start = since = day.start - AHEAD
    until = None
    if day.date != newest_closed_day(now, day.timezone).date:
        until = day.shifted(LATE_DAYS).end
    else:
        earlier = earlier_reads.earlier_runs(WEB_EVENTS.name, day.date)
        if earlier.last_read:
            since = earlier.last_read - OVERLAP
        if earlier.was_read:
            since = min(since, start)
    return ReadWindow(
        WEB_EVENTS.name, day, since, until, folder, earlier_reads=earlier_reads
    )


def browser_family(user_agent: str) -> str:
    """Return the family, such as `Mobile Safari`; `Other` if it is unknown."""
    import ua_parser

    browser = ua_parser.parse_user_agent(user_agent)
    return browser.family[:100] if browser else "Other"


def is_crawler(user_agent: str) -> bool:
    """Return whether the user agent is a known bot's."""
    return bool(_crawlers().extract(user_agent))


@cache
def _crawlers() -> Any:
    # The package's own function tries each pattern in turn, which takes 200 times as long.
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA
    from ua_parser_rs import UserAgentExtractor

    parsers = []
    for crawler in CRAWLER_USER_AGENTS_DATA:
        parsers.append((crawler["pattern"], "bot", None, None, None, None))
    return UserAgentExtractor(parsers)


def _prepare(connection: DuckDBPyConnection) -> None:
    connection.create_function("browser_family", browser_family, ["VARCHAR"], "VARCHAR")
    connection.create_function("is_crawler", is_crawler, ["VARCHAR"], "BOOLEAN")
    # The transform must keep exactly the events that the extract reads for a day.
    set_variables(connection, ahead=AHEAD, late_days=LATE_DAYS)


transform = partial(
    run_transform,
    TransformSpec(
        folder="events",
        first_steps=(),
        required_tables=("user_events",),
        prepare=_prepare,
    ),
)
"""`run_transform` of web events, whose control totals also have the count user_events."""
