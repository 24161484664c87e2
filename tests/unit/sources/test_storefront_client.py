"""The client obeys a busy server, names what is wrong, and shows nobody its keys."""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from demo.services.ports import free_port
from demo.services.storefront import KEY, SECRET, Fault, Storefront, WooOrder, WooStore
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.sources import storefront
from ecommerce.sources.http import LONGEST_PAUSE, NotFoundError
from ecommerce.sources.storefront.client import (
    ATTEMPTS,
    MalformedAnswerError,
    StorefrontClient,
)

ON_POSTS = "the server keeps orders as posts, and dates neither edited lines nor"
BUSY = {"path": "/orders", "status": 429}


@pytest.fixture
def shop() -> Iterator[Storefront]:
    noon = datetime(2025, 6, 3, 16, tzinfo=UTC)
    with Storefront(WooStore(WooOrder(n, noon) for n in (1, 2, 3))) as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """The seconds the client slept, without sleeping them."""
    return []


@pytest.fixture
def client(shop: Storefront, pauses: list[float]) -> Iterator[StorefrontClient]:
    with requests.Session() as session:
        session.auth = (KEY, SECRET)
        yield StorefrontClient(
            session, f"{shop.url}/wp-json/wc/v3", timeout=5, sleep=pauses.append
        )


def test_a_page_comes_as_it_was_sent_with_the_total(
    client: StorefrontClient, shop: Storefront
) -> None:
    page = client.get("/orders", 1, {"orderby": "id", "order": "asc"})
    assert (page.total, page.empty) == (3, False)
    assert page.body.startswith(b'[{"id": 1,')
    assert shop.requests == [
        "GET /wp-json/wc/v3/orders?orderby=id&order=asc&per_page=100&page=1"
    ]
    assert client.get("/orders", 2).empty


def test_a_missing_total_and_a_byte_order_mark_do_no_harm(
    client: StorefrontClient, shop: Storefront
) -> None:
    shop.faults.append(Fault("/orders", status=200, body=b"\xef\xbb\xbf [ ]\n"))
    page = client.get("/orders")
    assert (page.total, page.body, page.empty) == (None, b"[ ]", True)


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(
    client: StorefrontClient, shop: Storefront, pauses: list[float]
) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    shop.faults += [
        Fault(**BUSY, headers={"Retry-After": "7"}),
        Fault("/orders", status=503, headers={"Retry-After": moment}),
    ]
    assert client.get("/orders").total == 3
    assert pauses[0] == pytest.approx(7, abs=0.5)
    assert 17 < pauses[1] <= 20


def test_a_busy_answer_to_one_thread_holds_back_all(shop: Storefront) -> None:
    shop.faults.append(Fault(**BUSY, page=1, headers={"Retry-After": "1"}))
    with requests.Session() as session, ThreadPoolExecutor(2) as pool:
        session.auth = (KEY, SECRET)
        client = StorefrontClient(session, f"{shop.url}/wp-json/wc/v3")
        first = pool.submit(client.get, "/orders", 1)
        time.sleep(0.3)
        began = time.monotonic()
        client.get("/orders", 2)
        assert time.monotonic() - began > 0.4
        assert first.result().total == 3


def test_a_server_that_stays_busy_is_left_alone_after_some_attempts(
    client: StorefrontClient, shop: Storefront, pauses: list[float]
) -> None:
    shop.faults.append(Fault(**BUSY, times=99, headers={"Retry-After": "3"}))
    with pytest.raises(RateLimitedError, match=r"GET /orders \(page 4\) answered 429"):
        client.get("/orders", 4)
    assert len(shop.requests) == ATTEMPTS
    assert len(pauses) == ATTEMPTS - 1


def test_a_long_pause_is_left_to_the_task(
    client: StorefrontClient, shop: Storefront, pauses: list[float]
) -> None:
    shop.faults.append(
        Fault(**BUSY, headers={"Retry-After": f"{LONGEST_PAUSE + 1:.0f}"})
    )
    with pytest.raises(RateLimitedError, match="121 s") as caught:
        client.get("/orders")
    assert (len(shop.requests), pauses) == (1, [])
    assert caught.value.retry_after == LONGEST_PAUSE + 1


