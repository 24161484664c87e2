"""The views of customers in a month that is not over."""

from datetime import date, timedelta

from tests.integration.warehouse.loadable import Folder, Order


def test_a_month_is_complete_on_its_last_day(shop):
    shop.load(Folder([Order("1", "2026-01-31 15:00")]))
    for day, is_complete in (("27", False), ("28", True)):
        shop.load(Folder([Order("2", f"2026-02-{day} 15:00")]), run_id=day)
        months = shop.by("customer_cohorts", "months_since", "is_complete")
        assert months == {0: True, 1: is_complete}


def test_a_second_order_counts_within_so_many_days_of_the_first(shop):
    orders = []
    for days in (30, 31, 60, 61, 90, 91, 365, 366):
        for later in (0, days):
            day = date(2025, 1, 5) + timedelta(days=later)
            orders.append(Order(f"{days}-{later}", f"{day} 17:00", customer=f"c{days}"))
    shop.load(Folder(orders))
    within = [f"customers_{days}" for days in (30, 60, 90, 365)]
    [repeated] = shop.tuples("repeat_purchases", *within)
    assert repeated == (1, 3, 5, 7)


def test_products_are_pairs_of_the_newest_ninety_days(shop):
    lines = [("Books", "1", "10.00"), ("Toys", "1", "10.00")]
    days = [date(2025, 1, 5) + timedelta(days=days) for days in (0, 1, 90)]
    shop.load(Folder([Order(f"{day}", f"{day} 17:00", lines) for day in days]))
    pairs = shop.tuples(
        "product_pairs",
        "sku_a",
        "sku_b",
        "orders",
    )
    assert pairs == [("books-1", "toys-2", 2)]
