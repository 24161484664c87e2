import json
from decimal import Decimal
from typing import Any

import pytest

from demo.services.shopify import BulkFault, LineFacts, Shopify
from tests.unit.demo.shopify_shop import data, make_order, make_orders, make_shop

ORDERS = (
    "{ orders { edges { node { id name lineItems { edges { node { id sku } } } } } } }"
)
RUN = """mutation($query: String!, $group: Boolean = false) {
  bulkOperationRunQuery(query: $query, groupObjects: $group) {
    bulkOperation { id status } userErrors { field message code } } }"""
POLL = """query($id: ID!) { bulkOperation(id: $id) {
  status errorCode objectCount rootObjectCount fileSize url partialDataUrl completedAt } }"""


def start(shop: Shopify, query: str = ORDERS, **options: Any) -> str:
    payload = data(shop, RUN, query=query, **options)["bulkOperationRunQuery"]
    assert payload["userErrors"] == []
    assert payload["bulkOperation"]["status"] == "CREATED"
    return payload["bulkOperation"]["id"]


def poll(shop: Shopify, gid: str) -> dict[str, Any]:
    return data(shop, POLL, id=gid)["bulkOperation"]


def finish(shop: Shopify, query: str = ORDERS, **options: Any) -> dict[str, Any]:
    gid = start(shop, query, **options)
    assert poll(shop, gid)["status"] == "RUNNING"
    return poll(shop, gid)


def download(shop: Shopify, url: str) -> list[dict[str, Any]]:
    response = shop.handle("GET", url.removeprefix("http://shop"), {}, b"")
    assert response.status == 200
    return [json.loads(line) for line in response.body.splitlines()]


def refusals(query: str) -> list[str]:
    payload = data(make_shop([]), RUN, query=query)["bulkOperationRunQuery"]
    assert payload["bulkOperation"] is None
    assert {(error["code"], *error["field"]) for error in payload["userErrors"]} == {
        ("INVALID", "query")
    }
    return [error["message"] for error in payload["userErrors"]]


def test_the_counters_of_a_completed_operation_are_strings() -> None:
    shop = make_shop(make_orders(3))
    operation = finish(shop)
    assert operation["status"] == "COMPLETED"
    assert (operation["objectCount"], operation["rootObjectCount"]) == ("6", "3")
    lines = download(shop, operation["url"])
    assert len(lines) == int(operation["objectCount"])


def test_children_name_their_parent_and_need_not_follow_it() -> None:
    shop = make_shop(make_orders(30))
    lines = download(shop, finish(shop)["url"])
    parents = {line["id"] for line in lines if "__parentId" not in line}
    children = [line for line in lines if "__parentId" in line]
    assert {child["__parentId"] for child in children} == parents
    places = {line["id"]: place for place, line in enumerate(lines)}
    distances = [
        places[child["id"]] - places[child["__parentId"]] for child in children
    ]
    assert min(distances) < 0
    assert max(distances) > 1
    assert lines == download(shop, finish(make_shop(make_orders(30)))["url"])


def test_grouped_children_follow_their_parent() -> None:
    shop = make_shop(make_orders(30))
    lines = download(shop, finish(shop, group=True)["url"])
    assert [line.get("__parentId") for line in lines[1::2]] == [
        line["id"] for line in lines[::2]
    ]


def test_connections_are_complete_without_a_page_size() -> None:
    order = make_order(
        lines=[LineFacts(f"SKU-{number}", Decimal(1)) for number in range(300)]
    )
    operation = finish(
        make_shop([order]),
        "{ orders { edges { node { id lineItems(first: 1) { edges { node { id } } } } } } }",
    )
    assert operation["objectCount"] == "301"


def test_an_operation_without_rows_has_no_url() -> None:
    operation = finish(make_shop([]))
    assert (operation["status"], operation["url"], operation["objectCount"]) == (
        "COMPLETED",
        None,
        "0",
    )


def test_an_operation_takes_its_time() -> None:
    shop = make_shop(make_orders(1))
    shop.bulk.seconds = 60
    gid = start(shop)
    assert [poll(shop, gid)["status"] for _ in range(5)] == ["RUNNING"] * 5
    shop.store.clock.advance(60)
    assert poll(shop, gid)["status"] == "COMPLETED"


def test_a_url_expires_after_seven_days() -> None:
    shop = make_shop(make_orders(1))
    gid = start(shop)
    shop.bulk.polls = 1
    url = poll(shop, gid)["url"]
    shop.store.clock.advance(7 * 86400)
    assert shop.handle("GET", url.removeprefix("http://shop"), {}, b"").status == 400
    operation = poll(shop, gid)
    assert (operation["status"], operation["url"]) == ("EXPIRED", None)


def test_the_sixth_running_operation_is_refused() -> None:
    shop = make_shop(make_orders(1))
    gids = [start(shop) for _ in range(5)]
    error = data(shop, RUN, query=ORDERS)["bulkOperationRunQuery"]["userErrors"][0]
    assert (error["code"], error["field"]) == ("OPERATION_IN_PROGRESS", None)
    for _ in range(2):
        poll(shop, gids[0])
    assert start(shop)


