"""The warehouse's tables: made once, remembered settings, brought to newer files."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse import rendering
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import prepare
from tests.integration.warehouse.conftest import Shop


@pytest.fixture
def empty_dataset(shop: Shop, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of a dataset that does not exist."""
    name = re.sub(r"\W", "_", request.node.name)
    monkeypatch.setenv("BIGQUERY_DATASET", name)
    return name


def test_tables_are_made_by_whoever_comes_first(empty_dataset: str):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: prepare(connect()), range(4)))

    warehouse = connect()
    made = {table.table_id for table in warehouse.client.list_tables(empty_dataset)}
    assert made == {*rendering.tables(), *rendering.views()}
    settings = {row["setting"] for row in warehouse.query("warehouse/tables/warehouse_settings/stored.sql")}
    assert settings == {"timezone", "reporting_currency", "hash_key_fingerprint"}
    staging = warehouse.client.get_dataset(f"{empty_dataset}_staging")
    assert staging.default_table_expiration_ms == 24 * 60 * 60 * 1000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"shop_timezone": "Europe/Berlin"},
            "dataset shop was built with SHOP_TIMEZONE = America/New_York, and Europe/Berlin is set "
            "now: set America/New_York again, or choose another BIGQUERY_DATASET and load the history "
            "into it",
        ),
        ({"reporting_currency": "EUR"}, "REPORTING_CURRENCY = USD, and EUR is set now: set USD again"),
        (
            {"customer_hash_key": "fedcba9876543210"},
            "another CUSTOMER_HASH_KEY than is set now: set that one again",
        ),
    ],
)
def test_another_deployment_may_not_use_this_warehouse(shop: Shop, change: dict[str, str], sentence: str):
    shop.warehouse.settings = replace(shop.warehouse.settings, **change)

    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as stopped:
        prepare(shop.warehouse)

    assert not any(secret in str(stopped.value) for secret in ("fedcba9876543210", "0123456789abcdef"))


def test_a_fresh_warehouse_needs_no_migration(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(command_line.warehouse.environment, "load", lambda: None)  # it is this process's own
    assert command_line.main(["migrate"]) == 0
    assert "every table was up to date" in capsys.readouterr().out


def test_migrate_adds_columns_and_names_what_it_cannot_do(empty_dataset: str):
    warehouse = connect()
    prepare(warehouse)
    warehouse.run(f"DROP TABLE `{empty_dataset}.products`", "drop")
    warehouse.run(
        f"CREATE TABLE `{empty_dataset}.products` (sku INT64, name STRING, colour STRING)", "an older table"
    )
    warehouse.run(f"INSERT INTO `{empty_dataset}.products` (sku, name) VALUES (1, 'Old')", "an older row")

    migration = migrate(warehouse)

    assert migration.done == [
        f"products: column {column} added, NULL in existing rows"
        for column in ("category", "picture_uri", "thumbnail_uri", "updated_at")
    ]
    assert migration.left == [
        "products: column sku is INT64 NULLABLE, and in table.sql STRING REQUIRED; "
        "copy the table to change that",
        "products: column colour is not in table.sql; drop it by hand if no query needs it",
    ]
    rows = warehouse.run(f"SELECT sku, name, category FROM `{empty_dataset}.products`", "look")
    assert rows == [{"sku": 1, "name": "Old", "category": None}]
    assert migrate(warehouse).done == []
