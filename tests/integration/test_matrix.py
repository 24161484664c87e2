"""The table in README.md names tests that exist, and leaves no cell empty."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
ROWS = [
    line.strip("|").split("|") for line in README.splitlines() if line.startswith("|")
][2:]
FILES = sorted(set(re.findall(r"`((?:warehouse/)?test_\w+\.py)(?:::\w+)?`", README)))
TESTS = sorted(set(re.findall(r"`((?:warehouse/)?test_\w+\.py)::(\w+)`", README)))


def test_every_way_of_running_is_a_row_and_every_cell_names_a_test():
    assert [row[0].strip() for row in ROWS] == [
        "once",
        "twice",
        "window split",
        "out of order",
        "two at once",
        "killed and run again",
    ]
    for row in ROWS:
        assert len(row) >= 4
        assert all("::test_" in cell for cell in row[1:])


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_exists(file, name):
    tree = ast.parse((HERE / file).read_text())
    assert name in {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("file", FILES)
def test_file_exists(file):
    assert (HERE / file).exists()
