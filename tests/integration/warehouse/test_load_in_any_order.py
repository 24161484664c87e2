"""Two runs in either order leave the same tables: what wins is the newer version, not the later load."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from ecommerce.warehouse import staging_tables
from ecommerce.warehouse.load_history import loaded_files
from tests.integration.warehouse.conftest import MONDAY, STATE
from tests.integration.warehouse.loadable import Folder, read_folders

TUESDAY = date(2026, 3, 3)
FOLDERS = read_folders("any_order.yaml")
OLDER = FOLDERS["older"]
NEWER = FOLDERS["newer"]
"""Order 1 has moved to Tuesday, to another customer, and lost its refund; order 3 is gone. Their
customer keeps a test order.
The partner's orders: newer by its own date, older by it, newer only by arrival; order 4 is no longer in
its file."""


def test_two_runs_in_either_order_leave_the_same_tables(shop, second_shop, monkeypatch):
    """The second ones load a table for each file, which the first load as one bundle."""
    shop.load(
        *OLDER,
        day=MONDAY,
        run_id="older",
    )
    shop.load(
        *NEWER,
        day=TUESDAY,
        run_id="newer",
    )
    with monkeypatch.context() as patch:
        patch.setattr(staging_tables, "SMALL_RECORDS", 0)
        second_shop.load(
            *NEWER,
            day=TUESDAY,
            run_id="newer",
        )
        second_shop.load(
            *OLDER,
            day=MONDAY,
            run_id="older",
        )

    tables = (*STATE, "control_totals")
    assert second_shop.state(tables) == shop.state(tables)
    fees = shop.tuples(
        "payments",
        "payment_id",
        "business_date",
        "fee_amount",
    )
    assert fees == [("p1", TUESDAY, Decimal("0.5"))]
    rates = second_shop.by("exchange_rates", "currency", "rate")
    assert rates == {"GBP": Decimal("0.88")}
    later = "Later in the alphabet"
    names = {"toys-1": "New", "toys-2": later, "undated": later}
    assert second_shop.by("products", "sku", "name") == names
    assert second_shop.by("customers", "customer_hash", "country_code")["ann"] == "FR"
    # A removed order returns when its source has it again.
    [*_, order] = OLDER[0].orders
    again = Folder([replace(order, refunds=[])], read_at="2026-03-05 11:00")
    shop.load(
        again,
        day=TUESDAY,
        run_id="again",
    )
    assert shop.by("removed_orders", "source", "order_id") == {"partner_files": "4"}
    # As many orders as the source has, in whatever version they are there (order 4 was taken back).
    columns = ("run_id", "source", "source_orders", "orders_loaded")
    audit = second_shop.tuples("load_audit", *columns)
    assert ("older", "partner_files", 4, 4) in audit


def known(name):
    """The content's hash and the orders of a file as the next extract knows them."""
    [file] = loaded_files("partner_files", [name]).values()
    return file.sha256, sorted(file.order_ids)


def test_a_delivery_that_replaces_one_unknown_to_its_extract_is_read_again(shop):
    """Two concurrent runs read different deliveries of a file, and the older one is loaded first."""
    name = "north_2026-03-02.csv"
    newer = "of 2026-03-03 11:05"
    shop.load(*FOLDERS["older_north"], run_id="older")
    for _ in range(2):  # a load that is repeated ends in the same tables
        shop.load(*FOLDERS["newer_north"], run_id="newer")
        sha256, order_ids = known(name)
        assert sha256 != newer
        assert order_ids == ["1", "2"], "the next extract finds the removed one"

    [read_again] = FOLDERS["newer_north_without_2"]
    read_again = replace(read_again, totals={"known_deliveries": [sha256]})
    shop.load(
        read_again,
        day=TUESDAY,
        run_id="next",
    )
    assert shop.tuples("orders", "order_id") == [("1",)]
    assert known(name) == (newer, ["1"])

    # Of another file the newer delivery is loaded first: the older one brings no order back.
    shop.load(*FOLDERS["newer_south"], run_id="newer south")
    shop.load(*FOLDERS["older_south"], run_id="older south")
    assert shop.tuples("orders", "order_id") == [("1",), ("5",)]
    assert known("south_2026-03-02.csv") == (newer, ["5"])
    # Nor a payout of a settlement.
    payouts = shop.tuples("payouts", "payout_id", "status", "amount")
    assert payouts == [("south-7", "canceled", 0), ("south-8", "paid", 9)]
    assert shop.tuples("payments", "payment_id") == [("south-8-1",)]
