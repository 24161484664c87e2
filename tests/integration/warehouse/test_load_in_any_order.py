"""Two runs in either order leave the same tables: what wins is the newer version, not the later load."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from ecommerce.warehouse.load_history import loaded_files
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.loadable import Folder, Order, Row, at

TUESDAY = date(2026, 3, 3)
EARLY, LATE = at("2026-03-03 11:00"), at("2026-03-04 11:00")
ORDER = Order(
    "1",
    at("2026-03-02 15:00"),
    customer="ann",
    refunds=[("r1", at("2026-03-02 20:00"), "1.00")],
)
OTHER = Order("2", at("2026-03-02 16:00"), customer="bob")


def partner(order_id: str, updated: str, **changes: object) -> Order:
    """An order in a partner's file."""
    order = Order(
        order_id,
        at("2026-03-02 15:00"),
        source="partner_files",
        customer=f"of {order_id}",
    )
    return replace(order, updated_at=at(updated), **changes)


def file(received: str, *order_ids: str) -> Row:
    """A delivery of the one file."""
    return {
        "file": "north_2026-03-02.csv",
        "sha256": f"of {received}",
        "received_at": at(received),
        "order_ids": list(order_ids),
    }


def product(name: str, updated: str) -> Row:
    return {
        "sku": "toys-1",
        "name": name,
        "category": "Toys",
        "updated_at": at(updated),
    }


PARTNER = Folder(source="partner_files")
OLDER = (
    Folder([ORDER, OTHER, replace(ORDER, order_id="3", refunds=[])], read_at=EARLY),
    replace(
        PARTNER,
        orders=[
            partner("1", "2026-03-02 15:00", read_at=EARLY),
            partner("2", "2026-03-02 18:00", read_at=EARLY),
            partner(
                "3", "2026-03-02 15:00", read_at=EARLY, status="pending", is_sale=False
            ),
            partner("4", "2026-03-02 15:00", read_at=EARLY),
        ],
        files=[file("2026-03-03 11:00", "1", "2", "3", "4")],
        read_at=EARLY,
    ),
    Folder(
        source="exchange_rates",
        products=[product("Old", "2026-03-01 00:00")],
        customers=[
            {
                "customer_hash": "ann",
                "country_code": "US",
                "updated_at": at("2026-03-01 00:00"),
            }
        ],
        rates=[(MONDAY, "GBP", "0.87")],
        read_at=EARLY,
    ),
)
NEWER = (
    # Order 1 has moved to Tuesday, to another customer, and lost its refund; order 3 is gone.
    Folder(
        [replace(ORDER, ordered_at=at("2026-03-03 15:00"), customer="cid", refunds=[])],
        removed=["3"],
        read_at=LATE,
    ),
    # Newer by its own date, older by it, newer only by arrival; and the file does not hold order 4 any more.
    replace(
        PARTNER,
        orders=[
            partner(
                "1", "2026-03-02 17:00", read_at=LATE, lines=[("Books", "1", "3.00")]
            ),
            partner(
                "2", "2026-03-02 17:00", read_at=LATE, lines=[("Books", "1", "3.00")]
            ),
            partner("3", "2026-03-02 15:00", read_at=LATE),
        ],
        files=[file("2026-03-04 11:00", "1", "2", "3")],
        removed=["4"],
        read_at=LATE,
    ),
    Folder(
        source="exchange_rates",
        products=[product("New", "2026-03-02 00:00")],
        customers=[
            {
                "customer_hash": "ann",
                "country_code": "CA",
                "updated_at": at("2026-03-02 00:00"),
            }
        ],
        rates=[(MONDAY, "GBP", "0.88")],
        read_at=LATE,
    ),
)


