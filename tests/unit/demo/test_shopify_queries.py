"""The stand-in's search and pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from demo.services.shopify import (
    LineFacts,
    ManualClock,
    OrderFacts,
    Shopify,
    ShopifyStore,
    build_order,
)
from ecommerce.sources.shopify.client import document

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
REFUSED = {
    "{ orders(first: 10) { nodes { colour } } }": "Cannot query field 'colour'",
    "{ orders(first: 1, query: \"updated_at:>='x:y'\") { nodes { id } } }": (
        "does not support the search term updated_at:>='x:y'"
    ),
}
SEARCHES = {
    "updated_at:>='2026-11-02T12:00:02Z'": [2, 3],
    "updated_at:<='2026-11-02T12:00:02Z'": [1, 2],
    "processed_at:>='2026-11-02T12:00:02Z' processed_at:<='2026-11-02T12:00:02Z'": [2],
    "": [1, 2, 3],
}


def make_order(number, seconds):
    """Return an order with one mug for 10.00, so many seconds after `NOW`."""
    created_at = NOW + timedelta(seconds=seconds)
    return build_order(OrderFacts(number, created_at, [LineFacts("MUG", Decimal(10))]))


def make_shop(*orders):
    """Return a shop that does not run, with a clock that shows `NOW`."""
    return Shopify(ShopifyStore(orders, clock=ManualClock(NOW)))


def find(shop, search, after=None, first=50):
    """Return the numbers of the orders on a page, and the cursor of its end."""
    query = document("order_ids").replace("first: 250", f"first: {first}")
    variables = {"search": search, "sort": "UPDATED_AT", "after": after}
    page = shop.engine.execute(query, variables, "http://shop")["data"]["orders"]
    numbers = [int(node["id"].rpartition("/")[2]) for node in page["nodes"]]
    return numbers, page["pageInfo"]


@pytest.mark.parametrize("query", REFUSED)
def test_an_invalid_query_is_refused(query):
    [error] = make_shop().engine.execute(query, {}, "http://shop")["errors"]
    assert REFUSED[query] in error["message"]


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_finds_what_shopify_finds(search):
    shop = make_shop(make_order(1, 1), make_order(2, 2), make_order(3, 3))
    assert find(shop, search)[0] == SEARCHES[search]


def test_a_walk_returns_every_order_once_and_those_changed_meanwhile_again():
    shop = make_shop(*(make_order(number, -60 * number) for number in range(1, 26)))
    walked, page = find(shop, "", first=10)
    changed = make_order(25, 9)
    shop.store.orders[changed["id"]] = changed
    while page["hasNextPage"]:
        numbers, page = find(shop, "", page["endCursor"], first=10)
        walked += numbers
    assert walked == [*range(25, 0, -1), 25]
