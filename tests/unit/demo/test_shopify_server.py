import http.client
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from demo.services.ports import free_port, wait_for
from demo.services.shopify import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN,
    Fault,
    Shopify,
    ShopifyStore,
)
from tests.unit.demo.shopify_shop import PAGE_QUERY, make_order, make_orders, make_shop

NAME = "query Name { shop { name } }"
GRANT = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}


@pytest.fixture
def shop() -> Iterator[Shopify]:
    with make_shop(make_orders(3)) as shop:
        yield shop


def send(
    url: str, payload: Any, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, HTTPMessage]:
    """Return status, body and headers of the response to a POST."""
    request = urllib.request.Request(
        url,
        json.dumps(payload).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read()), response.headers
    except HTTPError as error:
        return error.code, json.loads(error.read() or b"null"), error.headers


def post(
    shop: Shopify,
    query: str = NAME,
    version: str = "2026-07",
    token: str = TOKEN,
    **variables: Any,
) -> tuple[int, Any, HTTPMessage]:
    """Return the response to a query."""
    url = f"{shop.url}/admin/api/{version}/graphql.json"
    return send(
        url, {"query": query, "variables": variables}, {"X-Shopify-Access-Token": token}
    )


def test_a_query_gets_its_result_and_the_version_that_answered(shop: Shopify) -> None:
    status, body, headers = post(shop)
    assert (status, body["data"]) == (200, {"shop": {"name": "Demo"}})
    assert headers["X-Shopify-API-Version"] == "2026-07"
    assert "X-Shopify-API-Deprecated-Reason" not in headers


def test_an_expired_version_is_answered_by_the_oldest_live_one(shop: Shopify) -> None:
    shop.versions = ("2026-10", "2027-01")
    status, _, headers = post(shop, version="2026-07")
    assert (status, headers["X-Shopify-API-Version"]) == (200, "2026-10")
    assert post(shop, version="2031-01")[0] == 404


def test_a_deprecated_field_is_reported_on_demand(shop: Shopify) -> None:
    shop.deprecated_reason = "https://shopify.dev/changelog"
    assert (
        post(shop)[2]["X-Shopify-API-Deprecated-Reason"]
        == "https://shopify.dev/changelog"
    )


def test_only_the_bare_token_in_its_header_is_accepted(shop: Shopify) -> None:
    assert post(shop, token="shpat_other")[0] == 401
    url = f"{shop.url}/admin/api/2026-07/graphql.json"
    status, body, _ = send(url, {"query": NAME}, {"Authorization": f"Bearer {TOKEN}"})
    assert (
        status,
        body["errors"].startswith("[API] Invalid API key or access token"),
    ) == (401, True)


def test_a_token_of_the_client_credentials_grant_expires(shop: Shopify) -> None:
    url = f"{shop.url}/admin/oauth/access_token"
    status, grant, _ = send(url, GRANT)
    assert (status, grant["expires_in"]) == (200, 86399)
    assert grant["scope"].split(",")[0] == "read_orders"
    assert post(shop, token=grant["access_token"])[0] == 200
    shop.store.clock.advance(86399)
    assert post(shop, token=grant["access_token"])[0] == 401
    assert post(shop, token=send(url, GRANT)[1]["access_token"])[0] == 200
    assert send(url, GRANT | {"client_secret": "wrong"})[0] == 401
    assert send(url, GRANT | {"grant_type": "password"})[0] == 400


def test_the_grant_may_be_sent_as_a_form(shop: Shopify) -> None:
    form = "&".join(f"{name}={value}" for name, value in GRANT.items()).encode()
    with urllib.request.urlopen(
        f"{shop.url}/admin/oauth/access_token", form
    ) as response:
        assert json.loads(response.read())["access_token"].startswith("shpat_")


def test_invalid_requests(shop: Shopify) -> None:
    token = {"X-Shopify-Access-Token": TOKEN}
    assert (
        send(f"{shop.url}/admin/api/2026-07/graphql.json", ["query"], token)[0] == 400
    )
    assert send(f"{shop.url}/admin/api/2026-07/orders.json", {}, token)[0] == 404


def test_requests_are_recorded_with_their_cost(shop: Shopify) -> None:
    post(shop, PAGE_QUERY, n=50, q="id:1")
    request = shop.requests[-1]
    assert (request.operation, request.variables, request.status) == (
        "OrdersPage",
        {"n": 50, "q": "id:1"},
        200,
    )
    assert request.requested_cost == 793
    assert request.actual_cost
    assert request.actual_cost < 50
    post(shop, PAGE_QUERY, n=100, q="")
    assert (shop.requests[-1].requested_cost, shop.requests[-1].actual_cost) == (
        1019,
        None,
    )


