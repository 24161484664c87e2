"""The BigQuery emulator refuses what BigQuery refuses: tests with it would find such a query."""

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError
from google.cloud import bigquery

from demo.services.emulator import PROJECT
from tests.integration.warehouse_contents import connect

DAY = "business_date = DATE '2026-03-01'"
NOT_FILTERED = (
    "SELECT sku FROM lines WHERE sku = 'a'",
    f"SELECT sku FROM lines WHERE {DAY} OR sku = 'a'",
    "SELECT day FROM lines_of_orders WHERE sku = 'a'",
    "DELETE FROM filtered.lines WHERE TRUE",
    f"MERGE INTO filtered.lines AS l USING filtered.orders AS o ON o.order_id = l.order_id AND o.{DAY} "
    "WHEN MATCHED THEN DELETE",
    "BEGIN TRANSACTION; DELETE FROM filtered.lines WHERE sku = 'a'; COMMIT TRANSACTION;",
)
FILTERED = (
    f"SELECT sku FROM lines WHERE {DAY} AND sku = 'a'",
    "SELECT sku FROM lines WHERE business_date BETWEEN '2026-03-01' AND '2026-03-08'",
    f"SELECT sku FROM (SELECT * FROM lines) WHERE {DAY}",
    "SELECT sku FROM lines_of_orders WHERE day = '2026-03-01'",
    f"DELETE FROM filtered.lines WHERE {DAY}",
    "DECLARE first DATE DEFAULT '2026-03-01'; "
    "SELECT sku FROM filtered.lines WHERE business_date >= first;",
)


@pytest.fixture(scope="module")
def filtered(bigquery_emulator):
    """A client that reads `lines`, which require a filter, `orders`, and a view of them."""
    client = connect(bigquery_emulator)
    client.create_dataset("filtered")
    for statement in (
        "CREATE TABLE filtered.lines (business_date DATE, order_id STRING, sku STRING) "
        "PARTITION BY business_date OPTIONS (require_partition_filter = TRUE)",
        "CREATE TABLE filtered.orders (business_date DATE, order_id STRING)",
        "CREATE VIEW filtered.lines_of_orders AS "
        "SELECT l.business_date AS day, l.sku FROM filtered.lines AS l LEFT JOIN "
        "filtered.orders AS o ON o.business_date = l.business_date AND o.order_id = l.order_id",
    ):
        client.query(statement).result()
    yield client
    client.delete_dataset("filtered", delete_contents=True)


def ask(client, sql):
    """Run a statement, whose tables are those of the dataset, without any repetition."""
    config = bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.filtered")
    job = client.query(sql, job_config=config, retry=None, job_retry=None)
    job.result(retry=None)


@pytest.mark.parametrize("sql", NOT_FILTERED)
def test_a_read_without_its_required_filter_is_refused(filtered, sql):
    words = r"lines' without a filter over column\(s\) 'business_date'"
    with pytest.raises(BadRequest, match=words):
        ask(filtered, sql)


def test_a_read_with_its_filter_is_answered(filtered):
    for sql in FILTERED:
        ask(filtered, sql)


def test_earlier_states_of_tables_are_refused(filtered):
    before = "FOR SYSTEM_TIME AS OF TIMESTAMP '2026-03-01 00:00:00+00'"
    with pytest.raises(GoogleAPICallError, match="keeps no earlier versions"):
        ask(filtered, f"SELECT * FROM orders {before}")
