"""The command `query`: how values are shown, as a table and as CSV."""

import logging
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ecommerce.cli.__main__ import main
from ecommerce.cli.query import format_table
from ecommerce.warehouse import adhoc_query
from ecommerce.warehouse.adhoc_query import QueryResult
from tests.unit.cli.conftest import ANONYMOUS

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
    ("a remark of many words " * 6, 0, None, None),
    (["f" * 64, "f" * 64], 0, None, None),
    ("Seed box\nspring\x1b[2J mix", -3, Decimal("12.50"), None),
    ("=HYPERLINK(1)", 0, None, None),
    ("-1", 0, None, None),
    ("@SUM(1)", 0, None, None),
    ("a\x00b", 0, None, None),
    (["=1", "partner_files: acme", date(2026, 11, 18)], 0, None, None),
    ({"größe": Decimal("1.50")}, 0, None, None),
    (True, 0, None, None),
]


def result(rows, columns=COLUMNS):
    return QueryResult(columns, len(rows), iter(rows))


@pytest.fixture
def answer(monkeypatch, folder):
    """Let the warehouse answer with rows; returns the statements and limits that it gets."""
    (folder / ".env").write_text(
        f"CUSTOMER_HASH_KEY=0123456789abcdef\nAIRFLOW_CONN_BIGQUERY={ANONYMOUS}\n"
    )

    def set_answer(rows):
        asked = []

        def run_query(statement, warehouse, max_rows=None):
            assert logging.root.manager.disable == logging.INFO
            print("a line of a library")
            record = logging.makeLogRecord({"msg": "a line of Airflow's log"})
            logging.StreamHandler(sys.stdout).emit(record)
            asked.append((statement, max_rows))
            return result(rows)

        monkeypatch.setattr(adhoc_query, "run_query", run_query)
        return asked

    return set_answer


def test_a_table_in_the_terminal(snapshot):
    assert format_table(result(ROWS)) == snapshot


def test_a_csv_has_all_rows_and_nothing_else_is_on_standard_output(
    answer, capsys, snapshot
):
    asked = answer(ROWS)
    assert main(["query", "--sql", "SELECT *", "--format", "csv"]) == 0
    shown = capsys.readouterr()
    assert shown.out == snapshot
    assert shown.err == "a line of a library\na line of Airflow's log\n"
    assert asked == [("SELECT *", None)]


@pytest.mark.parametrize(
    ("rows", "total", "last"),
    [
        (1, 1, "1 row"),
        (200, 200, "200 rows"),
        (200, 52_099, "the first 200 of 52,099 rows: FORMAT=csv has all"),
    ],
)
def test_the_last_line_has_the_number_of_rows(rows, total, last):
    table = QueryResult((("n", "INTEGER"),), total, iter([(1,)] * rows))
    assert format_table(table).splitlines()[-1] == last


def test_the_statement_is_a_file_or_the_variable_of_make(
    answer, monkeypatch, run, folder
):
    asked = answer(ROWS)
    (folder / "question.sql").write_text("SELECT 'größe'")
    assert "Kitchen" in run(["query", "--file", str(folder / "question.sql")])
    monkeypatch.setenv("QUERY", "SELECT 2")
    run("query")
    assert asked == [("SELECT 'größe'", 200), ("SELECT 2", 200)]
