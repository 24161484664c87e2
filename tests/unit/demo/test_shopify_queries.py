"""The stand-in's schema, cost of queries, search, pages, and who may see what."""

from datetime import timedelta

from tests.unit.demo.shopify_shop import (
    NOW,
    PAGE_QUERY,
    data,
    make_order,
    make_orders,
    make_shop,
    run,
)

COSTS = {
    "{ orders(first: 250) { nodes { id } } }": 13,
    "{ orders(first: 250) { edges { node { id lineItems(first: 250) { nodes { id } } } } } }": 156,
    "{ orders(first: 20) { nodes { id app { id } } } }": 12,
    '{ bulkOperation(id: "1") { status } }': 1,
    '{ nodes(ids: ["1", "2"]) { id } }': 1,
    "{ ordersCount { count } }": 10,
    '{ order(id: "1") { totalPriceSet { shopMoney { amount } } } }': 1,
    "query($n: Int = 20) { orders(first: $n) { nodes { id } } }": 7,
}


def test_a_query_has_the_measured_cost_and_pays_for_what_it_returned():
    costs = {}
    for query in COSTS:
        cost = run(make_shop([]), query)["extensions"]["cost"]
        costs[query] = cost["requestedQueryCost"]
    assert costs == COSTS
    shop = make_shop(make_orders(3))
    cost = run(shop, PAGE_QUERY, n=50, q="")["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (793, 26)
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000.0,
        "currentlyAvailable": 1974,
        "restoreRate": 100.0,
    }


def test_points_are_restored_by_time_and_a_query_above_them_is_throttled():
    shop = make_shop([make_order()])
    shop.bucket.take(1500)
    throttled = run(shop, PAGE_QUERY, n=50, q="")
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["extensions"]["cost"]["actualQueryCost"] is None
    shop.store.clock.advance((793 - 500) / 100)
    assert "errors" not in run(shop, PAGE_QUERY, n=50, q="")
    shop.store.clock.advance(60)
    assert shop.bucket.status()["currentlyAvailable"] == 2000


PAGE = """query($query: String, $first: Int = 50, $after: String, $sortKey: OrderSortKeys = UPDATED_AT) {
  orders(first: $first, after: $after, query: $query, sortKey: $sortKey) {
    pageInfo { hasNextPage endCursor } nodes { legacyResourceId updatedAt } } }"""


def find(shop, query="", **arguments):
    """Return the numbers of the orders that a query finds."""
    page = data(shop, PAGE, query=query, **arguments)["orders"]
    return [int(node["legacyResourceId"]) for node in page["nodes"]]


SEARCHES = {
    "updated_at:>='2026-11-02T12:00:01Z'": [2, 3],
    "updated_at:>'2026-11-02T12:00:01Z'": [2, 3],
    "updated_at:<='2026-11-02T12:00:01Z'": [1, 2],
    "updated_at:<'2026-11-02T12:00:01Z'": [1],
    "updated_at:>='2026-11-02T07:00:01-05:00'": [2, 3],
    "created_at:>='2026-11-02T12:00:01Z' processed_at:<'2026-11-02T12:00:02Z'": [2],
    "created_at:2026-11-02": [1, 2, 3],
    "id:>1 id:<=3": [2, 3],
    "name:#2 OR name:3": [2, 3],
    "-tag:VIP test:false": [2],
    "ann@example.com": [3],
}


def test_a_search_finds_what_shopify_finds():
    facts = [{"tags": ["vip"]}, {}, {"test": True, "email": "ann@example.com"}]
    orders = []
    for number, more in enumerate(facts):
        placed_at = NOW + timedelta(seconds=number)
        orders.append(make_order(1 + number, placed_at, **more))
    shop = make_shop(orders)
    assert {query: find(shop, query) for query in SEARCHES} == SEARCHES


def test_a_walk_returns_every_order_once_and_those_changed_meanwhile_again():
    shop, found, after = make_shop(make_orders(25)), [], None
    while True:
        page = data(shop, PAGE, first=10, after=after)["orders"]
        found += [int(node["legacyResourceId"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        if len(found) == 10:
            later = NOW + timedelta(seconds=9)
            shop.store.update_order("gid://shopify/Order/25", later)
    assert found == [*range(25, 0, -1), 25]
    error = run(shop, PAGE, after=after, sortKey="ID")["errors"][0]
    assert error["message"] == "Invalid cursor for current pagination sort."
