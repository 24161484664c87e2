"""The company's customers return, and combine products as those of a real shop do."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest

from demo.ledger import Ledger
from demo.seeders import targets

LEDGER = Ledger(date(2026, 9, 1), 30, orders_per_day=60, old_months=14)


@pytest.fixture(scope="module")
def old_orders():
    orders = []
    for file in LEDGER.old_shop.export():
        orders += file.orders
    return orders


def test_some_customers_return_and_some_products_are_bought_together(old_orders):
    orders_of = Counter()
    bought = Counter()
    for order in old_orders:
        orders_of[order.email] += 1
        skus = sorted({line.sku for line in order.lines})
        bought.update(skus)
        bought.update(combinations(skus, 2))
    returned = [email for email, count in orders_of.items() if count > 1]
    assert 0.15 < len(returned) / len(orders_of) < 0.5
    for pair in (("KIT-001", "KIT-002"), ("LIN-001", "LIN-002")):
        by_chance = bought[pair[0]] * bought[pair[1]] / len(old_orders)
        assert 1.5 < bought[pair] / by_chance < 3


def test_the_company_nearly_reaches_the_target_of_a_month(old_orders, tmp_path):
    sales = Decimal(0)
    for order in old_orders:
        is_of_month = order.ordered_at.strftime("%Y-%m") == "2026-05"
        if is_of_month and order.status != "cancelled" and order.currency == "USD":
            sales += order.merchandise
    targets.fill(tmp_path, LEDGER, date(2026, 9, 20))
    text = (tmp_path / "targets.csv").read_text()
    [target] = re.findall("2026-05,total,(.+),USD", text)
    # Four of five orders are in US dollars.
    assert 0.6 < sales / Decimal(target) < 1.1
