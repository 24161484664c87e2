"""The stand-in's schema, cost of queries, search, pages, and who may see what."""

from datetime import timedelta
from typing import Any

import pyarrow
import pytest
from graphql import (
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
)

from demo.layout import REPOSITORY
from demo.services.shopify import Shopify
from demo.services.shopify.engine import SCHEMA_FILE
from tests.integration.shopify.orders import line
from tests.unit.demo.shopify_shop import (
    NOW,
    PAGE_QUERY,
    data,
    make_order,
    make_orders,
    make_shop,
    run,
)

WHOLE = REPOSITORY.parent / "shared" / "shopify" / "admin-2026-07.graphql.zst"
FIELDS = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)


@pytest.mark.skipif(not WHOLE.exists(), reason="there is no copy of the whole schema")
def test_the_schema_is_a_part_of_the_whole_schema():
    with pyarrow.input_stream(WHOLE, compression="zstd") as stream:
        whole = signatures(stream.read().decode())
    for name, signature in signatures(SCHEMA_FILE.read_text()).items():
        assert whole[name] == signature, name


def signatures(schema: str) -> dict[str, str]:
    """The type of each field, with the types and defaults of its arguments."""
    found = {}
    for part in parse(schema, no_location=True).definitions:
        if isinstance(part, FIELDS):
            for field in part.fields or ():
                name = f"{part.name.value}.{field.name.value}"
                found[name] = print_ast(field.type)
                for argument in field.arguments or ():
                    default = argument.default_value
                    of_argument = f"{name}({argument.name.value})"
                    found[of_argument] = print_ast(argument.type)
                    if default:
                        found[of_argument] += f" = {print_ast(default)}"
    return found


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


REFUSED = {
    "first cannot exceed 250": "{ orders(first: 251) { nodes { id } } }",
    "you must provide one of first or last": "{ orders { nodes { id } } }",
    "Cannot query field 'salesTotal'": "{ orders(first: 1) { nodes { salesTotal } } }",
    "parentheses": '{ orders(first: 1, query: "(id:1)") { nodes { id } } }',
}


def test_invalid_queries_are_refused():
    for message, query in REFUSED.items():
        body = run(make_shop([]), query)
        assert message in body["errors"][0]["message"]
        assert body.get("data") is None
    refused = run(make_shop([]), PAGE_QUERY, n=100, q="")
    assert refused.keys() == {"errors"}
    extensions = refused["errors"][0]["extensions"]
    found = [extensions[name] for name in ("code", "cost", "maxCost")]
    assert found == ["MAX_COST_EXCEEDED", 1019, 1000]


PAGE = """query($query: String, $first: Int = 50, $after: String, $sortKey: OrderSortKeys = UPDATED_AT) {
  orders(first: $first, after: $after, query: $query, sortKey: $sortKey) {
    pageInfo { hasNextPage endCursor } nodes { legacyResourceId updatedAt } } }"""


def find(shop: Shopify, query: str = "", **arguments: Any) -> list[int]:
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


def test_a_search_that_is_not_understood_is_answered_with_a_warning():
    shop = make_shop(make_orders(3))
    for query, field, count in (
        ("staff:'ann'", "staff", 3),
        ("updated_at:>=2026-11-02T12:00:01Z", "00", 0),
    ):
        body = run(shop, PAGE, query=query)
        assert "errors" not in body
        assert len(body["data"]["orders"]["nodes"]) == count
        [warning] = body["extensions"]["search"][0]["warnings"]
        assert (warning["field"], warning["code"]) == (field, "invalid_field")


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


def test_the_index_lags_and_a_page_has_the_current_order():
    shop = make_shop([make_order(1, NOW - timedelta(days=1))], lag=10)
    shop.store.put_order(make_order(2))
    shop.store.update_order("gid://shopify/Order/1", NOW, tags=["late"])
    assert (find(shop), find(shop, "tag:late")) == ([1], [])
    [node] = data(shop, PAGE)["orders"]["nodes"]
    assert node["updatedAt"] == "2026-11-02T12:00:00Z"
    shop.store.clock.advance(10)
    assert sorted(find(shop)) == [1, 2]
    assert find(shop, "tag:late") == [1]
    shop.store.delete_order("gid://shopify/Order/1")
    assert find(shop) == [2]


def test_nested_connections_are_cut_silently_and_can_be_continued():
    query = """query($after: String) { order(id: "gid://shopify/Order/1") {
        lineItems(first: 3, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { sku } } } }"""
    lines = [line("1", sku=f"SKU-{number}") for number in range(5)]
    shop = make_shop([make_order(lines=lines)])
    first = data(shop, query)["order"]["lineItems"]
    assert (len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (3, True)
    rest = data(shop, query, after=first["pageInfo"]["endCursor"])["order"]["lineItems"]
    assert [node["sku"] for node in rest["nodes"]] == ["SKU-3", "SKU-4"]
    assert rest["pageInfo"]["hasNextPage"] is False