def test_a_server_without_time_is_not_said_to_have_had_too_many_requests(
    client: StorefrontClient, shop: Storefront
) -> None:
    shop.faults.append(Fault("/orders", status=503, headers={"Retry-After": "600"}))
    with pytest.raises(
        RateLimitedError, match=r"answered 503 .*: the server is busy, retry after"
    ):
        client.get("/orders")


def test_a_redirect_within_the_shop_is_followed(
    client: StorefrontClient, shop: Storefront
) -> None:
    moved = f"{shop.url}/wp-json/wc/v3/orders?orderby=id&order=asc&per_page=100&page=1"
    for place in (moved, moved.removeprefix(shop.url)):
        shop.faults.append(Fault("/orders", status=301, headers={"Location": place}))
        assert client.get("/orders", 1, {"orderby": "id", "order": "asc"}).total == 3


@pytest.mark.parametrize(
    "place",
    [
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "//other.example:{port}",
        "http://127.0.0.1:1",
    ],
)
def test_a_redirect_to_another_host_or_scheme_is_not_followed(
    client: StorefrontClient, shop: Storefront, place: str
) -> None:
    target = place.format(port=shop.url.rpartition(":")[2])
    shop.faults.append(
        Fault(
            "/orders", status=301, headers={"Location": f"{target}/orders?key={SECRET}"}
        )
    )
    with pytest.raises(ConfigurationError) as caught:
        client.get("/orders")
    said = str(caught.value)
    assert f"GET /orders (page 1) answered 301: {shop.url} redirects to " in said
    assert f"{target.removeprefix('//')}, which is another site" in said
    assert "make it the host of the connection storefront_api" in said
    assert SECRET not in said
    assert len(shop.requests) == 1


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("http://shop.example.com", True),
        ("shop.example.com", True),
        ("http://93.184.216.34/blog", True),
        ("https://shop.example.com", False),
        ("http://localhost:8081", False),
        ("http://demo:8081", False),
        ("http://192.168.1.5", False),
        ("http://[::1]:8081", False),
        ("http://shop.internal", False),
    ],
)
def test_a_key_is_not_sent_openly_through_the_internet(
    monkeypatch: pytest.MonkeyPatch, host: str, refused: bool
) -> None:
    connection = {"conn_type": "http", "host": host, "login": KEY, "password": SECRET}
    monkeypatch.setenv("AIRFLOW_CONN_STOREFRONT_API", json.dumps(connection))
    if not refused:
        StorefrontClient.connect()
        return
    with pytest.raises(
        ConfigurationError,
        match=r"does not begin with https://, and the key would travel",
    ) as caught:
        StorefrontClient.connect()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unwell_server_is_asked_again_with_growing_pauses(
    client: StorefrontClient, shop: Storefront, pauses: list[float], status: int
) -> None:
    shop.faults.append(Fault("/orders", status=status, times=3))
    assert client.get("/orders").total == 3
    assert len(pauses) == 3
    assert pauses == sorted(pauses)
    shop.faults.append(Fault("/orders", status=status, times=99))
    with pytest.raises(TransientError, match=str(status)):
        client.get("/orders")


def test_silence_and_a_dead_port_are_passing_trouble(
    shop: Storefront, pauses: list[float]
) -> None:
    session = requests.Session()
    slow = StorefrontClient(
        session, f"{shop.url}/wp-json/wc/v3", timeout=0.05, sleep=pauses.append
    )
    shop.faults.append(Fault("/orders", delay=0.3, times=99))
    with pytest.raises(
        TransientError, match=r"GET /orders \(page 1\) failed: 127.0.0.1:\d+ timed out"
    ):
        slow.get("/orders")
    dead = StorefrontClient(
        session, f"http://127.0.0.1:{free_port()}", sleep=pauses.append
    )
    with pytest.raises(
        TransientError, match=r"failed: nothing answers at 127.0.0.1:\d+"
    ):
        dead.get("/orders")
    assert len(pauses) == 2 * (ATTEMPTS - 1)


