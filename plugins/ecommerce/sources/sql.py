"""The SQL files of the extracts."""

from __future__ import annotations

from pathlib import Path

SQL_ROOT = Path(__file__).resolve().parents[3] / "include" / "sql" / "extract"


def read_sql(path: str) -> str:
    """The text of `include/sql/extract/<path>`."""
    return (SQL_ROOT / path).read_text(encoding="utf-8")
