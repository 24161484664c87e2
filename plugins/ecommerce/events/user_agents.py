"""User agents: browser family, and whether it is a bot; the rest is discarded.

The patterns are from the packages ua-parser (browsers) and crawler-user-agents (bots), matched by a compiled
engine in time linear in the text's length.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


def add_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Register `browser_family` and `is_crawler` as SQL functions."""
    connection.create_function("browser_family", browser_family, ["VARCHAR"], "VARCHAR")
    connection.create_function("is_crawler", is_crawler, ["VARCHAR"], "BOOLEAN")


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
