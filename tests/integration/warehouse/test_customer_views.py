"""The views of customers: months that are not over, and the segments of customers."""

from collections import defaultdict
from datetime import date, timedelta

import pytest

from tests.integration.warehouse.loadable import Folder, Order, at

FIRST = at("2025-10-03 15:00")


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


SEGMENTS = {
    "new": [
        (1, 4, 1),
        (1, 5, 1),
    ],
    "one order": [(1, 3, 1)],
    "lost after one order": [
        (1, 1, 1),
        (1, 2, 1),
    ],
    "best": [
        (4, 4, 4),
        (5, 5, 5),
        (5, 5, 5),
    ],
    "best, at risk": [
        (4, 1, 4),
        (4, 2, 4),
        (5, 1, 5),
    ],
    "loyal": [
        (2, 4, 2),
        (3, 3, 3),
        (3, 4, 3),
        (3, 5, 3),
        (4, 3, 4),
        (5, 3, 5),
    ],
    "at risk": [
        (2, 1, 2),
        (2, 2, 2),
        (3, 2, 3),
    ],
}
"""Orders, recency and frequency of 20 customers, by segment. Four customers have each recency. Equal
numbers of orders have the same frequency."""


def test_a_segment_has_the_customers_of_its_rule(shop):
    wanted = []
    for customers in SEGMENTS.values():
        wanted += customers
    wanted.sort(key=lambda customer: customer[1])
    orders = []
    for day, (count, _, _) in enumerate(wanted):
        for number in range(count):
            ordered_at = FIRST + timedelta(days=100 + day - 30 * number)
            order = Order(f"{day}-{number}", ordered_at, customer=f"customer {day}")
            orders.append(order)
    shop.load(Folder(orders), day=date(2026, 3, 2))
    found = defaultdict(list)
    for row in shop.rows("customer_value"):
        scores = row["orders"], row["recency"], row["frequency"]
        found[row["segment"]].append(scores)
    for customers in found.values():
        customers.sort()
    assert found == SEGMENTS
