"""Style, types and SQL layout: the tools themselves, configured in pyproject.toml and `.sqlfluff`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
LINTERS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    # Not include/sql/extract: sqlfluff knows neither its parameters nor its fragments; the engines themselves
    # read every statement of it in the tests.
    "sql": [
        "sqlfluff",
        "lint",
        "--disable-progress-bar",
        "include/sql/transform",
        "include/sql/warehouse",
        "include/sql/report",
        "include/sql/forecast",
    ],
}


@pytest.mark.parametrize("name", LINTERS)
def test_is_clean(name, repository):
    tool, *arguments = LINTERS[name]
    done = subprocess.run([BIN / tool, *arguments], cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
