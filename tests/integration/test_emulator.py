"""The BigQuery emulator as this repository starts it."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError
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
    found = subprocess.run(
        [VENV / "bin" / "python", "-c", where], capture_output=True, text=True
    )
    assert found.stdout.strip().endswith(".so"), found.stderr


def test_columns_with_options_say_whether_they_may_be_null(
    bigquery_emulator: Emulator,
) -> None:
    client = bigquery.Client(
        PROJECT,
        AnonymousCredentials(),
        client_options={"api_endpoint": bigquery_emulator.host},
    )
    client.create_dataset("modes", exists_ok=True)
    made = client.query(
        "CREATE TABLE modes.named (sku STRING NOT NULL OPTIONS (description = 'a'), "
        "name STRING OPTIONS (description = 'b'), pieces INT64 NOT NULL, counted_at TIMESTAMP)"
    ).result()
    modes = {field.name: field.mode for field in made.schema}
    assert modes == {
        "sku": "REQUIRED",
        "name": "NULLABLE",
        "pieces": "REQUIRED",
        "counted_at": "NULLABLE",
    }


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
    return [
        (counted_anew(remembered), counted_anew(afresh), *rest)
        for remembered, afresh, *rest in answers
    ]


def counted_anew(sql: str) -> str:
    """`sql` with the aliases that sqlglot makes up numbered from 1: a generator that is used again goes on
    counting."""
    names: dict[str, str] = {}
    return re.sub(
        r"\b_t\d+\b", lambda name: names.setdefault(name[0], f"_t{len(names) + 1}"), sql
    )


@pytest.mark.slow  # every statement twice
def test_what_the_emulator_remembers_of_a_statement_is_what_it_makes_of_it() -> None:
    types = {
        table: {column.name: column.type for column in columns(table)}
        for table in tables()
    }

    def schema(staging: str) -> dict[str, dict[str, str]]:
        return types | {
            staging_table(table, staging): types[table] for table in tables()
        }

    def others(sql: str) -> str:
        earlier = re.sub(r"(?<=DATE ')\d{4}", lambda year: str(int(year[0]) - 1), sql)
        return earlier.replace(googlesql.STAGING, OTHER_STAGING)

    statements = [
        each for path in googlesql.paths() for each in googlesql.statements(path)
    ]
    pairs = [
        (
            (each.sql, schema(googlesql.STAGING)),
            (others(each.sql), schema(OTHER_STAGING)),
        )
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
    "a date that is a string elsewhere": (
        "SELECT DATE '2026-03-01'",
        "SELECT '2026-03-01'",
    ),
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
    "a day that does not exist": (
        "SELECT DATE '2026-02-30'",
        "SELECT DATE '2026-02-20'",
    ),
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
    "columns of another type": (
        "SELECT AVG(a) FROM `d.t`",
        "SELECT AVG(a) FROM `d.t`",
        NUMERIC,
        FLOAT,
    ),
    "an error that names what was asked": (
        "SELECT FROM WHERE DATE '2026-03-01' (",
        "SELECT 1",
    ),
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
        PROJECT,
        AnonymousCredentials(),
        client_options={"api_endpoint": bigquery_emulator.host},
    )
    client.create_dataset("earlier", exists_ok=True)
    client.query(
        "CREATE OR REPLACE TABLE earlier.numbers AS SELECT 1 AS number"
    ).result()
    before = "SELECT * FROM earlier.numbers FOR SYSTEM_TIME AS OF TIMESTAMP '2026-03-01 00:00:00+00'"
    with pytest.raises(GoogleAPICallError, match="keeps no earlier versions"):
        client.query(before, retry=None, job_retry=None).result(retry=None)


DAY = "business_date = DATE '2026-03-01'"


@pytest.fixture(scope="module")
def filtered(bigquery_emulator: Emulator) -> Iterator[bigquery.Client]:
    """A client that reads `lines` and `refunds`, which require a filter, `orders`, and views of them."""
    config = bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.filtered")
    client = bigquery.Client(
        PROJECT,
        AnonymousCredentials(),
        client_options={"api_endpoint": bigquery_emulator.host},
        default_query_job_config=config,
    )
    client.create_dataset("filtered")
    required = "PARTITION BY business_date OPTIONS (require_partition_filter = TRUE)"
    for statement in (
        f"CREATE TABLE filtered.lines (business_date DATE, order_id STRING, sku STRING) {required}",
        f"CREATE TABLE filtered.refunds (business_date DATE, order_id STRING) {required}",
        "CREATE TABLE filtered.orders (business_date DATE, order_id STRING)",
        "CREATE VIEW filtered.lines_of_orders AS "
        "SELECT l.business_date AS day, l.sku FROM filtered.lines AS l "
        "LEFT JOIN filtered.orders AS o ON o.business_date = l.business_date AND o.order_id = l.order_id",
        "CREATE VIEW filtered.first_lines AS SELECT * FROM filtered.lines WHERE TRUE "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY sku) = 1",
        "CREATE VIEW filtered.first_lines_of_days AS SELECT * FROM filtered.lines WHERE TRUE "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY business_date, order_id ORDER BY sku) = 1",
    ):
        client.query(statement).result()
    yield client
    client.delete_dataset("filtered", delete_contents=True)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM lines",
        "SELECT sku FROM lines WHERE sku = 'a'",
        f"SELECT sku FROM lines WHERE {DAY} OR sku = 'a'",
        f"SELECT l.sku FROM lines AS l INNER JOIN orders AS o USING (order_id) WHERE o.{DAY}",
        f"SELECT l.sku FROM orders AS o INNER JOIN lines AS l USING (business_date) WHERE o.{DAY}",
        "SELECT day FROM lines_of_orders WHERE sku = 'a'",
        f"SELECT sku FROM first_lines WHERE {DAY}",
        f"SELECT sku FROM (SELECT * FROM lines LIMIT 10) WHERE {DAY}",
        f"SELECT 1 FROM (SELECT MAX(business_date) AS business_date FROM lines) WHERE {DAY}",
        f"SELECT 1 FROM orders WHERE {DAY} UNION ALL SELECT 1 FROM lines",
        "SELECT 1 FROM orders AS o WHERE EXISTS "
        "(SELECT 1 FROM lines AS l WHERE l.business_date = o.business_date)",
        f"SELECT 1 FROM orders AS o LEFT JOIN lines AS l ON o.order_id = l.order_id AND o.{DAY}",
        "CREATE TABLE filtered.copied AS SELECT * FROM filtered.lines",
        "INSERT INTO filtered.orders (order_id) SELECT order_id FROM filtered.lines",
        "DELETE FROM filtered.lines WHERE TRUE",
        "UPDATE filtered.lines AS l SET sku = 'a' FROM filtered.orders AS o WHERE o.order_id = l.order_id",
        f"MERGE INTO filtered.lines AS l USING filtered.orders AS o ON o.order_id = l.order_id AND o.{DAY} "
        "WHEN MATCHED THEN DELETE",
        "DECLARE sold STRING; SET sold = (SELECT MAX(sku) FROM filtered.lines);",
        "BEGIN TRANSACTION; DELETE FROM filtered.lines WHERE sku = 'a'; COMMIT TRANSACTION;",
    ],
)
def test_a_read_without_its_required_filter_is_refused_in_bigquerys_words(
    filtered: bigquery.Client, sql: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        filtered.query(sql, retry=None, job_retry=None).result(retry=None)
    words = (
        f"Cannot query over table '{PROJECT}.filtered.lines' without a filter over column(s) 'business_date' "
        "that can be used for partition elimination"
    )
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT sku FROM lines WHERE {DAY} AND sku = 'a'",
        "SELECT sku FROM lines WHERE business_date BETWEEN '2026-03-01' AND '2026-03-08'",
        "SELECT sku FROM lines WHERE business_date IN ('2026-03-01', '2026-03-08')",
        "SELECT sku FROM lines WHERE business_date IS NULL OR business_date IS NOT NULL",
        "SELECT sku FROM lines WHERE EXTRACT(YEAR FROM business_date) = 2026",
        "SELECT sku FROM lines WHERE business_date = (SELECT MAX(business_date) FROM orders)",
        f"SELECT sku FROM (SELECT * FROM lines) WHERE {DAY}",
        f"SELECT sku FROM lines AS l INNER JOIN orders AS o USING (order_id) WHERE l.{DAY} LIMIT 10",
        f"SELECT 1 FROM orders AS o LEFT JOIN lines AS l ON o.order_id = l.order_id AND l.{DAY}",
        "WITH of_days AS (SELECT business_date AS day, COUNT(*) AS lines FROM lines GROUP BY day) "
        "SELECT lines FROM of_days WHERE day >= '2026-03-01'",
        "SELECT day FROM (SELECT business_date AS day FROM lines UNION ALL "
        "SELECT business_date FROM refunds) WHERE day >= '2026-03-01'",
        "SELECT sku FROM lines_of_orders WHERE day = '2026-03-01'",
        f"SELECT sku FROM first_lines_of_days WHERE {DAY}",
        "SELECT COUNT(*) FROM orders",
        f"CREATE OR REPLACE TABLE filtered.copied AS SELECT * FROM filtered.lines WHERE {DAY}",
        "CREATE OR REPLACE VIEW filtered.all_lines AS SELECT * FROM filtered.lines",
        "INSERT INTO filtered.lines (order_id) SELECT order_id FROM filtered.orders",
        f"DELETE FROM filtered.lines WHERE {DAY}",
        f"UPDATE filtered.lines SET sku = 'a' WHERE {DAY}",
        f"MERGE INTO filtered.lines AS l USING filtered.orders AS o ON o.order_id = l.order_id "
        f"AND l.{DAY} WHEN MATCHED THEN DELETE WHEN NOT MATCHED BY SOURCE AND l.{DAY} THEN DELETE",
        "DECLARE first DATE DEFAULT '2026-03-01'; "
        "SELECT sku FROM filtered.lines WHERE business_date >= first;",
    ],
)
def test_a_read_with_its_filter_is_answered(
    filtered: bigquery.Client, sql: str
) -> None:
    filtered.query(sql, retry=None, job_retry=None).result(retry=None)


def test_a_migrated_table_still_requires_its_filter(filtered: bigquery.Client) -> None:
    table = filtered.get_table("filtered.refunds")
    table.time_partitioning = table.time_partitioning
    table.require_partition_filter = True
    filtered.update_table(
        table, ["schema", "time_partitioning", "require_partition_filter"]
    )
    with pytest.raises(BadRequest, match="without a filter over column"):
        filtered.query(
            "SELECT order_id FROM refunds", retry=None, job_retry=None
        ).result(retry=None)
