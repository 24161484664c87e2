"""The company's customers return, use coupon codes and combine products as those of a real shop do."""

from collections import Counter, defaultdict
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
    orders_of = Counter(order.email for order in old_orders if order.email)
    returned = sum(count > 1 for count in orders_of.values())
    assert 0.15 < returned / len(orders_of) < 0.5
    bought = Counter()
    for order in old_orders:
        skus = sorted({line.sku for line in order.lines})
        bought.update(skus)
        bought.update(combinations(skus, 2))
    for first, second in (("KIT-001", "KIT-002"), ("LIN-001", "LIN-002")):
        by_chance = bought[first] * bought[second] / len(old_orders)
        assert 1.5 < bought[first, second] / by_chance < 3


def test_a_month_has_a_target_that_the_company_nearly_reaches(old_orders, tmp_path):
    sales = defaultdict(Decimal)
    for order in old_orders:
        if order.status != "cancelled" and order.currency == "USD":
            sales[f"{order.ordered_at:%Y-%m}"] += order.merchandise
    targets.fill(tmp_path, LEDGER, date(2026, 9, 20))
    _, *lines = (tmp_path / "targets.csv").read_text().splitlines()
    assert lines[-1].startswith("2026-10,total,")
    for line in lines[:-2]:
        month, _, target, _ = line.split(",")
        # Four of five orders are in US dollars.
        assert 0.6 < sales[month] / Decimal(target) < 1.1


def test_orders_with_two_codes_are_in_both_shops(tmp_path):
    snapshot = LEDGER.as_of(datetime(2026, 9, 30, tzinfo=UTC))
    storefront.fill(tmp_path / "storefront.jsonl", snapshot)
    woo = WooStore()
    woo.reload(tmp_path / "storefront.jsonl")
    shopify.fill(tmp_path / "shopify.jsonl", snapshot)
    pop_up = ShopifyStore()
    pop_up.reload(tmp_path / "shopify.jsonl")
    shops = set()
    for order in snapshot.orders:
        codes = (order.coupon_code or "").split(",")
        if len(codes) == 1:
            continue
        shops.add(order.channel)
        if order.channel == STOREFRONT:
            shown = order_json(woo.orders[int(order.order_id)], VERSIONS["11"], UTC)
            coupons = shown["coupon_lines"]
            assert [coupon["code"] for coupon in coupons] == codes
            discounts = sum(Decimal(coupon["discount"]) for coupon in coupons)
            assert discounts == Decimal(shown["discount_total"])
        else:
            shown = pop_up.orders[f"gid://shopify/Order/{order.order_id}"]
            assert shown["discountCodes"] == codes
    assert shops == {STOREFRONT, SHOPIFY}
