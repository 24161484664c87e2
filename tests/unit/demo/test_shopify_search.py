import base64
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from demo.services.shopify import LineFacts, Shopify
from tests.unit.demo.shopify_shop import (
    NOW,
    data,
    make_order,
    make_orders,
    make_shop,
    run,
)

PAGE = """query($query: String, $first: Int = 50, $after: String, $sortKey: OrderSortKeys = UPDATED_AT,
          $reverse: Boolean) {
  orders(first: $first, after: $after, query: $query, sortKey: $sortKey, reverse: $reverse) {
    pageInfo { hasNextPage hasPreviousPage endCursor } nodes { legacyResourceId updatedAt } } }"""


def find(shop: Shopify, query: str = "", **arguments: Any) -> list[int]:
    """Return the numbers of the orders that a query finds."""
    page = data(shop, PAGE, query=query, **arguments)["orders"]
    return [int(node["legacyResourceId"]) for node in page["nodes"]]


def seconds(*offsets: float) -> Shopify:
    """Return a shop with orders 1, 2, … that were created so many seconds after 12:00."""
    return make_shop(
        [
            make_order(1 + place, NOW + timedelta(seconds=offset))
            for place, offset in enumerate(offsets)
        ]
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("updated_at:>='2026-11-02T12:00:01Z'", [2, 3]),
        ("updated_at:>'2026-11-02T12:00:01Z'", [2, 3]),
        ("updated_at:<='2026-11-02T12:00:01Z'", [1, 2]),
        ("updated_at:<'2026-11-02T12:00:01Z'", [1]),
        (
            "updated_at:>='2026-11-02T12:00:01Z' updated_at:<='2026-11-02T12:00:01Z'",
            [2],
        ),
        (
            'created_at:>="2026-11-02T12:00:01Z" AND processed_at:<"2026-11-02T12:00:02Z"',
            [2],
        ),
        ("updated_at:>='2026-11-02T07:00:01-05:00'", [2, 3]),
        ("created_at:2026-11-02", [1, 2, 3]),
        ("created_at:>=2026-11-03", []),
    ],
)
def test_bounds_are_inclusive_to_the_second(query: str, found: list[int]) -> None:
    assert find(seconds(0, 1, 2), query) == found


def test_an_unquoted_timestamp_is_split_at_its_colons_and_answered_wrongly() -> None:
    body = run(seconds(0, 1, 2), PAGE, query="updated_at:>=2026-11-02T12:00:01Z")
    assert "errors" not in body
    assert body["data"]["orders"]["nodes"] == []
    assert body["extensions"]["search"] == [
        {
            "path": ["orders"],
            "query": "updated_at:>=2026-11-02T12:00:01Z",
            "parsed": {
                "and": [
                    {"field": "updated_at", "range": {"gte": "2026-11-02T12"}},
                    {"field": "00", "match_all": "01Z"},
                ]
            },
            "warnings": [
                {
                    "field": "00",
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            ],
        }
    ]


def test_an_unknown_field_is_ignored_and_everything_matches() -> None:
    shop = make_shop(make_orders(3))
    body = run(shop, "{ found: ordersCount(query: \"staff:'ann'\") { count } }")
    assert body["data"]["found"]["count"] == 3
    report = body["extensions"]["search"][0]
    assert (report["path"], report["warnings"][0]["field"]) == (["found"], "staff")
    assert (
        "search"
        not in run(shop, '{ ordersCount(query: "id:1") { count } }')["extensions"]
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("id:2", [2]),
        ("id:>1 id:<=3", [2, 3]),
        ("name:#2 OR name:3", [2, 3]),
        ("tag:vip", [1]),
        ("-tag:VIP", [2, 3]),
        ("NOT tag:vip test:false", [2]),
        ("test:true", [3]),
        ("ann@example.com", [3]),
    ],
)
def test_terms_are_joined_by_spaces(query: str, found: list[int]) -> None:
    orders = [
        make_order(1, tags=["VIP"]),
        make_order(2),
        make_order(3, test=True, email="ann@example.com"),
    ]
    assert find(make_shop(orders), query, sortKey="ID") == found


def test_parentheses_are_refused_instead_of_answered_wrongly() -> None:
    assert (
        "parentheses"
        in run(make_shop([]), PAGE, query="(id:1)")["errors"][0]["message"]
    )


def test_orders_are_sorted_by_processed_at_unless_a_key_is_given() -> None:
    orders = [
        make_order(
            1,
            NOW,
            processed_at=NOW - timedelta(days=1),
            updated_at=NOW + timedelta(days=1),
        ),
        make_order(2, NOW - timedelta(hours=1)),
    ]
    shop = make_shop(orders)
    default = data(shop, "{ orders(first: 9) { nodes { name } } }")["orders"]["nodes"]
    assert [node["name"] for node in default] == ["#1", "#2"]
    assert (
        find(shop, sortKey="CREATED_AT") == find(shop, sortKey="UPDATED_AT") == [2, 1]
    )
    assert find(shop, sortKey="CREATED_AT", reverse=True) == [1, 2]


