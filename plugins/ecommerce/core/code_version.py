"""The version of the deployed code."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def code_version() -> str:
    """Return `CODE_VERSION` of the environment, else a fingerprint of the deployed files."""
    if version := os.environ.get("CODE_VERSION"):
        return version
    root = Path(__file__).resolve().parents[3]
    digest = hashlib.sha256()
    for folder in ("dags", "include", "plugins"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in {".py", ".sql", ".typ", ".txt", ".html"}:
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"files {digest.hexdigest()[:12]}"
