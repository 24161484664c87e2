"""`error_cases.md` names only tests that exist, and only sentences that they assert."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (TESTS / "integration" / "error_cases.md").read_text().splitlines()
    if "::" in line
]


def texts(node: ast.AST) -> str:
    """All text literals below `node`; patterns without their escapes."""
    found = [
        n.value
        for n in ast.walk(node)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    return "\n".join([*found, *(re.sub(r"\\(?!\w)", "", text) for text in found)])


def asserted(test: str) -> str:
    """The texts of a test, of its module's constants, and of the case it is run for."""
    path, _, name = test.partition("::")
    name, _, case = name.rstrip("]").partition("[")
    module = ast.parse((TESTS / path).read_text())
    functions = {
        node.name: node for node in module.body if isinstance(node, ast.FunctionDef)
    }
    assert name in functions, f"there is no {test}"
    assert not case or case in functions, f"there is no case {case} of {test}"
    constants = [
        node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    return "\n".join(
        texts(node) for node in (functions[case or name], *([] if case else constants))
    )


def test_the_table_has_all_its_rows():
    assert len(ROWS) > 50
    assert all(len(row) == 3 for row in ROWS)


@pytest.mark.parametrize(
    ("case", "sentence", "test"), ROWS, ids=[row[0] for row in ROWS]
)
def test_the_sentence_is_in_the_test(case, sentence, test):
    there = asserted(test)
    missing = [
        part for part in re.split(r"…|: … ", sentence) if part.strip() not in there
    ]
    assert missing == [], case
