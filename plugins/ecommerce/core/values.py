"""Names of plain data."""

from typing import Any

Values = dict[str, Any]
"""Values by name."""
Row = dict[str, Any]
"""A row of a query: values by column."""
Json = dict[str, Any]
"""A JSON object."""
