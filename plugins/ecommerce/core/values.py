"""Names of plain data."""

from collections.abc import Mapping
from typing import Any

Values = dict[str, Any]
"""Values by name."""
Row = dict[str, Any]
"""A row of a query: values by column."""
Rows = Mapping[str, Row]
"""Rows by a key, such as the SKU."""
Json = dict[str, Any]
"""A JSON object."""
