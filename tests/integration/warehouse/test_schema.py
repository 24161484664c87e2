"""The warehouse's tables: made once, remembered settings, brought to newer files."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.sales import delivery_log
from ecommerce.warehouse import rendering
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import listed_tables, prepare
from tests import queries
from tests.archived_reports import MAILING_RUN
from tests.integration.warehouse.conftest import MONDAY, STATE, Shop
from tests.integration.warehouse.loadable import at, forecast
from tests.integration.warehouse.test_load_in_any_order import OLDER
from tests.integration.warehouse_contents import new_dataset, of_all_days
from tests.rows import column_of

TIMES = 40


@pytest.fixture(scope="module")
def dataset_name():
    return new_dataset()


@pytest.fixture
def made_dataset(dataset_name, shop, monkeypatch):
    """A dataset that did not exist before two runs made it at once, for the first test that asks for it."""
    monkeypatch.setenv("BIGQUERY_DATASET", dataset_name)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: prepare(connect()), range(2)))
    return dataset_name


def test_tables_are_made_by_whoever_comes_first(made_dataset):
    warehouse = connect()
    made = {table.table_id for table in warehouse.client.list_tables(made_dataset)}
    assert made == {*rendering.tables(), *rendering.views()}
    settings = set(
        column_of(warehouse.table_rows(f"{made_dataset}.warehouse_settings"), "setting")
    )
    assert settings == {"timezone", "reporting_currency", "hash_key_fingerprint"}
    staging = f"{made_dataset}_staging"
    assert (
        warehouse.client.get_dataset(staging).default_table_expiration_ms
        == 24 * 60 * 60 * 1000
    )


def test_a_table_can_be_read_while_others_run_statements(shop):
    """The emulator's routes share one connection to DuckDB: each could take the result of another."""
    dataset = shop.dataset

    def settings_read():
        warehouse = connect()
        table = f"{dataset}.warehouse_settings"
        return [len(warehouse.table_rows(table)) for _ in range(TIMES)]

    def statements_run():
        warehouse = connect()
        found = []
        for number in range(TIMES):
            found += warehouse.run(f"SELECT {number} AS number", "a number")
        return found

    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(settings_read) for _ in range(2)]
        runs = [pool.submit(statements_run) for _ in range(2)]
        for each in reads:
            assert each.result() == [3] * TIMES
        for each in runs:
            assert each.result() == [{"number": number} for number in range(TIMES)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"shop_timezone": "Europe/Berlin"},
            "dataset DATASET was built with SHOP_TIMEZONE = America/New_York, and Europe/Berlin is "
            "set now: set America/New_York again, or choose another BIGQUERY_DATASET and load the history "
            "into it",
        ),
        (
            {"reporting_currency": "EUR"},
            "REPORTING_CURRENCY = USD, and EUR is set now: set USD again",
        ),
        (
            {"customer_hash_key": "fedcba9876543210"},
            "another CUSTOMER_HASH_KEY than is set now: set that one again",
        ),
    ],
)
def test_another_deployment_may_not_use_this_warehouse(shop, change, sentence):
    shop.warehouse.settings = shop.warehouse.settings.model_copy(update=change)

    with pytest.raises(ConfigurationError) as stopped:
        prepare(shop.warehouse)

    message = str(stopped.value)
    assert sentence in message.replace(shop.dataset, "DATASET")
    assert "fedcba9876543210" not in message
    assert "0123456789abcdef" not in message


def test_of_two_first_runs_with_other_settings_one_stops(shop, monkeypatch):
    shop.sql("DELETE FROM sales.warehouse_settings WHERE TRUE")
    faster = connect()
    in_berlin = {"shop_timezone": "Europe/Berlin"}
    faster.settings = faster.settings.model_copy(update=in_berlin)
    stored = []

    def answer(send, sql, **options):
        if "warehouse_settings" in sql and not stored:
            stored.append(sql)
            prepare(faster)
        return send(sql, **options)

    queries.intercept(monkeypatch, answer)
    with pytest.raises(ConfigurationError, match="SHOP_TIMEZONE = Europe/Berlin, and"):
        prepare(shop.warehouse)


