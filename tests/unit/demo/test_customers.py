"""The company's customers return, use coupon codes and combine products as those of a real shop do."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations

import pytest

from demo.ledger import SALES_DB, SHOPIFY, STOREFRONT, Ledger
from demo.seeders import shopify, storefront, targets
from demo.services.shopify import ShopifyStore
from demo.services.storefront.render import order_json
from demo.services.storefront.store import WooStore
from demo.services.storefront.versions import VERSIONS

MOVED_ON = date(2026, 9, 1)
LEDGER = Ledger(
    MOVED_ON,
    30,
    orders_per_day=60,
    old_months=14,
)


@pytest.fixture(scope="module")
def old_orders():
    orders = []
    for file in LEDGER.old_shop.export():
        orders += file.orders
    return orders


def test_some_customers_return_and_a_few_are_loyal(old_orders):
    days = defaultdict(list)
    for order in old_orders:
        if order.email:
            days[order.email].append(order.ordered_at)
    joined = [placed for placed in days.values() if placed[0].year == 2026]
    joined = [placed for placed in joined if placed[0].month <= 4]
    within_90_days = 0
    for first, *others in joined:
        within_90_days += bool(others and (others[0] - first).days < 90)
    assert 0.15 < within_90_days / len(joined) < 0.3
    loyal = [placed for placed in joined if len(placed) >= 6]
    assert 0.005 < len(loyal) / len(joined) < 0.04


def test_new_and_known_customers_use_other_codes():
    used = {"new": Counter(), "known": Counter()}
    last_days = {}
    for history in LEDGER.histories:
        order = history.versions[0]
        if order.channel != SALES_DB or not order.customer_id:
            continue
        joined_on, day = order.customer_id[2:10], order.order_id[2:10]
        used["new" if joined_on == day else "known"][order.coupon_code] += 1
        last_days[order.coupon_code] = day
    assert used["new"].keys() == {
        None,
        "WELCOME10",
        "News-15",
        "FRIENDS20",
        "NEWSHOP15",
    }
    assert "WELCOME10" not in used["known"]
    assert used["known"]["News-15"] > 3 * used["new"]["News-15"]
    assert last_days["NEWSHOP15"] == "20260905"
    assert last_days["News-15"] > "20260920"


def test_orders_with_two_codes_are_in_both_shops(tmp_path):
    snapshot = LEDGER.as_of(datetime(2026, 9, 30, tzinfo=UTC))
    codes = {}
    for order in snapshot.orders:
        if order.coupon_code and "," in order.coupon_code:
            codes[order.channel, order.order_id] = order.coupon_code.split(",")
    assert {channel for channel, _ in codes} == {STOREFRONT, SHOPIFY}

    storefront.fill(tmp_path / "storefront.jsonl", snapshot)
    woo = WooStore()
    woo.reload(tmp_path / "storefront.jsonl")
    shopify.fill(tmp_path / "shopify.jsonl", snapshot)
    pop_up = ShopifyStore()
    pop_up.reload(tmp_path / "shopify.jsonl")
    for (channel, order_id), expected in codes.items():
        if channel == STOREFRONT:
            order = order_json(woo.orders[int(order_id)], VERSIONS["11"], UTC)
            coupons = order["coupon_lines"]
            assert [coupon["code"] for coupon in coupons] == expected
            discounts = sum(Decimal(coupon["discount"]) for coupon in coupons)
            assert discounts == Decimal(order["discount_total"])
        else:
            order = pop_up.orders[f"gid://shopify/Order/{order_id}"]
            assert order["discountCodes"] == expected


def test_a_month_has_a_target_that_the_company_nearly_reaches(old_orders, tmp_path):
    sales = Counter()
    for order in old_orders:
        if order.status != "cancelled" and order.currency == "USD":
            sales[f"{order.ordered_at:%Y-%m}"] += order.merchandise
    targets.fill(tmp_path, LEDGER, date(2026, 9, 20))
    _, *lines = (tmp_path / "targets.csv").read_text().splitlines()
    months = [line.split(",") for line in lines]
    assert (months[0][0], months[-1][0]) == ("2025-07", "2026-10")
    for month, channel, target, currency in months[:-2]:
        assert (channel, currency) == ("total", "USD")
        # Four of five orders are in US dollars.
        assert 0.6 < sales[month] / Decimal(target) < 1.1


def test_some_products_are_bought_together(old_orders):
    single = Counter()
    pairs = Counter()
    for order in old_orders:
        skus = sorted({line.sku for line in order.lines})
        single.update(skus)
        pairs.update(combinations(skus, 2))
    for pair in (("KIT-001", "KIT-002"), ("LIN-001", "LIN-002")):
        by_chance = single[pair[0]] * single[pair[1]] / len(old_orders)
        assert 1.5 < pairs[pair] / by_chance < 3
