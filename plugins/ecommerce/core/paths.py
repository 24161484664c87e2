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
    """Return the version of the code that reports name: CODE_VERSION of the environment, which the image
    sets, else a hash of the deployed files."""
    version = os.environ.get("CODE_VERSION")
    if version:
        return version
    digest = hashlib.sha256()
    for folder in ("dags", "include", "plugins"):
        for path in sorted((_ROOT / folder).rglob("*.*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(_ROOT)).encode())
                digest.update(path.read_bytes())
    return f"files {digest.hexdigest()[:12]}"
