"""The BigQuery emulator as this repository starts it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from demo.services.emulator import PROCESS, PROJECT, VENV, Emulator
from ecommerce.warehouse.rendering import columns, staging_table, tables
from tests import googlesql

OTHER_STAGING = "fedcba987654"
Text = tuple[str, dict[str, dict[str, str]]]
"""A statement, and the columns of its tables."""


def test_its_sql_parser_is_the_compiled_one() -> None:
    where = "import sqlglot.parser; print(sqlglot.parser.__file__)"
    found = subprocess.run([VENV / "bin" / "python", "-c", where], capture_output=True, text=True)
    assert found.stdout.strip().endswith(".so"), found.stderr


def test_columns_with_options_say_whether_they_may_be_null(bigquery_emulator: Emulator) -> None:
    client = bigquery.Client(
        PROJECT, AnonymousCredentials(), client_options={"api_endpoint": bigquery_emulator.host}
    )
    client.create_dataset("modes", exists_ok=True)
    made = client.query(
        "CREATE TABLE modes.named (sku STRING NOT NULL OPTIONS (description = 'a'), "
        "name STRING OPTIONS (description = 'b'), pieces INT64 NOT NULL, counted_at TIMESTAMP)"
    ).result()
    modes = {field.name: field.mode for field in made.schema}
    assert modes == {"sku": "REQUIRED", "name": "NULLABLE", "pieces": "REQUIRED", "counted_at": "NULLABLE"}


def translated(pairs: list[tuple[Text, Text]]) -> list[tuple[str, str, bool, bool]]:
    """What `translations.py` answers to texts, each with its sibling."""
    done = subprocess.run(
        [VENV / "bin" / "python", Path(__file__).with_name("translations.py")],
        input=json.dumps([[*text, *sibling] for text, sibling in pairs]),
        env={"PYTHONPATH": str(PROCESS.parent)},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    return [(counted_anew(remembered), counted_anew(afresh), *rest) for remembered, afresh, *rest in answers]


def counted_anew(sql: str) -> str:
    """`sql` with the aliases that sqlglot makes up numbered from 1: a generator that is used again goes on
    counting."""
    names: dict[str, str] = {}
    return re.sub(r"\b_t\d+\b", lambda name: names.setdefault(name[0], f"_t{len(names) + 1}"), sql)


@pytest.mark.full  # every statement twice
def test_what_the_emulator_remembers_of_a_statement_is_what_it_makes_of_it() -> None:
    types = {table: {column.name: column.type for column in columns(table)} for table in tables()}

    def schema(staging: str) -> dict[str, dict[str, str]]:
        return types | {staging_table(table, staging): types[table] for table in tables()}

    def others(sql: str) -> str:
        earlier = re.sub(r"(?<=DATE ')\d{4}", lambda year: str(int(year[0]) - 1), sql)
        return earlier.replace(googlesql.STAGING, OTHER_STAGING)

    statements = [each for path in googlesql.paths() for each in googlesql.statements(path)]
    pairs = [
        ((each.sql, schema(googlesql.STAGING)), (others(each.sql), schema(OTHER_STAGING)))
        for each in statements
    ]

    for statement, answer in zip(statements, translated(pairs), strict=True):
        remembered, afresh, asked, shared = answer
        assert remembered == afresh, statement.name
        assert not asked, f"{statement.name}: its sibling did not spare the translation"
        assert shared, f"{statement.name}: who only looks at the tree changed it"


NUMERIC, FLOAT = {"t": {"a": "DECIMAL(18, 4)"}}, {"t": {"a": "DOUBLE"}}
TRAPS: dict[str, tuple[Any, ...]] = {
    "dates that are one elsewhere": (
        "SELECT DATE '2026-03-01', DATE '2026-03-02'",
        "SELECT DATE '2026-03-01', DATE '2026-03-01'",
    ),
    "a date that is a string elsewhere": ("SELECT DATE '2026-03-01'", "SELECT '2026-03-01'"),
    "a string next to a date": (
        "SELECT '2026-03-01', DATE '2026-03-01'",
        "SELECT '2026-03-02', DATE '2026-03-01'",
    ),
    "a literal that quotes one": (
        """SELECT "DATE '2026-03-01'", 'it''s', r'DATE \'2026-03-01' FROM `d.t`""",
        """SELECT "DATE '2026-03-02'", 'it''s', r'DATE \'2026-03-01' FROM `d.t`""",
    ),
    "a comment that quotes one": (
        "SELECT 1 -- DATE '2026-03-01'\n, DATE '2026-03-02'",
        "SELECT 1 -- DATE '2026-03-03'\n, DATE '2026-03-02'",
    ),
    "a day that does not exist": ("SELECT DATE '2026-02-30'", "SELECT DATE '2026-02-20'"),
    "a year before all others": (
        "SELECT DATE '0001-01-01', DATE '2026-03-01'",
        "SELECT DATE '2026-03-01', DATE '0001-01-01'",
    ),
    "a casted string": (
        "SELECT CAST('2026-03-01' AS DATE), DATE('2026-03-01')",
        "SELECT CAST('2026-03-02' AS DATE), DATE('2026-03-01')",
    ),
    "a name that ends like the placeholder": (
        "SELECT * FROM `d.t__000000000001` JOIN `d.t__0123456789ab` USING (a)",
        "SELECT * FROM `d.t__0123456789ab` JOIN `d.t__000000000001` USING (a)",
    ),
    "names that only look like staging tables": (
        "SELECT * FROM `d.t__0123456789abc`, `d.t_0123456789ab`, `d.0123456789ab`",
        "SELECT * FROM `d.t__0123456789abd`, `d.t_0123456789ab`, `d.0123456789ab`",
    ),
    "a table without its dataset's name": (
        "SELECT t__0123456789ab.a FROM `d.t__0123456789ab`",
        "SELECT t__fedcba987654.a FROM `d.t__0123456789ab`",
    ),
    "words that rewriters look for": (
        "SELECT 'WITH OFFSET SAFE.LN( a / 0 SESSION_USER() `x` -- /*', DATE '2026-03-01', a FROM `d.t`",
        "SELECT 'WITH OFFSET SAFE.LN( a / 1 SESSION_USER() `x` -- /*', DATE '2026-03-02', a FROM `d.t`",
    ),
    "positions": (
        "SELECT x, at FROM UNNEST([DATE '2026-03-01']) AS x WITH OFFSET AS at",
        "SELECT x, y FROM UNNEST([DATE '2026-03-01']) AS x WITH OFFSET AS y",
    ),
    "columns of another type": ("SELECT AVG(a) FROM `d.t`", "SELECT AVG(a) FROM `d.t`", NUMERIC, FLOAT),
    "an error that names what was asked": ("SELECT FROM WHERE DATE '2026-03-01' (", "SELECT 1"),
    "numbers": ("SELECT a / 2, 1.5 FROM `d.t`", "SELECT a / 3, 2.5 FROM `d.t`"),
}


@pytest.fixture(scope="module")
def traps() -> dict[str, tuple[str, str, bool, bool]]:
    """The translation of each, after its sibling and after those before."""
    pairs = [
        ((text, (schemas or [{}])[0]), (sibling, (schemas or [{}])[-1]))
        for text, sibling, *schemas in TRAPS.values()
    ]
    return dict(zip(TRAPS, translated(pairs), strict=True))


@pytest.mark.parametrize("trap", TRAPS)
def test_nothing_is_answered_with_what_was_made_of_something_else(
    traps: dict[str, tuple[str, str, bool, bool]], trap: str
) -> None:
    remembered, afresh, _, shared = traps[trap]
    assert remembered == afresh
    assert shared


def test_earlier_states_of_tables_are_refused(bigquery_emulator: Emulator) -> None:
    client = bigquery.Client(
        PROJECT, AnonymousCredentials(), client_options={"api_endpoint": bigquery_emulator.host}
    )
    client.create_dataset("earlier", exists_ok=True)
    client.query("CREATE OR REPLACE TABLE earlier.numbers AS SELECT 1 AS number").result()
    before = "SELECT * FROM earlier.numbers FOR SYSTEM_TIME AS OF TIMESTAMP '2026-03-01 00:00:00+00'"
    with pytest.raises(GoogleAPICallError, match="keeps no earlier versions"):
        client.query(before, retry=None, job_retry=None).result(retry=None)
