"""The views of customers on the last day of a month."""

from tests.integration.warehouse.loadable import Folder, Order


def test_a_month_is_complete_on_its_last_day(shop):
    orders = [
        Order("1", "2026-01-31 15:00"),
        Order("2", "2026-02-28 15:00"),
    ]
    shop.load(Folder(orders))
    months = shop.by("customer_cohorts", "months_since", "is_complete")
    assert months == {0: True, 1: True}
