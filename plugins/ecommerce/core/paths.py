"""The folder of SQL files and templates: `include/` next to `plugins/`, or `INCLUDE_FOLDER`, which services
need that copy only some folders to the workers, such as Cloud Composer."""

from __future__ import annotations

import os
from pathlib import Path

INCLUDE = Path(os.environ.get("INCLUDE_FOLDER") or Path(__file__).resolve().parents[3] / "include")


def read_sql(path: str) -> str:
    """Return the text of `include/sql/<path>`, for DuckDB or PostgreSQL; BigQuery's files are templates."""
    return (INCLUDE / "sql" / path).read_text(encoding="utf-8")