@pytest.mark.parametrize("status", [402, 403, 404, 423, 429, 430, 500, 502, 503, 504])
def test_a_fault_replaces_the_response_so_many_times(
    shop: Shopify, status: int
) -> None:
    fault = Fault(
        "Name",
        times=2,
        status=status,
        headers={"Retry-After": "4.0"},
        body=b'{"errors":"no"}',
    )
    shop.faults.append(fault)
    assert post(shop, "query Other { shop { name } }")[0] == 200
    for _ in range(2):
        answer = post(shop)
        assert (answer[0], answer[1], answer[2]["Retry-After"]) == (
            status,
            {"errors": "no"},
            "4.0",
        )
    assert post(shop)[0] == 200


def test_a_fault_can_throttle(shop: Shopify) -> None:
    shop.faults.append(Fault(r"shop \{", throttled=True))
    status, body, headers = post(shop)
    assert (status, body["errors"][0]["extensions"]["code"]) == (200, "THROTTLED")
    assert "Retry-After" not in headers
    assert "data" in post(shop)[1]


def test_a_fault_can_add_an_error_with_a_path_or_null_all_data(shop: Shopify) -> None:
    query = "{ orders(first: 1) { nodes { id note } } }"
    error = {
        "message": "Internal error",
        "extensions": {"code": "INTERNAL_SERVER_ERROR"},
    }
    path = ["orders", "nodes", 0, "note"]
    shop.faults += [Fault(error={**error, "path": path}), Fault(error=error)]
    body = post(shop, query)[1]
    assert body["errors"] == [{**error, "path": path}]
    assert body["data"]["orders"]["nodes"][0] == {
        "id": "gid://shopify/Order/3",
        "note": None,
    }
    body = post(shop, query)[1]
    assert (body["data"], body["errors"]) == (None, [error])


def test_a_fault_can_rewrite_the_body_and_change_the_store_first(shop: Shopify) -> None:
    query = "{ ordersCount { count } }"
    shop.faults += [
        Fault(before=lambda store: store.put_order(make_order(9))),
        Fault(rewrite=lambda body: body.replace(b"4", b"7")),
    ]
    assert post(shop, query)[1]["data"]["ordersCount"]["count"] == 4
    assert post(shop, query)[1]["data"]["ordersCount"]["count"] == 7


def test_a_fault_can_cut_the_connection(shop: Shopify) -> None:
    shop.faults.append(Fault(cut=True))
    with pytest.raises(http.client.IncompleteRead):
        post(shop)
    assert post(shop)[0] == 200


def test_a_fault_can_redirect(shop: Shopify) -> None:
    shop.faults.append(
        Fault(
            status=301,
            headers={"Location": f"{shop.url}/admin/api/2026-07/graphql.json"},
        )
    )
    connection = http.client.HTTPConnection("127.0.0.1", shop.port)
    connection.request("POST", "/admin/api/2026-07/graphql.json", b"{}")
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (
        301,
        f"{shop.url}/admin/api/2026-07/graphql.json",
    )
    connection.close()


def test_a_bulk_result_is_downloaded_without_a_token(shop: Shopify) -> None:
    query = "{ orders { edges { node { id } } } }"
    post(
        shop,
        f'mutation {{ bulkOperationRunQuery(query: "{query}") {{ bulkOperation {{ id }} }} }}',
    )
    for _ in range(2):
        body = post(shop, "{ currentBulkOperation { status url } }")[1]
    with urllib.request.urlopen(
        body["data"]["currentBulkOperation"]["url"]
    ) as response:
        assert len(response.read().splitlines()) == 3
    assert shop.leaks == []
    assert shop.requests[-1].with_token is False


def test_hiccups_are_429_and_503_in_turn() -> None:
    with Shopify(hiccups=2) as shop:
        assert [post(shop)[0] for _ in range(4)] == [200, 429, 200, 503]


def test_the_shop_runs_as_a_program(tmp_path: Path) -> None:
    file, port = tmp_path / "shop.jsonl", free_port()
    ShopifyStore(make_orders(2)).save(file)
    command = [
        sys.executable,
        "-m",
        "demo.services.shopify",
        "--port",
        str(port),
        "--data",
        str(file),
    ]
    process = subprocess.Popen([*command, "--timezone", "Asia/Tokyo"])
    try:
        wait_for(port, process=process)
        url = f"http://127.0.0.1:{port}/admin/api/2026-07/graphql.json"
        query = {"query": "{ shop { ianaTimezone } ordersCount { count } }"}
        body = send(url, query, {"X-Shopify-Access-Token": TOKEN})[1]
        assert body["data"] == {
            "shop": {"ianaTimezone": "Asia/Tokyo"},
            "ordersCount": {"count": 2},
        }
    finally:
        process.terminate()
        process.wait()
