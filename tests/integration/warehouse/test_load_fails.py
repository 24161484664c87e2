"""A load that fails leaves nothing; done again it ends where it would have ended."""

import re
from dataclasses import replace
from datetime import date

import pytest
from google.api_core.exceptions import BadRequest, ServiceUnavailable

from ecommerce.core.errors import ConcurrentUpdateError, ContractError, TransientError
from ecommerce.events.loading import EVENTS
from ecommerce.sales import erasure
from ecommerce.sales.loading import ORDERS
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import load as load_module
from ecommerce.warehouse import staging_tables
from ecommerce.warehouse.client import CONFLICT_ATTEMPTS, connect
from tests.integration.conftest import FULL_MATRIX
from tests.integration.warehouse.conftest import MONDAY, STATE
from tests.integration.warehouse.loadable import Folder, Order, at, read_folders
from tests.integration.warehouse.other_clients import RefusesLoads, RunsAnIdOnce
from tests.integration.warehouse.web_events import STATE as EVENT_TABLES
from tests.integration.warehouse.web_events import Website
from tests.integration.warehouse_contents import of_all_days
from tests.rendered_sql import split

TUESDAY = date(2026, 3, 3)
FOLDERS = read_folders("load_fails.yaml")
BEFORE = FOLDERS["before"]
AFTER = FOLDERS["after"]
EVERYTHING = (*STATE, "load_audit", "rejected_rows", "report_restatements")


def crash_after_statements(shop, staged, names, every):
    """Run the load's script up to every so many statements, each time with a crash; nothing may be left.

    KILL_MATRIX=full tries all of them.
    """
    before = shop.state(names)
    staging_tables.stage(staged)
    _, script = load_module.look_up(staged)
    statements = split(script)
    committed = statements.index("COMMIT TRANSACTION")
    step = 1 if FULL_MATRIX else every
    for place in [*range(2, committed, step), committed]:
        crashing = [*statements[:place], "SELECT ERROR('crash')", *statements[place:]]
        with pytest.raises(ContractError, match="crash"):
            shop.warehouse.run(";\n".join(crashing), "crash")
        assert shop.state(names) == before, statements[place - 1]


@pytest.mark.slow
def test_a_crash_after_any_statement_leaves_nothing(shop):
    shop.load(*BEFORE, run_id="before")
    manifests = [each.publish(shop.folder, TUESDAY, "after") for each in AFTER]
    of_run = ORDERS, manifests, TUESDAY, "after", "daily"
    staged = staging_tables.StagedLoad(shop.warehouse, *of_run)
    crash_after_statements(
        shop,
        staged,
        EVERYTHING,
        every=7,
    )

    shop.load(
        *AFTER,
        day=TUESDAY,
        run_id="after",
    )
    assert shop.by("orders", "order_id", "business_date") == {"1": TUESDAY, "2": MONDAY}
    again = shop.state(EVERYTHING)
    shop.load(
        *AFTER,
        day=TUESDAY,
        run_id="after",
    )
    assert shop.state(EVERYTHING) == again


@pytest.mark.slow
def test_a_crash_within_a_load_of_events_leaves_nothing(shop):
    website = Website(shop)
    noon = at("2026-03-02 17:00")
    later = at("2026-03-03 17:00")
    website.add("1", noon)
    website.run(MONDAY, at("2026-03-03 11:00"), run_id="before")
    website.add("2", later, "purchase")
    website.add(
        "3",
        noon,
        "add_to_cart",
        received=later,
    )
    window = at("2026-03-03 05:00"), at("2026-03-04 11:00"), at("2026-03-04 11:00")
    manifest = website.staged(TUESDAY, *window, run_id="after")
    of_run = EVENTS, [manifest], TUESDAY, "after", "events"
    staged = staging_tables.StagedLoad(shop.warehouse, *of_run)
    tables = (*EVENT_TABLES, "load_audit", "rejected_rows")
    crash_after_statements(
        shop,
        staged,
        tables,
        every=4,
    )

    website.load(TUESDAY, *window, run_id="after")
    assert website.differences() == ""


