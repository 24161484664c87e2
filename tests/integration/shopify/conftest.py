"""A Shopify shop to read from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import time_machine

from demo.services.shopify import OrderFacts, Shopify
from tests.integration.shopify.reading import (
    NOW,
    Loadable,
    connect,
    shop_with,
    window_in,
)

KEY = "a key for tests of Shopify, long enough"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", KEY)
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Shopify]]:
    """Serve a shop, and let the connection `shopify_api` lead to it."""
    with ExitStack() as running:

        def start(*orders: OrderFacts, **options: Any) -> Shopify:
            shop = running.enter_context(shop_with(orders, **options))
            connect(monkeypatch, shop)
            return shop

        yield start


@pytest.fixture
def load(serve: Callable[..., Shopify], tmp_path: Path) -> Callable[..., Loadable]:
    """Read and transform a shop with these orders."""

    def of(*orders: OrderFacts, **options: Any) -> Loadable:
        serve(*orders, **options)
        return Loadable(window_in(tmp_path))

    return of


@pytest.fixture(scope="module")
def load_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Loadable]]:
    """Read and transform a shop whose rows several tests look at."""
    with ExitStack() as running:
        patch = running.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("CUSTOMER_HASH_KEY", KEY)

        def of(*orders: OrderFacts | dict[str, Any], **options: Any) -> Loadable:
            shop = running.enter_context(shop_with(orders, **options))
            connect(patch, shop)
            with time_machine.travel(NOW):
                return Loadable(window_in(tmp_path_factory.mktemp("shopify")))

        yield of
