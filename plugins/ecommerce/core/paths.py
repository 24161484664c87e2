"""The deployed files, and the folder of SQL files and templates: `include/` next to `plugins/`, or
`INCLUDE_FOLDER`, which services need that copy only some folders to the workers, such as Cloud Composer."""

import os
from pathlib import Path

_BESIDE_PLUGINS = Path(__file__).resolve().parents[3] / "include"
INCLUDE = Path(os.environ.get("INCLUDE_FOLDER") or _BESIDE_PLUGINS)


def read_sql(path: str) -> str:
    """Return the text of `include/sql/<path>`, for DuckDB or PostgreSQL; BigQuery's files are templates."""
    return (INCLUDE / "sql" / path).read_text(encoding="utf-8")


def code_version() -> str:
    """Return the version of the code that reports name: CODE_VERSION of the environment, which the image
    sets."""
    return os.environ.get("CODE_VERSION") or "unknown"
