"""Every statement of the warehouse and the report is GoogleSQL, by Google's own analyzer."""

import re
from pathlib import Path

import pytest

from ecommerce.warehouse import rendering
from tests import googlesql_rules
from tests.googlesql import Statement

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def analysed():
    """All tables, views and staging tables, and what is wrong with the statements of all files."""
    return googlesql_rules.analyse_all()


@pytest.fixture(scope="module")
def catalogue(analysed):
    """All tables, views and staging tables."""
    return analysed[0]


def test_every_statement_is_googlesql(analysed):
    catalogue, wrong = analysed
    assert not wrong, "\n".join(wrong)
    assert {f"sales.{name}" for name in rendering.tables()} <= catalogue.tables.keys()


def documented():
    """What README and runbook tell people to ask the warehouse, of a day."""
    readme, runbook = (
        (REPOSITORY / name).read_text() for name in ("README.md", "docs/RUNBOOK.md")
    )
    blocks = "".join(re.findall(r"```sql\n(.*?)```", readme, re.DOTALL))
    return [
        *blocks.split(";")[:-1],
        *re.findall(r"`(SELECT [^`]+)`", runbook.replace("'D'", "'2026-11-18'")),
    ]


def test_what_people_are_told_to_ask_is_googlesql(catalogue):
    queries = documented()
    assert len(queries) >= 4
    wrong = []
    for sql in queries:
        named = re.sub(r"\bsales\.(\w+)", r"`sales.\1`", sql)
        wrong += googlesql_rules.problems(catalogue, Statement(sql, named))
    assert wrong == []
