"""Style, types and SQL layout: the tools themselves, configured in pyproject.toml and `.sqlfluff`."""

import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
# Not include/sql/extract: sqlfluff knows neither its parameters nor its fragments; the
# engines themselves read every statement of it in the tests.
SQL = [
    "include/sql/transform",
    "include/sql/warehouse",
    "include/sql/report",
    "include/sql/forecast",
]
LINTERS = [
    pytest.param("ruff", ["check", "."], id="style"),
    pytest.param("ruff", ["format", "--check", "."], id="format"),
    # Both take a minute and a half of processor time, and CI runs them on every change.
    pytest.param("mypy", [], id="types", marks=pytest.mark.slow),
    pytest.param(
        "sqlfluff",
        ["lint", "--disable-progress-bar", *SQL],
        id="sql",
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("tool", "arguments"), LINTERS)
def test_is_clean(tool, arguments, repository):
    done = subprocess.run(
        [BIN / tool, *arguments], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
