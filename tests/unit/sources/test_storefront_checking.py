"""What `make check` says of shops that are set up in different ways."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from demo.services.storefront import KEY, SECRET, Fault, Storefront, WooOrder, WooStore
from ecommerce.core.errors import ConfigurationError
from ecommerce.sources.storefront import check
from ecommerce.sources.storefront.client import NotFoundError

WELL = ("ok", "1 orders can be read")
ON_POSTS = "the server keeps orders as posts"


@pytest.fixture
def open_shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Storefront]]:
    """Starts a shop that the connection leads to."""
    with ExitStack() as running:

        def start(mode: str = "11", **options: Any) -> Storefront:
            store = WooStore([WooOrder(1, datetime(2025, 6, 3, 16, tzinfo=UTC))])
            shop = running.enter_context(Storefront(store, mode, **options))
            connection = {"conn_type": "http", "host": shop.url, "login": KEY, "password": SECRET}
            monkeypatch.setenv("AIRFLOW_CONN_STOREFRONT_API", json.dumps(connection))
            return shop

        yield start


def test_a_new_server_and_a_key_that_reads_need_no_advice(open_shop: Callable[..., Storefront]) -> None:
    shop = open_shop()
    assert list(check()) == [WELL]
    assert [request.split("?")[0] for request in shop.requests if "PUT" in request] == [
        "PUT /wp-json/wc/v3/orders/0"
    ]


def test_what_older_servers_do_not_tell(open_shop: Callable[..., Storefront]) -> None:
    open_shop("66")
    first, no_list, on_posts = check()
    assert first == WELL
    assert (no_list[0], no_list[1].split(" (")[0]) == ("hint", "the server has no list of all refunds")
    assert (on_posts[0], on_posts[1][: len(ON_POSTS)]) == ("hint", ON_POSTS)
    open_shop("11c")
    assert [text[: len(ON_POSTS)] for _, text in check()] == [WELL[1], ON_POSTS]


def test_a_key_that_may_not_read_the_servers_status(open_shop: Callable[..., Storefront]) -> None:
    open_shop().faults.append(Fault("/system_status", status=403, body=b"{}"))
    assert [text.partition(":")[0] for _, text in check()] == [
        WELL[1],
        "whether the server dates all changes is not known",
    ]


def test_a_key_that_may_write(open_shop: Callable[..., Storefront]) -> None:
    shop = open_shop()
    shop.keys = replace(shop.keys, writes=True)
    assert list(check()) == [
        WELL,
        ("hint", "reading is enough, but the key may write: make one with the permission Read"),
    ]


def test_plain_permalinks_and_no_shop_at_all(open_shop: Callable[..., Storefront]) -> None:
    open_shop(plain_permalinks=True)
    with pytest.raises(ConfigurationError, match="the shop has plain permalinks"):
        list(check())
    open_shop(prefix="/shop").prefix = "/moved"
    with pytest.raises(NotFoundError, match="is the host of the connection the root of a WooCommerce shop"):
        list(check())