def test_two_runs_in_either_order_leave_the_same_tables(shop: Shop, second_shop: Shop):
    shop.load(*OLDER, day=MONDAY, run_id="older")
    shop.load(*NEWER, day=TUESDAY, run_id="newer")
    second_shop.load(*NEWER, day=TUESDAY, run_id="newer")
    result = second_shop.load(*OLDER, day=MONDAY, run_id="older")

    state = shop.state()
    assert second_shop.state() == state

    left = {
        (row["source"], row["order_id"]): row["business_date"]
        for row in state["orders"]
    }
    assert left == {
        ("sales_db", "1"): TUESDAY,
        ("sales_db", "2"): MONDAY,
        ("partner_files", "1"): MONDAY,
        ("partner_files", "2"): MONDAY,
        ("partner_files", "3"): MONDAY,
    }
    assert second_shop.by("exchange_rates", "currency", "rate") == {
        "GBP": Decimal("0.88")
    }
    assert second_shop.by("products", "sku", "name") == {"toys-1": "New"}
    runs = {
        (row["source"], row["order_id"]): row["run_id"]
        for row in second_shop.rows("orders")
    }
    assert {key for key, run in runs.items() if run == "older"} == {
        ("sales_db", "2"),
        ("partner_files", "2"),
    }
    # A removed order returns when its source has it again.
    again = Folder([replace(ORDER, order_id="3")], read_at=at("2026-03-05 11:00"))
    shop.load(again, day=TUESDAY, run_id="again")
    assert "again" in {row["run_id"] for row in shop.rows("orders")}
    assert [row["order_id"] for row in shop.rows("removed_orders")] == ["4"]
    # As many orders as the source has, in whatever version they are there (order 4 was taken back).
    audit = {
        row["source"]: (row["source_orders"], row["orders_loaded"])
        for row in result.audit
    }
    assert audit["partner_files"] == (4, 4)


def test_a_delivery_that_replaces_one_unknown_to_its_extract_is_read_again(shop: Shop):
    """Two concurrent runs read different deliveries of a file, and the older one is loaded first."""
    name, received = "north_2026-03-02.csv", ("2026-03-03 11:00", "2026-03-03 11:05")
    unknown = replace(PARTNER, totals={"known_deliveries": []})
    orders = [partner(each, "2026-03-02 15:00", read_at=EARLY) for each in ("1", "2")]
    newer = replace(unknown, orders=orders[:1], files=[file(received[1], "1")])
    shop.load(
        replace(unknown, orders=orders, files=[file(received[0], "1", "2")]),
        run_id="older",
    )
    for _ in range(2):  # a load that is repeated ends in the same tables
        shop.load(newer, run_id="newer")
        known = loaded_files("partner_files", [name])[name]
        assert known["sha256"] != file(received[1])["sha256"]
        assert sorted(known["order_ids"]) == ["1", "2"], (
            "so that the next extract finds the removed one"
        )

    totals = {"known_deliveries": [known["sha256"]]}
    shop.load(
        replace(newer, removed=["2"], totals=totals, read_at=LATE),
        day=TUESDAY,
        run_id="next",
    )
    assert [row["order_id"] for row in shop.rows("orders")] == ["1"]
    known = loaded_files("partner_files", [name])[name]
    assert (known["sha256"], known["order_ids"]) == (file(received[1])["sha256"], ["1"])

    # Of another file the newer delivery is loaded first: the older one brings no order back.
    for run_id, when, ids in (
        ("newer south", received[1], ["5"]),
        ("older south", received[0], ["5", "6"]),
    ):
        delivered = file(when, *ids) | {"file": "south_2026-03-02.csv"}
        sold = [partner(each, "2026-03-02 15:00", read_at=EARLY) for each in ids]
        shop.load(replace(unknown, orders=sold, files=[delivered]), run_id=run_id)
    assert [row["order_id"] for row in shop.rows("orders")] == ["1", "5"]
    [south] = loaded_files("partner_files", ["south_2026-03-02.csv"]).values()
    newer_hash = file(received[1])["sha256"]
    assert (south["sha256"], south["order_ids"]) == (newer_hash, ["5"])
