"""The transform of web events by include/sql/transform/events, with its functions of user agents: the browser
family, and whether it is a bot.

The patterns are from the packages ua-parser (browsers) and crawler-user-agents (bots), matched by a compiled
engine in time linear in the text's length.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from ecommerce.sources.web_events import AHEAD, LATE_DAYS
from ecommerce.storage.staging import Manifest
from ecommerce.storage.transform import TransformSpec, run_transform

if TYPE_CHECKING:
    import duckdb


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

    patterns = (each["pattern"] for each in CRAWLER_USER_AGENTS_DATA)
    return UserAgentExtractor([(pattern, "bot", None, None, None, None) for pattern in patterns])


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.create_function("browser_family", browser_family, ["VARCHAR"], "VARCHAR")
    connection.create_function("is_crawler", is_crawler, ["VARCHAR"], "BOOLEAN")
    # The transform must keep exactly the events that the extract reads for a day.
    connection.execute("SET VARIABLE ahead = ?", [AHEAD])
    connection.execute("SET VARIABLE late_days = ?", [LATE_DAYS])


EVENTS = TransformSpec(
    folder="events",
    first_steps=(),
    always_there=("user_events",),
    when_they_have_rows=("rejected_rows",),
    prepare=_prepare,
)


def transform(manifest: Manifest, *, run_id: str) -> Manifest:
    """Transform web events, and raise as `run_transform`; control totals also have the count user_events."""
    return run_transform(EVENTS, manifest, run_id=run_id)