def test_a_load_that_began_before_an_erasure_begins_again(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
    key = shop.warehouse.settings.customer_hash_key
    ann = Order(
        "1",
        "2026-03-02 15:00",
        customer=erasure.customer_hash("ann@example.com", key),
        attributes='{"gift": "for Ann"}',
    )
    bob = Order("2", "2026-03-02 16:00", customer="bob")
    manifest = Folder([ann, bob]).publish(
        shop.folder,
        MONDAY,
        "run",
    )
    staging = staging_tables.StagedLoad(
        shop.warehouse, ORDERS, [manifest], MONDAY, "run", "daily"
    )
    staging_tables.stage(staging)
    _, script = load_module.look_up(staging)

    erasure.forget("ann@example.com", connect())

    with pytest.raises(ConcurrentUpdateError):
        shop.warehouse.run(script, "load")
    assert shop.rows("orders") == []
    load_module.load_manifest(ORDERS, DagRun("daily", "run"), manifest)
    assert shop.rows(
        "orders",
        "order_id",
        "customer_hash",
        "attributes",
    ) == [
        {"order_id": "1", "customer_hash": None, "attributes": None},
        {"order_id": "2", "customer_hash": "bob", "attributes": None},
    ]
    assert shop.one("customers", "customer_hash") == {"customer_hash": "bob"}


LOST = BadRequest(
    "Transaction is aborted due to concurrent update against table demo-shop:shop.orders",
    errors=[{"reason": "invalidQuery"}],
)


@pytest.mark.parametrize(
    ("error", "kind", "attempts"),
    [
        (LOST, ConcurrentUpdateError, CONFLICT_ATTEMPTS),
        (ServiceUnavailable("try again later"), TransientError, 1),
    ],
)
def test_a_load_that_cannot_win_leaves_nothing(shop, error, kind, attempts):
    client = RefusesLoads(shop.warehouse.client, error, times=99)
    shop.warehouse.client = client
    with pytest.raises(kind):
        shop.load(*BEFORE)
    assert len(client.begun) == attempts
    assert not any(shop.state(EVERYTHING).values())


def test_a_load_that_lost_is_tried_again(shop, second_shop):
    second_shop.load(*BEFORE)
    client = RefusesLoads(shop.warehouse.client, LOST, times=2)
    shop.warehouse.client = client
    shop.load(*BEFORE)
    assert len(client.begun) == 3
    assert shop.state(EVERYTHING) == second_shop.state(EVERYTHING)


def test_files_that_are_not_what_the_table_takes_are_refused(shop):
    [order] = BEFORE[0].orders
    manifest = Folder([order]).publish(shop.folder, MONDAY)
    first, *others = manifest.columns["orders.parquet"]
    swapped = {**manifest.columns, "orders.parquet": [*others, first]}
    two = {**manifest.control_totals, "orders": 2}
    less = {**manifest.control_totals, "amount": "9.9900"}
    twice = Folder([order, order], read_at="2026-03-03 12:00")
    invalid = {
        "orders.parquet of sales_db has the columns order_id": replace(
            manifest, columns=swapped
        ),
        "orders: the transform wrote 2, BigQuery has 1": replace(
            manifest, control_totals=two
        ),
        "amount: the transform wrote 9.9900, BigQuery": replace(
            manifest, control_totals=less
        ),
        "order_versions: 2 rows have 1 different keys": twice.publish(
            shop.folder, MONDAY
        ),
    }
    for complaint, refused in invalid.items():
        with pytest.raises(ContractError, match=re.escape(complaint)):
            shop.load_staged([refused])
    assert not any(shop.state(EVERYTHING).values())


def test_what_was_taken_back_comes_again_when_the_same_load_is_run_again(shop):
    shop.warehouse.client = RunsAnIdOnce(shop.warehouse.client)
    shop.load(*BEFORE)
    loaded = shop.state()
    for table in STATE:  # as taking an export back leaves them
        shop.sql(f"DELETE FROM sales.{table} {of_all_days(table)}")

    shop.load(*BEFORE)

    assert shop.state() == loaded
