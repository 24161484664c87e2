"""The client of the storefront obeys a busy server, names what is wrong, and shows
nobody its keys."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest
import requests

from demo.services.storefront import KEY, SECRET, Fault, Storefront, WooOrder, WooStore
from ecommerce.core.errors import ConfigurationError, ContractError, PipelineError
from ecommerce.sources import http, storefront
from ecommerce.sources.storefront.client import StorefrontClient

NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)


CONNECTION = "storefront_api"


@pytest.fixture(scope="module")
def server():
    """A shop with three orders."""
    with Storefront(WooStore(WooOrder(n, NOON) for n in (1, 2, 3))) as running:
        yield running


@pytest.fixture
def shop(server):
    """The shop, without faults and requests."""
    server.faults.clear()
    server.requests.clear()
    return server


@pytest.fixture
def pauses(monkeypatch):
    """The seconds the client slept, without sleeping them."""
    pauses = []
    monkeypatch.setattr(http, "sleep", pauses.append)
    monkeypatch.setattr(http, "jitter", lambda: 1.0)
    return pauses


@pytest.fixture
def client(shop, pauses):
    with requests.Session() as session:
        session.auth = (KEY, SECRET)
        root = f"{shop.url}/wp-json/wc/v3"
        yield StorefrontClient(CONNECTION, session, root, timeout=5)


def test_a_page_is_read_as_it_was_sent_with_the_total(client, shop):
    parameters = {"orderby": "id", "order": "asc"}
    page = client.get("/orders", 1, parameters)
    assert page.total == 3
    assert page.size == 3
    assert page.body.startswith(b'[{"id": 1,')
    asked = "GET /wp-json/wc/v3/orders?orderby=id&order=asc&per_page=100&page=1"
    assert shop.requests == [asked]
    assert client.get("/orders", 2).size == 0
    for sent, total in (("3, 3", 3), ("3, 4", None), ("-1", None)):
        headers = {"X-WP-Total": sent}
        shop.faults.append(Fault("/orders", status=200, body=b"[]", headers=headers))
        assert client.get("/orders").total == total
    shop.faults.append(Fault("/orders", status=200, body=b"\xef\xbb\xbf [ ]\n"))
    page = client.get("/orders")
    assert page.total is None
    assert page.body == b"[ ]"
    assert page.size == 0


LISTS = (
    "categories",
    "coupon_lines",
    "fee_lines",
    "line_items",
    "meta_data",
    "refunds",
    "shipping_lines",
)
SHAPES = [
    ({name: {"1": {}} for name in LISTS}, {name: [{}] for name in LISTS}),
    (
        {"line_items": {"2": {"id": 7, "total": 0.1}}},
        {"line_items": [{"id": 7, "total": "0.1"}]},
    ),
    (
        {"meta_data": {"0": {"key": "a", "value": {"b": []}}}},
        {"meta_data": [{"key": "a", "value": {"b": []}}]},
    ),
    ({"line_items": [{"id": 7}, None, "?"]}, {"line_items": [{"id": 7}, {}, {}]}),
    ({"billing": [], "shipping": ""}, {"billing": {}, "shipping": {}}),
    ({"billing": [], "refunds": None}, {"billing": {}, "refunds": []}),
    ({"line_items": 5, "refunds": "x"}, {"line_items": [{}], "refunds": [{}]}),
    ([], {}),
]


def test_what_plugins_of_the_shop_misshape_is_read_and_the_other_orders_stay(
    client, shop
):
    for sent, read in SHAPES:
        body = json.dumps([{"id": 1}, sent]).encode()
        shop.faults[:] = [Fault("/orders", status=200, body=body)]
        page = client.get("/orders")
        assert json.loads(page.body) == [{"id": 1}, read]
        assert page.size == 2


def cut(body):
    return body[: len(body) // 2]


def fault(status=200, body=b"<html>", **more):
    return Fault("/orders", status=status, body=body, times=99, **more)


FAULTS = {
    "busy": fault(429, headers={"Retry-After": "3"}),
    "without time": fault(503, headers={"Retry-After": "600"}),
    "error": fault(500),
    "refused": fault(401),
    "not found": fault(404),
    "cut off": Fault("/orders", rewrite=cut, times=99),
    "HTML": fault(body=b"<!DOCTYPE html><title>Maintenance</title>"),
    "an object": fault(body=b'{"code": "rest_error"}'),
    "nothing": fault(body=b""),
    "a customer": fault(body=b'[{"billing": {"last_name": "Lovelace"'),
    "another encoding": fault(body=b'["\xff"]'),
}


def test_failures_are_named_and_tried_again_where_they_may_pass(
    client, shop, pauses, caplog, snapshot
):
    report = []
    with caplog.at_level(logging.DEBUG):
        for name, fault in FAULTS.items():
            shop.faults[:] = [fault]
            pauses.clear()
            with pytest.raises(PipelineError) as caught:
                client.get("/orders")
            tries = 99 - fault.times
            assert pauses == sorted(pauses)
            assert len(pauses) == tries - 1
            report.append(f"{name}\n  {tries} x {caught.typename}\n  {caught.value}")
    assert "\n".join(report) == snapshot
    logged = [record.getMessage() for record in caplog.records]
    for text in (*report, *logged, *shop.requests):
        for secret in (KEY, SECRET, "Basic", "Lovelace"):
            assert secret not in text
    shop.faults[:] = [Fault("/orders", rewrite=cut)]
    assert client.get("/orders").total == 3


def test_a_redirect_within_the_shop_is_followed(client, shop):
    moved = "/wp-json/wc/v3/orders?orderby=id&order=asc&per_page=100&page=1"
    for place in (f"{shop.url}{moved}", moved):
        shop.faults.append(Fault("/orders", status=301, headers={"Location": place}))
        assert client.get("/orders", 1, {"orderby": "id", "order": "asc"}).total == 3


@pytest.mark.parametrize("host", ["https://127.0.0.1:{port}", "//other.example"])
def test_a_redirect_to_another_host_or_scheme_is_not_followed(client, shop, host):
    host = host.format(port=shop.url.rpartition(":")[2])
    elsewhere = {"Location": f"{host}/orders?key={SECRET}"}
    shop.faults.append(Fault("/orders", status=301, headers=elsewhere))
    with pytest.raises(ConfigurationError) as caught:
        client.get("/orders")
    message = str(caught.value)
    assert f"{host.removeprefix('//')}, which is another site" in message
    assert SECRET not in message
    assert len(shop.requests) == 1


def connect(monkeypatch, host):
    connection = {"conn_type": "http", "host": host, "login": KEY, "password": SECRET}
    monkeypatch.setenv("AIRFLOW_CONN_STOREFRONT_API", json.dumps(connection))


@pytest.mark.parametrize("host", ["http://shop.example.com/blog", "shop.example.com"])
def test_a_key_is_not_sent_openly_through_the_internet(monkeypatch, host):
    connect(monkeypatch, host)
    message = "does not begin with https://, and the key would travel"
    with pytest.raises(ConfigurationError, match=message) as caught:
        StorefrontClient.connect(CONNECTION)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("path", ["", "/", "/wp-json/wc/v3"])
@pytest.mark.parametrize("host", ["https://shop.example.com", "http://[::1]:8081"])
def test_a_host_with_encryption_or_in_a_private_network_is_used(
    monkeypatch, host, path
):
    connect(monkeypatch, f"{host}{path}")
    assert StorefrontClient.connect(CONNECTION).root == f"{host}/wp-json/wc/v3"


@pytest.mark.parametrize(
    ("fault", "hints"),
    [
        ({}, 1),
        ({"status": 404, "body": b"{}"}, 0),
        ({"status": 200, "body": b"<html>"}, 0),
        ({"status": 200, "body": b"{}"}, 0),
    ],
)
def test_check_names_another_timezone(monkeypatch, fault, hints):
    monkeypatch.setenv("SHOP_TIMEZONE", "Asia/Tokyo")
    with Storefront(WooStore(), "11") as shop:
        connect(monkeypatch, shop.url)
        if fault:
            shop.faults.append(Fault("/wp-json/", **fault))
        lines = [text for _, text in storefront.check(CONNECTION)]
    found = [text for text in lines if "the shop's timezone is America/" in text]
    assert len(found) == hints
    assert len(lines) == 1 + hints


def test_check_names_a_server_that_does_not_date_all_changes(monkeypatch, snapshot):
    report = []
    for mode in ("11", "11c", "66", "11, refused"):
        with Storefront(WooStore(), mode.partition(",")[0]) as shop:
            connect(monkeypatch, shop.url)
            if "refused" in mode:
                shop.faults.append(Fault("/system_status", status=403, body=b"{}"))
            lines = [f"{state}: {text}" for state, text in storefront.check(CONNECTION)]
            report += [mode, *lines]
    assert "\n".join(report) == snapshot


def test_check_names_what_the_answer_about_changes_lacks(monkeypatch):
    with Storefront(WooStore(), "11") as shop:
        connect(monkeypatch, shop.url)
        for body in (b"{}", b'{"settings": []}'):
            shop.faults.append(Fault("/system_status", status=200, body=body))
            with pytest.raises(ContractError) as refused:
                list(storefront.check(CONNECTION))
            assert str(refused.value) == (
                f"{CONNECTION}: GET /system_status: the answer has no object `settings`"
            )


def test_check_names_fees_that_no_order_has(monkeypatch):
    monkeypatch.setenv("PAYMENT_FEE_META", "_fee,_Fee")
    orders = [WooOrder(1, NOON), WooOrder(2, NOON, meta={"_fee": "0.84"})]
    for sold, missing in ((orders, ["_Fee"]), (orders[:1], ["_fee", "_Fee"]), ([], [])):
        with Storefront(WooStore(sold), "11") as shop:
            connect(monkeypatch, shop.url)
            found = "\n".join(text for _, text in storefront.check(CONNECTION))
        named = re.findall(r"PAYMENT_FEE_META: none .* named (\w+), so", found)
        assert named == missing