def test_migrate_adds_columns_and_names_what_it_cannot_do(made_dataset, monkeypatch):
    monkeypatch.setenv("ORDER_ATTRIBUTES", "_wc_order_source,group,app")
    warehouse = connect()
    older = {
        "products": "sku INT64, name STRING, colour STRING",
        "order_lines": "business_date DATE NOT NULL, source STRING NOT NULL",
        "report_deliveries": "business_date DATE NOT NULL, figures_hash STRING NOT NULL, "
        "message_id STRING NOT NULL, state STRING NOT NULL, sent_at TIMESTAMP, figures_at TIMESTAMP, "
        "claimed_by STRING, claimed_until TIMESTAMP",
    }
    for table, columns in older.items():
        name = f"`{made_dataset}.{table}`"
        warehouse.run(f"DROP TABLE {name}; CREATE TABLE {name} ({columns})", "older")
    # A new view reads columns that are added.
    warehouse.run(f"DROP VIEW `{made_dataset}.contribution_margin`", "older")
    row = f"INSERT INTO `{made_dataset}.products` (sku, name) VALUES (1, 'Old')"
    warehouse.run(row, "an older row")
    mailed = (
        f"INSERT INTO `{made_dataset}.report_deliveries` "
        "(business_date, figures_hash, message_id, state, sent_at) "
        "VALUES ('2026-03-02', 'mailed', '<id@x>', 'sent', '2026-03-03 11:00:00+00:00')"
    )
    warehouse.run(mailed, "an older mail")
    warehouse.settings = warehouse.settings.model_copy(
        update={"events_retention_days": 30}
    )
    migration = migrate(warehouse)

    events = warehouse.client.get_table(f"{made_dataset}.user_events")
    assert events.time_partitioning.expiration_ms == 30 * 24 * 60 * 60 * 1000
    added = ("category", "picture_uri", "thumbnail_uri", "updated_at")
    assert [text for text in migration.done if text.startswith("products")] == [
        f"products: column {column} added, NULL in existing rows" for column in added
    ]
    assert sorted(migration.left) == [
        "order_lines: its partitioning is not that of table.sql; copy the table to change that",
        "products: column sku is INT64 NULLABLE, and in table.sql STRING REQUIRED; "
        "copy the table to change that",
    ]
    rows = warehouse.run(
        f"SELECT sku, name, category FROM `{made_dataset}.products`", "look"
    )
    assert rows == [{"sku": 1, "name": "Old", "category": None}]
    assert "contribution_margin" in listed_tables(warehouse)
    named = '{"group": "B2B", "app": "shop", "unnamed": "x"}'
    orders = [{"order_id": "P1", "attributes": named}, {"order_id": "P2"}]
    made = Shop(warehouse, None)
    instants = dict.fromkeys(("ordered_at", "read_at"), at("2026-03-02 17:00"))
    made.insert("orders", orders, business_date=MONDAY, **instants)
    columns = ("order_id", "_wc_order_source", "`group`", "app")
    assert made.tuples("orders_attributes", *columns) == [
        ("P1", None, "B2B", "shop"),
        ("P2", None, None, None),
    ]
    assert migrate(warehouse).done == []
    # What was mailed before is not mailed again.
    [delivery] = delivery_log.deliveries(MONDAY)
    assert delivery["state"] == "sent"
    now = datetime.now(UTC)
    assert (
        delivery_log.claim(
            MONDAY,
            "mailed",
            "<id@x>",
            now,
            MAILING_RUN,
        )
        == ""
    )


def test_migrate_removes_the_copies_of_rows(shop):
    """Two loads at once, without a lock, have stored everything twice."""
    shop.load(
        *OLDER,
        day=MONDAY,
        run_id="older",
    )
    # Forecasts of two weeks, and totals of two currencies, are no copies of each other.
    weeks = at("2026-03-01 05:00"), at("2026-02-22 05:00")
    forecasts = [forecast("total", MONDAY, made_at) for made_at in weeks]
    shop.insert("sales_forecasts", forecasts)
    loaded = ("load_audit", "warehouse_settings", "control_totals", "sales_forecasts")
    tables = (*STATE, *loaded)
    state = shop.state(tables)
    for table in tables:
        rows = f"SELECT * FROM sales.{table} {of_all_days(table)}"
        shop.sql(f"INSERT INTO sales.{table} {rows}")
    older = "TIMESTAMP_SUB(read_at, INTERVAL 1 HOUR) AS read_at, NUMERIC '0' AS gross_amount"
    shop.sql(
        f"INSERT INTO sales.orders SELECT * REPLACE ({older}) FROM sales.orders "
        + of_all_days("orders")
    )
    # Days are judged again: these were judged with other holidays.
    shop.sql("UPDATE sales.daily_summary SET empty_sources = ['storefront'] WHERE TRUE")
    assert shop.state(tables) != state

    migration = migrate(shop.warehouse)

    assert shop.state(tables) == state
    assert "orders: 24 copies of rows removed" in migration.done
    assert "make backfill FROM=… TO=… AGAIN=1" in " ".join(migration.left)
    assert shop.warehouse.query("warehouse/procedures/copies/find.sql") == []


def test_a_lock_without_a_row_loads_nothing_and_is_created_again(shop):
    shop.sql("DELETE FROM sales.load_lock WHERE TRUE")
    with pytest.raises(
        ContractError, match="load_lock does not have exactly one row: drop this table"
    ):
        shop.load(*OLDER)

    shop.sql("DROP TABLE sales.load_lock")

    shop.load(*OLDER)
    assert len(shop.rows("orders")) == 8
