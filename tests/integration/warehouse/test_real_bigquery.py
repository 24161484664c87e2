"""What only BigQuery itself shows: `make test-bigquery PROJECT=…`, with the credentials of `gcloud auth`.

It makes a dataset and its staging dataset, which it removes; it bills a few megabytes.
"""

import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sales import delivery_log
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import prepare
from tests.archived_reports import MAILING_RUN
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.test_load_in_any_order import NEWER, OLDER, TUESDAY

pytestmark = [
    pytest.mark.bigquery,
    pytest.mark.skipif(
        "BIGQUERY_TEST_PROJECT" not in os.environ, reason="make test-bigquery PROJECT=…"
    ),
]


@pytest.fixture
def shop(monkeypatch, tmp_path):
    project = os.environ["BIGQUERY_TEST_PROJECT"]
    dataset = f"test_{uuid.uuid4().hex[:12]}"
    connection = {"conn_type": "google_cloud_platform", "extra": {"project": project}}
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    monkeypatch.setenv("BIGQUERY_DATASET", dataset)
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    warehouse = connect(step="test")
    try:
        prepare(warehouse)
        yield Shop(warehouse, tmp_path)
    finally:
        for name in (dataset, f"{dataset}_staging"):
            warehouse.client.delete_dataset(
                name, delete_contents=True, not_found_ok=True
            )


def test_new_days_at_once_are_stored_once(shop):
    """No load replaces a row: without the lock, BigQuery would commit all of them."""

    def load(number):
        other = Shop(connect(dag=f"parallel_{number}", step="test"), shop.folder)
        folders, day = ((OLDER, MONDAY), (NEWER, TUESDAY))[number % 2]
        other.load(
            *folders, day=day, run_id=f"parallel {number}", dag_id=f"parallel_{number}"
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(load, range(4)))

    assert shop.warehouse.query("warehouse/procedures/copies/find.sql") == []
    state = shop.state()
    shop.load(*OLDER, day=MONDAY, run_id="older")
    shop.load(*NEWER, day=TUESDAY, run_id="newer")
    assert shop.state() == state
    assert migrate(shop.warehouse).left == []
    table = f"`{shop.warehouse.settings.bigquery_dataset}.order_lines`"
    with pytest.raises(ContractError, match="filter"):
        shop.warehouse.run(f"SELECT 1 FROM {table}", "all")


def test_claims_at_once_are_one(shop):
    at = datetime(2026, 3, 3, 11, tzinfo=UTC)
    claim = MONDAY, "0a1b", "<report@example.com>", at, MAILING_RUN
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: delivery_log.claim(*claim), range(3)))
    assert len(shop.rows("report_deliveries")) == 1
