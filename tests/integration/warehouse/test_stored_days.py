"""A load finds the stored orders that it changes, on whatever days they are."""

from dataclasses import replace
from datetime import date, timedelta

from ecommerce.warehouse import load_history
from tests.integration.warehouse.loadable import Folder, Order, at

FIRST = date(2026, 2, 1)
DAYS = [FIRST + timedelta(number) for number in range(10)]
LATER = at("2026-03-04 11:00")
ASCENDING = [str(995 + number) for number in range(10)]


def orders(ids, source):
    return [
        Order(each, at(f"{day} 15:00"), source=source, customer=each)
        for each, day in zip(ids, DAYS, strict=True)
    ]


def test_changes_by_others_are_noticed(shop):
    folder = Folder(orders(ASCENDING, "sales_db"))
    shop.load(folder)
    state = shop.state()
    for hour, change in enumerate(
        (
            "DELETE FROM `shop.stored_order_ids` WHERE business_date = '2026-02-03'",
            "DROP TABLE `shop.stored_order_ids`",
            "DELETE FROM `shop.orders` WHERE business_date = '2026-02-03'",
        )
    ):
        shop.warehouse.run(change, "another release, or a person")
        later = LATER + timedelta(hours=hour)
        shop.load(replace(folder, read_at=later), run_id=f"again_{hour}")
        assert shop.state() == state, change


def test_lines_and_refunds_of_orders_are_found_on_every_day(shop, monkeypatch):
    monkeypatch.setattr(load_history, "_opened", lambda: shop.warehouse)
    monkeypatch.setattr(load_history, "IDS_PER_QUERY", 3)
    known = orders(ASCENDING, "storefront")
    known[2] = replace(known[2], refunds=[("r", at("2026-02-08 15:00"), "1.00")])
    shop.load(Folder(known, source="storefront"))
    for change in (
        "SELECT 1 AS nothing",
        "DELETE FROM `shop.stored_order_ids` WHERE TRUE",
    ):
        shop.warehouse.run(change, "a person")
        found = [
            load_history.known_lines("storefront", ["1", *ASCENDING]),
            load_history.known_refunds("storefront", ASCENDING),
        ]
        ids = [sorted(set(rows.column("order_id").to_pylist())) for rows in found]
        assert ids == [sorted(ASCENDING), [ASCENDING[2]]]
