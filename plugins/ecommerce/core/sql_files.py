"""The SQL files of the extracts."""

from __future__ import annotations

from ecommerce.core.include import INCLUDE

SQL_ROOT = INCLUDE / "sql" / "extract"


def read_sql(path: str) -> str:
    """The text of `include/sql/extract/<path>`."""
    return (SQL_ROOT / path).read_text(encoding="utf-8")
