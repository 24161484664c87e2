import pytest
from graphql import GraphQLError, get_operation_ast, parse

from demo.services.shopify.cost import Bucket, QueryCost
from demo.services.shopify.engine import load_schema
from tests.unit.demo.shopify_shop import (
    PAGE_QUERY,
    make_order,
    make_orders,
    make_shop,
    run,
)


def requested(query: str, **variables: object) -> int:
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation
    return QueryCost(load_schema(), document, operation, variables).requested()


@pytest.mark.parametrize(("page", "cost"), [(20, 567), (50, 793), (100, 1019)])
def test_the_page_query_has_the_measured_cost(page: int, cost: int) -> None:
    assert requested(PAGE_QUERY, n=page, q="") == cost


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ orders(first: 250) { nodes { id } } }", 13),
        (
            "{ orders(first: 250) { edges { node { id lineItems(first: 250) { nodes { id } } } } } }",
            156,
        ),
        ('{ bulkOperation(id: "1") { status } }', 1),
        ('{ nodes(ids: ["1", "2"]) { id } }', 1),
        ("{ ordersCount { count } }", 10),
        (
            'mutation { bulkOperationRunQuery(query: "{ shop { id } }") { userErrors { message } } }',
            10,
        ),
        (
            "{ shop { plan { publicDisplayName } } currentAppInstallation { accessScopes { handle } } }",
            4,
        ),
        ('{ order(id: "1") { totalPriceSet { shopMoney { amount } } } }', 1),
    ],
)
def test_a_connection_costs_more_than_its_items(query: str, cost: int) -> None:
    assert requested(query) == cost


def test_of_fragments_on_several_types_the_most_expensive_one_counts() -> None:
    query = """{ nodes(ids: ["1"]) {
        id ... on Order { customer { id } app { id } } ... on Refund { return { id } } } }"""
    assert requested(query) == 3


def test_the_bucket_pays_the_cost_of_what_was_returned() -> None:
    shop = make_shop(make_orders(3))
    cost = run(shop, PAGE_QUERY, n=50, q="")["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 793
    assert cost["actualQueryCost"] < 50
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000.0,
        "currentlyAvailable": 2000 - cost["actualQueryCost"],
        "restoreRate": 100.0,
    }


def test_a_full_page_pays_what_it_requested() -> None:
    cost = run(
        make_shop(make_orders(20)), "{ orders(first: 20) { nodes { id app { id } } } }"
    )["extensions"]["cost"]
    assert cost["requestedQueryCost"] == cost["actualQueryCost"] == 12


def test_the_page_size_may_be_the_default_of_a_variable() -> None:
    query = "query($n: Int = 20, $last: Int) { orders(first: $n, last: $last) { nodes { id } } }"
    assert run(make_shop([]), query)["extensions"]["cost"]["requestedQueryCost"] == 7


def test_points_are_restored_by_time_up_to_the_maximum() -> None:
    shop = make_shop([])
    bucket = Bucket(shop.store.clock)
    assert bucket.take(2000)
    assert not bucket.take(1)
    shop.store.clock.advance(5)
    assert bucket.status()["currentlyAvailable"] == 500
    shop.store.clock.advance(60)
    assert bucket.status()["currentlyAvailable"] == 2000


@pytest.mark.parametrize(
    ("plan", "rate"), [("Basic", 100), ("Advanced", 200), ("Plus", 1000)]
)
def test_the_plan_decides_how_fast_points_are_restored(plan: str, rate: int) -> None:
    shop = make_shop([], plan={"publicDisplayName": plan})
    status = run(shop, "{ shop { name } }")["extensions"]["cost"]["throttleStatus"]
    assert (status["restoreRate"], status["maximumAvailable"]) == (rate, 20 * rate)


def test_a_query_above_the_available_points_is_throttled() -> None:
    shop = make_shop([make_order()])
    shop.bucket.take(1500)
    body = run(shop, PAGE_QUERY, n=50, q="")
    assert body == {
        "errors": [
            {
                "message": "Throttled",
                "extensions": {
                    "code": "THROTTLED",
                    "documentation": "https://shopify.dev/api/usage/rate-limits",
                },
            }
        ],
        "extensions": {
            "cost": {
                "requestedQueryCost": 793,
                "actualQueryCost": None,
                "throttleStatus": {
                    "maximumAvailable": 2000.0,
                    "currentlyAvailable": 500,
                    "restoreRate": 100.0,
                },
            }
        },
    }
    shop.store.clock.advance((793 - 500) / 100)
    assert "errors" not in run(shop, PAGE_QUERY, n=50, q="")


def test_a_query_above_1000_points_is_refused_without_extensions() -> None:
    body = run(make_shop([]), PAGE_QUERY, n=100, q="")
    assert body.keys() == {"errors"}
    extensions = body["errors"][0]["extensions"]
    assert (extensions["code"], extensions["cost"], extensions["maxCost"]) == (
        "MAX_COST_EXCEEDED",
        1019,
        1000,
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "{ orders(first: 251) { nodes { id } } }",
            "first cannot exceed 250. To query larger amounts of data",
        ),
        ("{ orders { nodes { id } } }", "you must provide one of first or last"),
    ],
)
def test_an_invalid_page_size_is_a_bad_request(query: str, message: str) -> None:
    body = run(make_shop([]), query)
    error = body["errors"][0]
    assert error["message"].startswith(message)
    assert (error["extensions"], error["path"]) == ({"code": "BAD_REQUEST"}, ["orders"])
    assert body["data"] is None
    with pytest.raises(GraphQLError):
        requested(
            "{ orders(first: 1) { nodes { lineItems(first: 300) { nodes { id } } } } }"
        )


def test_an_unknown_field_is_an_error_without_data() -> None:
    body = run(make_shop([]), "{ orders(first: 1) { nodes { salesTotal } } }")
    assert body.keys() == {"errors"}
    assert "salesTotal" in body["errors"][0]["message"]
