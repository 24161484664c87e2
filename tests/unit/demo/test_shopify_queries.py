"""The stand-in's search and pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

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


def make_order(number, created_at):
    """Return an order with one mug for 10.00."""
    return build_order(OrderFacts(number, created_at, [LineFacts("MUG", Decimal(10))]))


def make_shop(orders):
    """Return a shop that does not run, with a clock that shows `NOW`."""
    return Shopify(ShopifyStore(orders, clock=ManualClock(NOW)))


def run(shop, query, **variables):
    """Return the body of the response to a query."""
    return shop.engine.execute(query, variables, "http://shop")


def test_an_invalid_query_is_refused():
    [error] = run(make_shop([]), "{ orders(first: 10) { nodes { colour } } }")["errors"]
    assert "Cannot query field 'colour'" in error["message"]


SEARCHES = {
    "updated_at:>='2026-11-02T12:00:01Z'": [2, 3],
    "updated_at:<='2026-11-02T12:00:01Z'": [1, 2],
    "processed_at:>='2026-11-02T12:00:01Z' processed_at:<='2026-11-02T12:00:01Z'": [2],
    "": [1, 2, 3],
}


def find(shop, search, after=None, first=50):
    """Return the numbers of the orders on a page, and the cursor of the next page."""
    variables = {"search": search, "sort": "UPDATED_AT", "after": after}
    query = document("order_ids").replace("first: 250", f"first: {first}")
    page = run(shop, query, **variables)["data"]["orders"]
    numbers = [int(node["id"].rpartition("/")[2]) for node in page["nodes"]]
    if page["pageInfo"]["hasNextPage"]:
        return numbers, page["pageInfo"]["endCursor"]
    return numbers, None


def test_a_search_finds_what_shopify_finds():
    orders = []
    for seconds in range(3):
        orders.append(make_order(1 + seconds, NOW + timedelta(seconds=seconds)))
    shop = make_shop(orders)
    assert {search: find(shop, search)[0] for search in SEARCHES} == SEARCHES
    query = "{ orders(first: 1, query: \"updated_at:>='x:y'\") { nodes { id } } }"
    [error] = run(shop, query)["errors"]
    assert "does not support the search term updated_at:>='x:y'" in error["message"]


def test_a_walk_returns_every_order_once_and_those_changed_meanwhile_again():
    orders = []
    for number in range(1, 26):
        orders.append(make_order(number, NOW - timedelta(minutes=number)))
    shop = make_shop(orders)
    first_page, cursor = find(shop, "", first=10)
    changed = make_order(25, NOW + timedelta(seconds=9))
    shop.store.orders[changed["id"]] = changed
    second_page, cursor = find(shop, "", cursor, first=10)
    last_page, cursor = find(shop, "", cursor, first=10)
    assert cursor is None
    assert first_page + second_page + last_page == [*range(25, 0, -1), 25]
