"""Bulk operations of the stand-in: what may run, and what their files have."""

import json
from typing import Any

from demo.services.shopify import Shopify
from tests.integration.shopify.orders import line
from tests.unit.demo.shopify_shop import data, make_order, make_orders, make_shop

ORDERS = (
    "{ orders { edges { node { id name lineItems { edges { node { id sku } } } } } } }"
)
RUN = """mutation($query: String!) { bulkOperationRunQuery(query: $query) {
    bulkOperation { id status } userErrors { field message code } } }"""
POLL = """query($id: ID!) { bulkOperation(id: $id) {
    status errorCode objectCount rootObjectCount url partialDataUrl } }"""


def start(shop: Shopify, query: str = ORDERS) -> str:
    payload = data(shop, RUN, query=query)["bulkOperationRunQuery"]
    assert payload["userErrors"] == []
    return payload["bulkOperation"]["id"]


def poll(shop: Shopify, gid: str) -> dict[str, Any]:
    return data(shop, POLL, id=gid)["bulkOperation"]


def finish(shop: Shopify, query: str = ORDERS) -> dict[str, Any]:
    gid = start(shop, query)
    assert poll(shop, gid)["status"] == "RUNNING"
    return poll(shop, gid)


def download(shop: Shopify, url: str) -> list[dict[str, Any]]:
    response = shop.handle("GET", url.removeprefix("http://shop"), {}, b"")
    assert response.status == 200
    return [json.loads(line) for line in response.body.splitlines()]


def test_a_file_has_all_objects_and_children_need_not_follow_their_parent() -> None:
    lines = [line("1", sku=f"SKU-{number}") for number in range(300)]
    shop = make_shop([*make_orders(30), make_order(31, lines=lines)])
    operation = finish(shop)
    assert operation["status"] == "COMPLETED"
    counts = (operation["objectCount"], operation["rootObjectCount"])
    assert counts == ("361", "31")
    objects = download(shop, operation["url"])
    assert len(objects) == 361
    places = {each["id"]: place for place, each in enumerate(objects)}
    children = [each for each in objects if "__parentId" in each]
    distances = {places[each["id"]] - places[each["__parentId"]] for each in children}
    assert min(distances) < 0
    assert max(distances) > 1
    assert finish(make_shop([]))["url"] is None


REFUSED = {
    "{ orders { edges { node { id refunds { id refundLineItems { edges { node { id } } } } } } } }": (
        "Queries that contain a connection field within a list field are not"
    ),
    "{ orders { nodes { id } } }": (
        "All connection fields in a bulk query must select their contents using 'edges'"
    ),
    """{ orders { edges { node { id returns { edges { node { id refunds { edges { node { id
       refundLineItems { edges { node { id } } } } } } } } } } } } }""": (
        "Bulk queries cannot contain connections with a nesting depth greater than 2."
    ),
    """{ orders { edges { node { id lineItems { edges { node { id } } }
       shippingLines { edges { node { id } } } agreements { edges { node { id } } }
       metafields { edges { node { id } } } returns { edges { node { id } } } } } } }""": (
        "Bulk queries cannot contain more than 5 connections."
    ),
    "{ orders { edges { node { name lineItems { edges { node { id } } } } } } }": (
        "The parent 'node' field for a nested connection must select the 'id' field"
    ),
    "{ shop { name } }": "Bulk queries must contain at least one connection.",
    "{ orders { edges { node { salesTotal } } } }": "Invalid bulk query: ",
}


def test_a_query_that_cannot_run_in_bulk_is_refused() -> None:
    for query, message in REFUSED.items():
        payload = data(make_shop([]), RUN, query=query)["bulkOperationRunQuery"]
        assert payload["bulkOperation"] is None
        assert payload["userErrors"][0]["message"].startswith(message)
