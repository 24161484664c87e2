"""User agents: the family of the browser, and whether it is a bot's; nothing else of them is kept.

Both lists come from packages that are renewed with the lock: ua-parser knows browsers, crawler-user-agents
bots. Their patterns run in a compiled engine whose time grows with the text's length only.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


def add_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the connection `browser_family` and `is_crawler`, by which SQL asks this module."""
    connection.create_function("browser_family", browser_family, ["VARCHAR"], "VARCHAR")
    connection.create_function("is_crawler", is_crawler, ["VARCHAR"], "BOOLEAN")


def browser_family(user_agent: str) -> str:
    """Such as `Mobile Safari`; `Other` where nobody knows it."""
    import ua_parser

    found = ua_parser.parse_user_agent(user_agent)
    return found.family[:100] if found else "Other"


def is_crawler(user_agent: str) -> bool:
    """Whether a pattern of the list of known bots matches."""
    return bool(_crawlers().extract(user_agent))


@cache
def _crawlers() -> Any:
    # The package's own function asks one pattern after the other, which takes two hundred times as long.
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA
    from ua_parser_rs import UserAgentExtractor

    patterns = (each["pattern"] for each in CRAWLER_USER_AGENTS_DATA)
    return UserAgentExtractor([(pattern, "bot", None, None, None, None) for pattern in patterns])
