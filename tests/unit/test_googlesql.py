"""Every statement of the warehouse and the report is GoogleSQL, by Google's own analyzer."""

import re
from pathlib import Path

import pytest

from ecommerce.warehouse import rendering
from tests import googlesql
from tests.googlesql import Catalogue, Statement

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def analysed() -> tuple[Catalogue, list[str]]:
    """All tables, views and staging tables, and what is wrong with the statements of all files."""
    return googlesql.analyse_all()


@pytest.fixture(scope="module")
def catalogue(analysed: tuple[Catalogue, list[str]]) -> Catalogue:
    """All tables, views and staging tables."""
    return analysed[0]


def test_every_statement_is_googlesql(analysed: tuple[Catalogue, list[str]]) -> None:
    catalogue, wrong = analysed
    assert not wrong, "\n".join(wrong)
    assert {f"sales.{name}" for name in rendering.tables()} <= catalogue.tables.keys()


def documented() -> list[str]:
    """What README and runbook tell people to ask the warehouse, of a day."""
    readme, runbook = (
        (REPOSITORY / name).read_text() for name in ("README.md", "docs/RUNBOOK.md")
    )
    blocks = "".join(re.findall(r"```sql\n(.*?)```", readme, re.DOTALL))
    return [
        *blocks.split(";")[:-1],
        *re.findall(r"`(SELECT [^`]+)`", runbook.replace("'D'", "'2026-11-18'")),
    ]


@pytest.mark.parametrize("sql", documented())
def test_what_people_are_told_to_ask_is_googlesql(
    sql: str, catalogue: Catalogue
) -> None:
    named = re.sub(r"\bsales\.(\w+)", r"`sales.\1`", sql)
    assert googlesql.problems(catalogue, Statement("documentation", named)) == []


def samples() -> list[str]:
    """The sample queries, whose tables need no dataset."""
    return re.findall(
        r"```sql\n(.*?)```", (REPOSITORY / "docs" / "QUERIES.md").read_text(), re.DOTALL
    )


@pytest.mark.parametrize("sql", samples())
def test_a_sample_query_is_googlesql(sql: str, catalogue: Catalogue) -> None:
    # Their bounds are reckoned from today, which BigQuery prunes by as well.
    catalogue.analyse(
        re.sub(
            r"^( *(?:FROM|LEFT JOIN)) (\w+)", r"\1 `sales.\2`", sql, flags=re.MULTILINE
        )
    )


def test_there_is_something_to_ask() -> None:
    assert len(documented()) >= 4
    assert len(samples()) >= 5


def test_the_load_is_one_transaction() -> None:
    kinds = [
        statement.sql.split()[0]
        for statement in googlesql.statements("warehouse/loads/orders/script.sql")
    ]

    assert kinds[0] == "BEGIN"
    assert kinds[-2:] == ["COMMIT", "SELECT"]
    assert {"UPDATE", "DELETE", "INSERT", "MERGE", "SELECT"} >= set(kinds[1:-2])


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("SELECT busines_date FROM `sales.orders`", "Unrecognized name: busines_date"),
        ("SELECT * FROM `sales.order`", "Table not found"),
        ("SELECT order_id + 1 FROM `sales.orders`", "No matching signature"),
        ("INSERT INTO `sales.customers` (customer_hash) SELECT 1", "has type INT64"),
        ("SELECT COUNTIF(TRUE", "Syntax error"),
        ("SELECT CAST(1 AS NUMERIC(18, 4))", "not allowed in CAST"),
        ("SELECT 1 FROM `sales.orders` WHERE order_id IN UNNEST([])", "an empty list"),
        (
            "SELECT order_id FROM `sales.refunds`",
            "no partition filter on sales.refunds",
        ),
        ("SELECT order_id FROM `sales.orders`", "no partition filter on sales.orders"),
        (
            "SELECT o.order_id FROM (SELECT * FROM `sales.orders`) AS o WHERE o.business_date = @some_date",
            "does not use channel of sales.orders",
        ),
        (
            "WITH o AS (SELECT order_id, status FROM `sales.orders` WHERE business_date = @some_date) "
            "SELECT order_id FROM o",
            "does not use status of sales.orders",
        ),
        (
            "DELETE FROM `sales.refunds` AS r WHERE EXISTS "
            "(SELECT 1 FROM `sales.orders` AS o WHERE o.business_date = r.business_date)",
            "no partition filter on sales.refunds",
        ),
    ],
)
def test_a_mistake_is_found(catalogue: Catalogue, sql: str, complaint: str) -> None:
    assert complaint in "\n".join(
        googlesql.problems(catalogue, Statement("mistake", sql))
    )
