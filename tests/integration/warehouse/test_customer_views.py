"""The views of customers in a month that is not over."""

import pytest

from tests.integration.warehouse.loadable import Folder, Order, at


@pytest.mark.parametrize(
    ("day", "is_complete"),
    [
        ("27", False),
        ("28", True),
    ],
)
def test_a_month_is_complete_on_its_last_day(shop, day, is_complete):
    orders = [
        Order("1", at("2026-01-31 15:00")),
        Order("2", at(f"2026-02-{day} 15:00")),
    ]
    shop.load(Folder(orders))
    months = shop.by("customer_cohorts", "months_since", "is_complete")
    assert months == {0: True, 1: is_complete}
