"""The command `query`: how values are shown, as a table and as CSV."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ecommerce.cli import environment
from ecommerce.warehouse import adhoc_query, client
from ecommerce.warehouse.adhoc_query import QueryResult

COLUMNS = (
    ("category", "STRING"),
    ("orders", "INTEGER"),
    ("net", "NUMERIC"),
    ("at", "TIMESTAMP"),
)
INSTANT = datetime(2026, 11, 18, 4, 59, 59, 120000, tzinfo=UTC)
ROWS = [
    ("Kitchen", 12, Decimal("1210.5000"), INSTANT),
    (None, 3, Decimal("-7.1250"), None),
    ("x" * 60, None, Decimal(100), None),
    ("x" * 61, 1_000_000, Decimal("0.0000000001"), None),
    ("Seed box\nspring\x1b[2J mix", -3, Decimal("12.50"), None),
    ("=HYPERLINK(1)", 0, None, None),
    ("-1", 0, None, None),
    ("@SUM(1)", 0, None, None),
    ("a\x00b", 0, None, None),
    (["=1", "partner_files: acme", date(2026, 11, 18)], 0, None, None),
    ({"größe": Decimal("1.50")}, 0, None, None),
    (True, 0, None, None),
]


@pytest.fixture
def answer(monkeypatch):
    """Let the warehouse answer with these rows; it lists the statements and limits."""
    asked = []

    def set_answer(rows, total=None, columns=COLUMNS):
        def run_query(statement, warehouse, max_rows=None):
            asked.append((statement, max_rows))
            return QueryResult(columns, total or len(rows), iter(rows))

        monkeypatch.setattr(adhoc_query, "run_query", run_query)
        monkeypatch.setattr(client, "connect", lambda **labels: None)
        return asked

    monkeypatch.setattr(environment, "load", lambda: None)
    return set_answer


def test_a_table_in_the_terminal(answer, run, snapshot):
    asked = answer(ROWS)
    assert run(["query", "--sql", "SELECT *"]) == snapshot
    assert asked == [("SELECT *", 200)]


def test_a_csv(answer, run, snapshot):
    asked = answer(ROWS)
    assert run(["query", "--sql", "SELECT *", "--format", "csv"]) == snapshot
    assert asked == [("SELECT *", None)]


@pytest.mark.parametrize(
    ("rows", "total", "last"),
    [
        (1, 1, "1 row"),
        (200, 200, "200 rows"),
        (200, 52_099, "the first 200 of 52,099 rows: FORMAT=csv has all"),
    ],
)
def test_the_last_line_has_the_number_of_rows(answer, run, rows, total, last):
    answer([(1,)] * rows, total, (("n", "INTEGER"),))
    assert run(["query", "--sql", "SELECT 1"]).splitlines()[-1] == last


def test_the_statement_is_a_file_or_the_variable_of_make(
    answer, monkeypatch, run, folder
):
    asked = answer([])
    (folder / "question.sql").write_text("SELECT 'größe'")
    run(["query", "--file", str(folder / "question.sql")])
    monkeypatch.setenv("QUERY", "SELECT 2")
    run("query")
    assert [sql for sql, _ in asked] == ["SELECT 'größe'", "SELECT 2"]