def test_refused_keys_are_told_in_the_servers_words_and_not_tried_again(
    client: StorefrontClient, shop: Storefront
) -> None:
    client._session.auth = (KEY, "cs_not_the_secret")
    with pytest.raises(CredentialsError) as caught:
        client.get("/orders")
    assert "woocommerce_rest_authentication_error" in str(caught.value)
    assert "Consumer secret is invalid." in str(caught.value)
    assert "cs_not_the_secret" not in str(caught.value)
    assert len(shop.requests) == 1


def test_another_root_is_recognised(client: StorefrontClient, shop: Storefront) -> None:
    client._root = f"{shop.url}/blog/wp-json/wc/v3"
    with pytest.raises(
        NotFoundError, match=r"rest_no_route.*root of a WooCommerce shop"
    ):
        client.get("/orders")


def test_a_wrong_parameter_is_a_broken_contract(client: StorefrontClient) -> None:
    with pytest.raises(ContractError, match="rest_invalid_param"):
        client.get("/orders", 1, {"after": "yesterday"})


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[: body.index(b"]") + 1],
        lambda body: b"<!DOCTYPE html><title>Maintenance</title>",
        lambda body: b'{"code": "rest_error"}',
        lambda body: b"",
    ],
    ids=["cut off", "cut off after a bracket", "HTML", "an object", "nothing"],
)
def test_what_is_no_list_is_asked_for_once_more_and_then_named(
    client: StorefrontClient, shop: Storefront, rewrite: object
) -> None:
    shop.faults.append(Fault("/orders", rewrite=rewrite))  # type: ignore[arg-type]
    assert client.get("/orders").total == 3
    shop.faults.append(Fault("/orders", rewrite=rewrite, times=99))  # type: ignore[arg-type]
    with pytest.raises(
        MalformedAnswerError, match=r"GET /orders \(page 1\) is no JSON list"
    ):
        client.get("/orders")
    assert len(shop.requests) == 4


def test_a_page_that_breaks_off_is_not_quoted_because_it_holds_customers(
    client: StorefrontClient, shop: Storefront
) -> None:
    shop.faults.append(
        Fault(
            "/orders",
            times=9,
            rewrite=lambda body: b'[{"billing": {"last_name": "Lovelace"',
        )
    )
    with pytest.raises(MalformedAnswerError) as caught:
        client.get("/orders")
    assert "Lovelace" not in str(caught.value)


def test_nothing_the_client_says_holds_its_keys(
    client: StorefrontClient, shop: Storefront, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for status in (200, 401, 404, 429, 500):
            shop.faults.append(Fault("/orders", status=status, times=9, body=b"<html>"))
            with pytest.raises(Exception, match="GET /orders") as caught:
                client.get("/orders")
            said.append(f"{caught.value!r} {caught.value.__cause__!r}")
            shop.faults.clear()
        client.get("/orders")
    said += [record.getMessage() for record in caplog.records] + shop.requests
    assert len(said) > 10
    assert not [
        text for text in said if KEY in text or SECRET in text or "Basic" in text
    ]


@pytest.mark.parametrize(
    ("mode", "status", "hint"),
    [
        ("11", None, ""),
        ("11c", None, ON_POSTS),
        ("66", None, ON_POSTS),
        ("11", 403, "whether the server dates all changes is not known"),
    ],
)
def test_check_names_a_server_that_does_not_date_all_changes(
    monkeypatch: pytest.MonkeyPatch, mode: str, status: int | None, hint: str
) -> None:
    with Storefront(WooStore(), mode) as shop:
        connection = {
            "conn_type": "http",
            "host": shop.url,
            "login": KEY,
            "password": SECRET,
        }
        monkeypatch.setenv("AIRFLOW_CONN_STOREFRONT_API", json.dumps(connection))
        if status:
            shop.faults.append(Fault("/system_status", status=status, body=b"{}"))
        _, *hints = storefront.check()
    assert [(state, text[: len(hint)]) for state, text in hints] == (
        [("hint", hint)] if hint else []
    )
