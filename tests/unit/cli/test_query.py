import json
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.cli.query import csv_cell, format_value, table
from ecommerce.warehouse.adhoc_query import QueryResult


def answer(
    *columns: tuple[str, str], rows: list[tuple[Any, ...]], total: int | None = None
) -> QueryResult:
    return QueryResult(columns, len(rows) if total is None else total, iter(rows))


def test_numbers_stand_at_the_right_and_decimals_below_each_other() -> None:
    rows = [
        ("Kitchen", 12, Decimal("1210.5")),
        (None, 3, Decimal("-7.1250")),
        ("Garden", None, None),
    ]
    found = answer(
        ("category", "STRING"), ("orders", "INTEGER"), ("net", "NUMERIC"), rows=rows
    )
    assert list(table(found)) == [
        "category      orders       net",
        "----------  --------  --------",
        "Kitchen           12  1210.5",
        "NULL               3    -7.125",
        "Garden          NULL  NULL",
        "3 rows",
    ]


def test_every_value_says_exactly_what_the_warehouse_has() -> None:
    assert format_value(Decimal("12.5000")) == format_value(Decimal("12.5")) == "12.5"
    assert format_value(Decimal("100")) == "100"
    assert format_value(Decimal("0.0000000001")) == "0.0000000001"
    assert format_value(date(2026, 11, 18)) == "2026-11-18"
    assert (
        format_value(datetime(2026, 11, 18, 4, 59, 59, 120000, tzinfo=UTC))
        == "2026-11-18 04:59:59.120000+00:00"
    )
    assert format_value(True) == "true"
    assert json.loads(format_value(["sales_db", "partner_files: acme"])) == [
        "sales_db",
        "partner_files: acme",
    ]


def test_a_text_of_a_csv_is_no_formula_and_a_number_stays_one() -> None:
    values = [
        None,
        "=HYPERLINK(1)",
        "+49",
        "-1",
        "@SUM(1)",
        "Mug",
        "a\x00b",
        Decimal("-7.50"),
        -3,
        ["=1"],
    ]
    assert [csv_cell(value) for value in values] == [
        *(
            "",
            "'=HYPERLINK(1)",
            "'+49",
            "'-1",
            "'@SUM(1)",
            "Mug",
            "ab",
            "-7.5",
            "-3",
            '["=1"]',
        ),
    ]


def test_a_long_text_is_cut() -> None:
    (_, _, line, _) = table(
        answer(("note", "STRING"), ("units", "INTEGER"), rows=[("x" * 61, 12)])
    )
    assert line.split() == [f"{'x' * 59}…", "12"]


def test_control_characters_cannot_move_the_cursor() -> None:
    (_, _, line, _) = table(
        answer(("name", "STRING"), rows=[("Seed box\nspring\x1b[2J mix",)])
    )
    assert line == "Seed box spring [2J mix"


def test_more_rows_than_are_shown_are_told_of() -> None:
    *_, last = table(answer(("n", "INTEGER"), rows=[(1,)] * 200, total=52_099))
    assert last == "the first 200 of 52,099 rows: FORMAT=csv has all"
    assert [*table(answer(("n", "INTEGER"), rows=[]))][-1] == "0 rows"


@pytest.mark.parametrize(
    "arguments", [[], ["--sql", "SELECT 1", "--file", "question.sql"]]
)
def test_a_question_is_given_in_one_way(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["query", *arguments]) == 1
    assert capsys.readouterr().err.startswith("pass one statement: make query SQL=")


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["query", "--file", str(tmp_path / "question.sql")]) == 1
    assert (
        capsys.readouterr().err
        == f"{tmp_path}/question.sql cannot be read: No such file or directory\n"
    )


def test_make_hands_on_sql_as_it_was_typed(repository: Path) -> None:
    sql = "SELECT 'it''s $x $(x) `orders` \"quoted\" #' -- % of\nFROM orders"
    command = [
        "make",
        "--no-print-directory",
        "query",
        "BOOTSTRAP=true",
        "CLI=printenv QUERY #",
        f"SQL={sql}",
    ]
    done = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (f"{sql}\n", "")
