"""The client of Shopify's API: its documents, its token, and what it makes of failures."""

import json

import pytest

from demo.services.shopify import CLIENT_ID, CLIENT_SECRET, Fault, OrderFacts
from ecommerce.core import errors
from ecommerce.sources import SHOPIFY
from tests.integration.shopify.orders import line
from tests.integration.shopify.reading import NOON, connect, simulated, window_in


@pytest.fixture
def shop(serve):
    """A shop with one order."""
    return serve(OrderFacts(1, NOON, [line("10")]))


def grants(shop):
    """How many tokens were asked for."""
    return sum("access_token" in request.path for request in shop.requests)


def test_client_credentials_are_exchanged_for_a_token(shop, tmp_path, monkeypatch):
    connect(monkeypatch, shop, login=CLIENT_ID, password=CLIENT_SECRET)
    SHOPIFY.extract(window_in(tmp_path))
    assert grants(shop) == 1
    repeated = f"{CLIENT_SECRET} is wrong".encode()
    for status in (400, 401, 403):
        shop.faults.append(Fault("access_token", status=status, body=repeated))
        with pytest.raises(errors.CredentialsError) as refused:
            SHOPIFY.extract(window_in(tmp_path))
        assert f"the token of the app was refused with {status}" in str(refused.value)
        assert CLIENT_SECRET not in str(refused.value)


DENIED = {
    "message": "Access denied for refunds field.",
    "path": ["nodes", 0, "refunds"],
    "extensions": {
        "code": "ACCESS_DENIED",
        "requiredAccess": "`read_orders` access scope.",
    },
}
BROKEN = {
    "message": "Internal error. Looks like something went wrong on our end.",
    "path": ["nodes", 0, "lineItems"],
    "extensions": {"code": "INTERNAL_SERVER_ERROR"},
}
LATE = {"message": "Timeout", "extensions": {"code": "TIMEOUT"}}
WARNING = {"field": "processed_at", "message": "Input is invalid"}
MISREAD = {"search": [{"query": "processed_at:x", "warnings": [WARNING]}]}


def answering(operation, answer):
    """A fault by which an operation always has this answer."""
    body = json.dumps(answer).encode()
    return Fault(operation, rewrite=lambda _: body, times=99)


def test_a_request_throttled_without_its_cost_is_repeated(shop, tmp_path, monkeypatch):
    simulated(monkeypatch, shop)
    throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    for extensions in ({}, {"cost": None}, {"cost": {"requestedQueryCost": 9}}):
        fault = answering("OrderIds", {"errors": [throttled], "extensions": extensions})
        fault.times = 2
        shop.faults.append(fault)
        before = shop.store.clock.now
        SHOPIFY.extract(window_in(tmp_path))
        # The pauses of any request that fails.
        assert (shop.store.clock.now - before).total_seconds() == 1 + 2
        shop.faults.clear()


FAULTS = {
    "wrong token": Fault(
        status=401, body=b'{"errors":"[API] Invalid API key"}', times=99
    ),
    "frozen": Fault(status=402, body=b"{}", times=99),
    "forbidden": Fault(status=403, body=b"{}", times=99),
    "locked": Fault(status=423, body=b"{}", times=99),
    "no such shop": Fault(status=404, body=b"Not Found", times=99),
    "unavailable": Fault(status=502, times=99),
    "html": Fault(body=b"<html>Busy</html>", status=200, times=99),
    "truncated JSON": Fault("OrderIds", rewrite=lambda body: body[:9], times=99),
    "another site": Fault(
        status=302, headers={"Location": "https://other.example/"}, times=99
    ),
    "no data": answering("OrderIds", {"data": None}),
    "errors as a text": answering("OrderIds", {"errors": "Something is wrong"}),
    "errors as an object": answering("OrderIds", {"errors": {"query": "is missing"}}),
    "another search": answering("OrderIds", {"data": {}, "extensions": MISREAD}),
    "cut off": Fault("OrdersById", cut=True, times=99),
    "a field of the amounts is hidden": Fault("OrdersById", error=DENIED, times=99),
    "an error beside the data": Fault("OrdersById", error=BROKEN, times=99),
    "too late": Fault("OrdersById", error=LATE, times=99),
}


def test_a_failure_is_an_error_of_its_kind(shop, tmp_path, monkeypatch, snapshot):
    simulated(monkeypatch, shop)
    report = []
    for name, fault in FAULTS.items():
        shop.faults[:] = [fault]
        with pytest.raises(errors.PipelineError) as failure:
            SHOPIFY.extract(window_in(tmp_path))
        tries = 99 - fault.times
        message = str(failure.value).replace(shop.url, "https://shop.example")
        report.append(f"{name}\n  {tries} x {failure.typename}\n  {message}")
        assert "shpat" not in message
    shop.faults.clear()
    shop.oldest_version = "2026-10"
    with pytest.raises(errors.ContractError) as failure:
        SHOPIFY.extract(window_in(tmp_path))
    report.append(f"another version\n  {failure.value}")
    assert "\n".join(report) == snapshot
    assert not list(tmp_path.rglob("manifest.json"))