def test_an_operation_can_be_cancelled_while_it_runs() -> None:
    shop = make_shop(make_orders(1))
    cancel = """mutation($id: ID!) {
        bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { message } } }"""
    gid = start(shop)
    payload = data(shop, cancel, id=gid)["bulkOperationCancel"]
    assert payload == {"bulkOperation": {"status": "CANCELING"}, "userErrors": []}
    assert poll(shop, gid)["status"] == "CANCELED"
    payload = data(shop, cancel, id=gid)["bulkOperationCancel"]
    assert payload["userErrors"] == [
        {"message": "A bulk operation cannot be canceled when it is canceled"}
    ]


def test_operations_can_be_listed() -> None:
    shop = make_shop(make_orders(1))
    gids = [start(shop), start(shop)]
    found = data(
        shop,
        "{ bulkOperations(first: 9) { nodes { id } } currentBulkOperation { id } }",
    )
    assert [node["id"] for node in found["bulkOperations"]["nodes"]] == gids
    assert found["currentBulkOperation"]["id"] == gids[-1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "{ orders { edges { node { id refunds { id refundLineItems { edges { node { id } } } } } } } }",
            "Queries that contain a connection field within a list field are not currently supported.",
        ),
        (
            "{ orders { nodes { id } } }",
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
            "'orders { edges { node {'. Selecting via 'nodes' is not supported. "
            "Invalid connection fields: 'orders'.",
        ),
        (
            """{ orders { edges { node { id returns { edges { node { id refunds { edges { node { id
            refundLineItems { edges { node { id } } } } } } } } } } } } }""",
            "Bulk queries cannot contain connections with a nesting depth greater than 2.",
        ),
        (
            """{ orders { edges { node { id lineItems { edges { node { id } } }
            shippingLines { edges { node { id } } } agreements { edges { node { id } } }
            metafields { edges { node { id } } } returns { edges { node { id } } } } } } }""",
            "Bulk queries cannot contain more than 5 connections.",
        ),
        (
            "{ orders { edges { node { name lineItems { edges { node { id } } } } } } }",
            "The parent 'node' field for a nested connection must select the 'id' field without an alias "
            "and must be of 'ID' return type. Connection fields without 'id': orders.",
        ),
        ("{ shop { name } }", "Bulk queries must contain at least one connection."),
        (
            "mutation { bulkOperationCancel(id: 1) { userErrors { message } } }",
            "Invalid operation type. Only `query`",
        ),
        ("{ orders { edges { node { salesTotal } } } }", "Invalid bulk query: "),
        ("", "Invalid bulk query: "),
    ],
)
def test_a_query_that_cannot_run_in_bulk_is_refused(query: str, message: str) -> None:
    assert [text.startswith(message) for text in refusals(query)] == [True]


@pytest.mark.parametrize(
    "query",
    [
        """{ orders(query: "updated_at:>='2026-11-01T00:00:00Z'") { edges { node { id refunds { id }
        lineItems { edges { node { id } } } shippingLines { edges { node { id } } } } } } }""",
        """{ orders { edges { node { id agreements { edges { node { id
        sales { edges { node { id } } } } } } } } } }""",
    ],
)
def test_lines_refund_ids_and_agreements_can_run_in_bulk(query: str) -> None:
    assert start(make_shop([]), query)


def test_a_failed_operation_has_partial_data() -> None:
    shop = make_shop(make_orders(20))
    shop.bulk.faults.append(BulkFault("FAILED", "TIMEOUT", kept=0.5))
    operation = finish(shop)
    assert (operation["status"], operation["errorCode"], operation["url"]) == (
        "FAILED",
        "TIMEOUT",
        None,
    )
    body = shop.handle(
        "GET", operation["partialDataUrl"].removeprefix("http://shop"), {}, b""
    ).body
    assert len(body) == round(int(operation["fileSize"]) / 2)


def test_a_cancelled_operation_can_have_a_url() -> None:
    shop = make_shop(make_orders(1))
    shop.bulk.faults.append(BulkFault("CANCELED"))
    operation = finish(shop)
    assert operation["status"] == "CANCELED"
    assert download(shop, operation["url"])


@pytest.mark.parametrize("fault", [BulkFault(count_error=1), BulkFault(kept=0.9)])
def test_a_file_may_have_fewer_lines_than_it_should(fault: BulkFault) -> None:
    shop = make_shop(make_orders(20))
    shop.bulk.faults.append(fault)
    operation = finish(shop)
    assert operation["status"] == "COMPLETED"
    body = shop.handle(
        "GET", operation["url"].removeprefix("http://shop"), {}, b""
    ).body
    assert body.count(b"\n") < int(operation["objectCount"])


def test_a_query_without_access_fails_when_it_runs() -> None:
    shop = make_shop(make_orders(1), accessScopes=["read_orders"])
    operation = finish(shop, "{ orders { edges { node { id customer { id } } } } }")
    assert (operation["status"], operation["errorCode"]) == ("FAILED", "ACCESS_DENIED")


def test_a_token_sent_with_a_download_is_recorded() -> None:
    shop = make_shop(make_orders(1))
    path = finish(shop)["url"].removeprefix("http://shop")
    shop.handle("GET", path, {}, b"")
    assert shop.leaks == []
    shop.handle("GET", path, {"X-Shopify-Access-Token": "shpat_demo_shopify"}, b"")
    assert shop.leaks == [path]
