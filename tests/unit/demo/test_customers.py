"""The company's customers return, use coupon codes and combine products as those of a real shop do."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations

import pytest

from demo.ledger import SHOPIFY, STOREFRONT, Ledger
from demo.seeders import shopify, storefront, targets
from demo.services.shopify import ShopifyStore
from demo.services.storefront.render import order_json
from demo.services.storefront.store import WooStore
from demo.services.storefront.versions import VERSIONS

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


def test_orders_with_two_codes_are_in_both_shops(tmp_path):
    snapshot = LEDGER.as_of(datetime(2026, 9, 30, tzinfo=UTC))
    file = tmp_path / "orders.jsonl"
    storefront.fill(file, snapshot)
    woo = WooStore()
    woo.reload(file)
    shopify.fill(file, snapshot)
    pop_up = ShopifyStore()
    pop_up.reload(file)
    shops = set()
    for order in snapshot.orders:
        codes = (order.coupon_code or "").split(",")
        if len(codes) == 1:
            continue
        shops.add(order.channel)
        if order.channel == SHOPIFY:
            shown = pop_up.orders[f"gid://shopify/Order/{order.order_id}"]
            assert shown["discountCodes"] == codes
            continue
        shown = order_json(woo.orders[int(order.order_id)], VERSIONS["11"], UTC)
        coupons = shown["coupon_lines"]
        assert [coupon["code"] for coupon in coupons] == codes
        discounts = [Decimal(coupon["discount"]) for coupon in coupons]
        assert sum(discounts) == Decimal(shown["discount_total"])
    assert shops == {STOREFRONT, SHOPIFY}