def test_a_cursor_is_the_last_value_and_id() -> None:
    shop = seconds(0, 1, 1, 2)
    page = data(shop, PAGE, first=2)["orders"]
    assert json.loads(base64.b64decode(page["pageInfo"]["endCursor"])) == {
        "last_id": 2,
        "last_value": "2026-11-02 12:00:01.000000",
    }
    assert find(shop, first=2, after=page["pageInfo"]["endCursor"]) == [3, 4]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_walk_returns_every_order_once(reverse: bool) -> None:
    shop, found, after = make_shop(make_orders(25)), [], None
    while True:
        page = data(shop, PAGE, first=10, after=after, reverse=reverse)["orders"]
        found += [int(node["legacyResourceId"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == sorted(range(1, 26), reverse=not reverse)


def test_a_cursor_of_another_sort_key_is_invalid() -> None:
    shop = seconds(0, 1)
    cursor = data(shop, PAGE, first=1, sortKey="ID")["orders"]["pageInfo"]["endCursor"]
    error = run(shop, PAGE, after=cursor, sortKey="UPDATED_AT")["errors"][0]
    assert error["message"] == "Invalid cursor for current pagination sort."


def test_an_order_updated_during_a_walk_moves_forward() -> None:
    shop = seconds(0, 1, 2)
    page = data(shop, PAGE, first=2)["orders"]
    shop.store.update_order("gid://shopify/Order/1", NOW + timedelta(seconds=9))
    assert find(shop, first=2, after=page["pageInfo"]["endCursor"]) == [3, 1]


def test_the_search_finds_a_change_only_after_the_lag() -> None:
    shop = make_shop([make_order(1, NOW - timedelta(days=1))], lag=10)
    shop.store.put_order(make_order(2))
    shop.store.update_order("gid://shopify/Order/1", tags=["late"])
    assert (find(shop), find(shop, "tag:late")) == ([1], [])
    assert data(shop, '{ order(id: "gid://shopify/Order/2") { name } }')["order"] == {
        "name": "#2"
    }
    shop.store.clock.advance(10)
    assert (find(shop), find(shop, "tag:late")) == ([1, 2], [1])


def test_a_page_contains_the_current_order_even_if_the_index_is_behind() -> None:
    shop = make_shop([make_order(1), make_order(2)], lag=10)
    shop.store.update_order("gid://shopify/Order/1", NOW + timedelta(seconds=5))
    shop.store.delete_order("gid://shopify/Order/2")
    assert data(shop, PAGE)["orders"]["nodes"] == [
        {"legacyResourceId": "1", "updatedAt": "2026-11-02T12:00:05Z"}
    ]


def test_a_deleted_order_is_gone_except_for_an_event() -> None:
    shop = make_shop(make_orders(2))
    shop.store.delete_order("gid://shopify/Order/1")
    assert find(shop) == [2]
    assert data(shop, '{ order(id: "gid://shopify/Order/1") { name } }') == {
        "order": None
    }
    events = '{ events(first: 9, query: "action:destroy") { nodes { ... on BasicEvent { subjectId } } } }'
    assert data(shop, events)["events"]["nodes"] == [
        {"subjectId": "gid://shopify/Order/1"}
    ]


def test_without_read_all_orders_older_orders_do_not_exist() -> None:
    old, recent = (
        make_order(1, NOW - timedelta(days=61), tags=["new tag"]),
        make_order(2, NOW - timedelta(days=59)),
    )
    scopes = ["read_orders", "read_customers", "read_products", "read_returns"]
    shop = make_shop([old, recent], accessScopes=scopes)
    assert find(shop) == [2]
    assert data(shop, '{ order(id: "gid://shopify/Order/1") { name } }') == {
        "order": None
    }
    nodes = '{ nodes(ids: ["gid://shopify/Order/1", "gid://shopify/Order/2"]) { id } ordersCount { count } }'
    assert data(shop, nodes) == {
        "nodes": [None, {"id": "gid://shopify/Order/2"}],
        "ordersCount": {"count": 1},
    }
    assert find(make_shop([old, recent])) == [1, 2]


def test_a_count_is_capped_unless_its_limit_is_null() -> None:
    order = make_order()
    orders = [
        order | {"id": f"gid://shopify/Order/{number}"} for number in range(10_001)
    ]
    shop = make_shop(orders)
    assert data(shop, "{ ordersCount { count precision } }")["ordersCount"] == {
        "count": 10_000,
        "precision": "AT_LEAST",
    }
    assert data(shop, "{ ordersCount(limit: null) { count precision } }")[
        "ordersCount"
    ] == {
        "count": 10_001,
        "precision": "EXACT",
    }


def test_nested_connections_are_truncated_silently_and_can_be_continued() -> None:
    lines = [LineFacts(f"SKU-{number}", Decimal(1)) for number in range(5)]
    query = """query($after: String) { order(id: "gid://shopify/Order/1") {
        lineItems(first: 3, after: $after) { pageInfo { hasNextPage endCursor } nodes { sku } } } }"""
    shop = make_shop([make_order(lines=lines)])
    first = data(shop, query)["order"]["lineItems"]
    assert (len(first["nodes"]), first["pageInfo"]["hasNextPage"]) == (3, True)
    rest = data(shop, query, after=first["pageInfo"]["endCursor"])["order"]["lineItems"]
    assert [node["sku"] for node in rest["nodes"]] == ["SKU-3", "SKU-4"]
    assert rest["pageInfo"]["hasNextPage"] is False


def test_an_argument_first_of_a_list_only_cuts_it() -> None:
    order = make_order() | {
        "refunds": [{"id": f"gid://shopify/Refund/{number}"} for number in range(3)]
    }
    query = '{ order(id: "gid://shopify/Order/1") { refunds(first: 2) { id } } }'
    assert len(data(make_shop([order]), query)["order"]["refunds"]) == 2
