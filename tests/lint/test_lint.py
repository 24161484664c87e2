"""Style, types and SQL layout: the tools themselves, configured in pyproject.toml and `.sqlfluff`."""

import hashlib
import subprocess
import sys
from importlib.metadata import version
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
SQLFLUFF_READS = (
    *("pyproject.toml", "include/sql", "tests/lint", "tests/sqlfluff_library"),
    *(
        "plugins/ecommerce/core",
        "plugins/ecommerce/warehouse",
    ),  # which sqlfluff_library imports
)


@pytest.mark.parametrize("name", LINTERS)
def test_is_clean(name, repository, request):
    # ruff and mypy keep what they know of unchanged files; sqlfluff does not.
    kept = getattr(request.config, "cache", None) if name == "sql" else None
    state = state_of_sql(repository) if kept else ""
    if kept and kept.get("lint/sql", None) == state:
        return
    tool, *arguments = LINTERS[name]
    done = subprocess.run(
        [BIN / tool, *arguments], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if kept:
        kept.set("lint/sql", state)


def state_of_sql(repository: Path) -> str:
    """Changes with every file and version that sqlfluff's result depends on."""
    digest = hashlib.sha256(
        f"{sys.version} {version('sqlfluff')} {version('jinja2')}".encode()
    )
    for name in SQLFLUFF_READS:
        for path in sorted([repository / name, *(repository / name).rglob("*")]):
            if path.is_file() and path.suffix != ".pyc":
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(repository)} {content}\n".encode())
    return digest.hexdigest()
