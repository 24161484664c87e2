"""The deployed files, and the folder of SQL files and templates: `include/` next to `plugins/`, or
`INCLUDE_FOLDER`, which services need that copy only some folders to the workers, such as Cloud Composer."""

import hashlib
import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
INCLUDE = Path(os.environ.get("INCLUDE_FOLDER") or _ROOT / "include")


def read_sql(path: str) -> str:
    """Return the text of `include/sql/<path>`, for DuckDB or PostgreSQL; BigQuery's files are templates."""
    return (INCLUDE / "sql" / path).read_text(encoding="utf-8")


def code_version() -> str:
    """Return `CODE_VERSION` of the environment, else a fingerprint of the deployed files."""
    if version := os.environ.get("CODE_VERSION"):
        return version
    digest = hashlib.sha256()
    for folder in ("dags", "include", "plugins"):
        for path in sorted((_ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in {
                ".py",
                ".sql",
                ".csv",
                ".typ",
                ".txt",
                ".html",
            }:
                digest.update(
                    path.relative_to(_ROOT).as_posix().encode()
                    + b"\0"
                    + path.read_bytes()
                )
    return f"files {digest.hexdigest()[:12]}"
