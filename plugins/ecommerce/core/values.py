"""Names of plain data."""

from datetime import UTC, datetime
from typing import Any

Values = dict[str, Any]
"""Values by name."""
Row = dict[str, Any]
"""A row of a query: values by column."""
Json = dict[str, Any]
"""A JSON object."""


def utc_text(moment: datetime) -> str:
    """Return an instant in UTC to the full second, without `Z`: `2026-11-19T05:00:00`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
