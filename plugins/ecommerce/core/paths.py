"""Where the SQL files and templates are: `include/` beside `plugins/`, or the folder `INCLUDE_FOLDER`.
Services that copy only some folders to the workers, such as Cloud Composer, need the latter."""

from __future__ import annotations

import os
from pathlib import Path

INCLUDE = Path(os.environ.get("INCLUDE_FOLDER") or Path(__file__).resolve().parents[3] / "include")


def read_sql(path: str) -> str:
    """The text of `include/sql/<path>`, as DuckDB and PostgreSQL take it; BigQuery's are templates."""
    return (INCLUDE / "sql" / path).read_text(encoding="utf-8")
