"""A warehouse that has lost tables, rows or partitions: nothing is loaded until they are restored."""

from copy import deepcopy
from datetime import timedelta
from types import SimpleNamespace

import pytest
from google.api_core import exceptions as google

from ecommerce.core.errors import ConfigurationError, ContractError, TransientError
from ecommerce.warehouse import check_access, rendering, schema
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import prepare
from tests.integration.warehouse.conftest import MONDAY, STATE
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.integration.warehouse.other_clients import Expiring

TUESDAY = MONDAY + timedelta(days=1)
OLD = Folder(
    [
        Order("1", "2026-03-02 15:00"),
        Order("2", "2026-03-02 16:00"),
        Order(
            "3",
            "2026-03-02 17:00",
            status="cancelled",
            is_sale=False,
        ),
    ]
)
CHANGED = Folder(
    [
        Order("1", "2026-03-02 15:00"),
        Order("4", "2026-03-03 15:00"),
    ],
    read_at="2026-03-04 11:00",
)


@pytest.fixture
def loaded(shop):
    """Monday is loaded."""
    shop.load(OLD, day=MONDAY)
    return shop


def test_a_table_that_is_gone_stops_every_load_and_is_not_created_again(loaded):
    """The migration creates it again, and lets tables of a staging dataset expire, also of one of somebody
    else."""
    client = loaded.warehouse.client
    staging = client.get_dataset(loaded.warehouse.settings.staging_dataset)
    staging.default_table_expiration_ms = None
    client.update_dataset(staging, ["default_table_expiration_ms"])
    main = client.get_dataset(loaded.dataset)
    present = schema.listed_tables(loaded.warehouse)
    [hint] = check_access.check_expiration(main, staging, present)
    assert "do not expire after a day: make migrate sets that" in hint[1]
    lost = []
    for table in ("warehouse_settings", "order_lines", "orders"):
        lost = sorted([*lost, table])
        loaded.sql(f"DROP TABLE sales.{table}")
        with pytest.raises(ConfigurationError) as refused:
            loaded.load(CHANGED, day=TUESDAY, run_id="next")
        message = f"has lost {', '.join(lost)}: nothing is loaded"
        assert message in str(refused.value)
        assert not set(lost) & set(schema.listed_tables(loaded.warehouse))
        with pytest.raises(ConfigurationError, match="has lost"):
            list(check_access.check())

    done = migrate(loaded.warehouse).done
    created = [f"{table}: created, empty" for table in lost]
    assert created == sorted(text for text in done if "created" in text)
    assert f"{staging.dataset_id}: new tables expire after a day" in done
    staging = client.get_dataset(staging.dataset_id)
    present = schema.listed_tables(loaded.warehouse)
    assert list(check_access.check_expiration(main, staging, present)) == []
    # A shorter one, of an owner who wants less, stays.
    staging.default_table_expiration_ms = 3_600_000
    assert schema.expires_in_a_day(staging)


def test_a_first_run_that_was_interrupted_is_continued(shop):
    for table in ("warehouse_settings", "orders"):
        shop.sql(f"DROP TABLE sales.{table}")
    prepare(shop.warehouse)
    assert {*rendering.tables()} <= set(schema.listed_tables(shop.warehouse))


def test_a_day_that_lost_orders_is_not_computed_again(loaded):
    """The cancelled order, which is in no figure, makes up for no other one, and its loss stops no load."""
    loaded.sql("DELETE FROM sales.orders WHERE order_id = '2'")
    before = loaded.state(STATE)
    again = Folder(
        [Order("1", "2026-03-02 15:00")],
        read_at="2026-03-05 11:00",
    )
    with pytest.raises(ContractError) as refused:
        loaded.load(
            again,
            day=TUESDAY,
            run_id="another",
        )
    assert "orders were lost: 2026-03-02 has 1 of 2: nothing is loaded" in str(
        refused.value
    )
    assert loaded.state(STATE) == before
    # Another day is loaded.
    loaded.load(
        day=at("2026-03-05 11:00").date(),
        run_id="other day",
    )

    # The way out: what the day has left counts, until its sources are read again.
    loaded.sql("DELETE FROM sales.daily_summary WHERE business_date = '2026-03-02'")
    loaded.load(
        again,
        day=TUESDAY,
        run_id="another",
    )
    assert loaded.by("daily_summary", "business_date", "orders")[MONDAY] == 1

    loaded.sql("DELETE FROM sales.orders WHERE order_id = '3'")
    loaded.load(
        Folder([Order("1", "2026-03-02 15:00")], read_at="2026-03-06 11:00"),
        day=TUESDAY,
        run_id="later",
    )


def test_the_check_changes_the_lock_and_nothing_else(loaded):
    before = loaded.rows("load_lock")
    assert ("ok", True) not in list(check_access.check())
    assert loaded.rows("load_lock") == before


PARTITIONS = {
    "timePartitioning": {
        "type": "DAY",
        "field": "business_date",
        "expirationMs": "5184000000",
    }
}


def expiring(shop, **more):
    tables = {
        "customers": {"expirationTime": "1803000000000"},
        "orders": deepcopy(PARTITIONS),
        "user_events": deepcopy(PARTITIONS),  # as its definition says
    }
    client = Expiring(
        shop.warehouse.client,
        tables,
        **more,
    )
    shop.warehouse.client = client
    return client


def test_an_expiration_is_removed_from_the_own_tables(shop):
    """Another task may have removed it meanwhile; a server that is down refuses nothing."""
    refusals = [
        google.PreconditionFailed("the etag differs"),
        google.ServiceUnavailable("try again later"),
    ]
    client = expiring(shop, refusals=refusals)
    with pytest.raises(TransientError):
        prepare(shop.warehouse)
    prepare(shop.warehouse)
    assert client.updated == [
        ("customers", ["expires"], None),
        ("orders", ["expires", "time_partitioning"], None),
    ]
    prepare(shop.warehouse)
    assert len(client.updated) == 2


def test_an_expiration_that_may_not_be_removed_stops_the_load(shop):
    refusal = google.Forbidden(
        "Billing has not been enabled for this project.",
        errors=[{"reason": "billingNotEnabled"}],
    )
    expiring(shop, refusals=[refusal])
    with pytest.raises(
        ConfigurationError,
        match="table customers, which expires, and this account cannot",
    ):
        shop.load(OLD)
    assert shop.rows("orders") == []


def test_the_check_finds_an_expiration(shop):
    client = expiring(shop)
    dataset = SimpleNamespace(
        dataset_id="sales",
        default_table_expiration_ms=5_184_000_000,
        default_partition_expiration_ms=None,
    )
    present = schema.listed_tables(shop.warehouse)
    with pytest.raises(ConfigurationError, match="remove customers, orders, or their"):
        list(check_access.check_expiration(dataset, None, present))
    client.tables.clear()
    present = schema.listed_tables(shop.warehouse)
    [hint] = check_access.check_expiration(dataset, None, present)
    assert "new tables of the dataset sales expire by default" in hint[1]
