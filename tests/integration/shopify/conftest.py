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


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a key for tests of Shopify, long enough")
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
