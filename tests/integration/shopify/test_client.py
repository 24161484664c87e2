"""The client of Shopify's API: its documents, its token, and what it makes of failures."""

import json
import logging

import pytest
from requests import Request

from demo.services.shopify import CLIENT_ID, CLIENT_SECRET, Fault, OrderFacts
from ecommerce.core import errors
from ecommerce.sources.http import NotFoundError
from ecommerce.sources.shopify.client import ShopifyClient
from tests import settings
from tests.integration.shopify.orders import line
from tests.integration.shopify.reading import (
    NOON,
    connect,
    extract,
    simulated,
)


@pytest.fixture
def shop(serve):
    """A shop with one order."""
    return serve(
        OrderFacts(
            1,
            NOON,
            [line("10")],
        )
    )


def grants(shop):
    """How many tokens were asked for."""
    return sum("access_token" in request.path for request in shop.requests)


def test_client_credentials_are_exchanged_for_a_token(shop, tmp_path, monkeypatch):
    connect(
        monkeypatch,
        shop,
        login=CLIENT_ID,
        password=CLIENT_SECRET,
    )
    extract(tmp_path)
    assert grants(shop) == 1
    repeated = f"{CLIENT_SECRET} is wrong".encode()
    for status in (400, 401, 403):
        shop.faults.append(Fault("access_token", status=status, body=repeated))
        with pytest.raises(errors.CredentialsError) as refused:
            extract(tmp_path)
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
    "message": "Internal error near ann@example.com",
    "path": ["nodes", 0, "lineItems"],
    "extensions": {"code": "INTERNAL_SERVER_ERROR"},
}
LATE = {"message": "Timeout", "extensions": {"code": "TIMEOUT"}}
WARNING = {"field": "processed_at", "message": "Input is invalid"}
MISREAD = {"search": [{"query": "processed_at:x", "warnings": [WARNING]}]}
ELSEWHERE = {"Location": "https://other.example/"}


def answering(answer):
    """A fault by which the search for orders always has this answer."""
    body = json.dumps(answer).encode()
    return Fault(
        "OrderIds",
        rewrite=lambda _: body,
        times=99,
    )


def test_a_request_throttled_without_its_cost_is_repeated(shop, tmp_path, monkeypatch):
    simulated(monkeypatch, shop)
    throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    for extensions in ({}, {"cost": None}, {"cost": {"requestedQueryCost": 9}}):
        fault = answering({"errors": [throttled], "extensions": extensions})
        fault.times = 2
        shop.faults.append(fault)
        before = shop.store.clock.now
        extract(tmp_path)
        # The pauses of any request that fails.
        assert 3 <= (shop.store.clock.now - before).total_seconds() <= 3.75
        shop.faults.clear()


FAULTS = [
    (
        Fault(status=401, body=b"no key of ann@example.com", times=99),
        1,
        errors.CredentialsError,
        "check login, password and permissions",
    ),
    (
        Fault(status=404, body=b"Not Found", times=99),
        1,
        NotFoundError,
        "the shop's own address",
    ),
    (
        Fault(body=b"<html>Busy</html>", status=200, times=99),
        5,
        errors.TransientError,
        "is no JSON object; it begins with '<html>",
    ),
    (
        Fault(status=302, headers=ELSEWHERE, times=99),
        1,
        errors.ConfigurationError,
        "which is another site",
    ),
    (answering({"data": None}), 1, errors.ContractError, "the answer has no data"),
    (answering({"errors": "It is wrong"}), 1, errors.ContractError, "'It is wrong'"),
    (
        answering({"data": {}, "extensions": MISREAD}),
        1,
        errors.ContractError,
        "does not understand the search 'processed_at:x'",
    ),
    (
        Fault("OrdersById", error=DENIED, times=99),
        1,
        errors.CredentialsError,
        "scope: `read_orders` access scope.",
    ),
    (
        Fault("OrdersById", error=BROKEN, times=99),
        5,
        errors.TransientError,
        "'Internal error near <e-mail>'",
    ),
    (Fault("OrdersById", error=LATE, times=99), 5, errors.TransientError, "'Timeout'"),
]
"""How often the request is sent, the kind of the error, and words of its text."""


def test_a_failure_is_an_error_of_its_kind(
    shop,
    tmp_path,
    monkeypatch,
    caplog,
):
    caplog.set_level(logging.DEBUG)
    simulated(monkeypatch, shop)

    def assert_fails(kind, words):
        with pytest.raises(errors.PipelineError) as failure:
            extract(tmp_path)
        message = str(failure.value)
        assert (failure.type, words in message) == (kind, True), message
        assert "shpat" not in message
        assert "ann@" not in message + caplog.text

    for fault, tries, kind, words in FAULTS:
        shop.faults[:] = [fault]
        assert_fails(kind, words)
        assert 99 - fault.times == tries
    shop.faults.clear()
    shop.oldest_version = "2026-10"
    assert_fails(errors.ContractError, "version 2026-10 of the API in place of 2026-07")
    assert not list(tmp_path.rglob("manifest.json"))


def test_proxies_and_certificates_of_the_environment_are_used(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine agora.example login me password of-something-else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/company.pem")
    settings.connect(
        monkeypatch, "shopify_api", "https://agora.example", password="token"
    )
    session = ShopifyClient.connect("shopify_api").session
    request = session.prepare_request(Request("POST", "https://agora.example/admin"))
    sent = session.merge_environment_settings(request.url, {}, None, None, None)
    assert sent["proxies"]["https"] == "http://proxy.example:3128"
    assert sent["verify"] == "/etc/ssl/company.pem"
    assert "Authorization" not in request.headers

    monkeypatch.setenv("NO_PROXY", "agora.example")
    assert not ShopifyClient.connect("shopify_api").session.proxies.get("https")
