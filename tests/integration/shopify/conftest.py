"""A Shopify shop to read from."""

from contextlib import ExitStack

import pytest
import time_machine

from ecommerce.sources.shopify import extraction
from tests.integration.shopify.reading import (
    NOW,
    Loadable,
    connect,
    shop_with,
)

KEY = "a key for tests of Shopify, long enough"


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", KEY)
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def serve(monkeypatch):
    """Serve a shop, and let the connection `shopify_api` lead to it."""
    with ExitStack() as running:

        def start(*orders, **options):
            shop = running.enter_context(shop_with(orders, **options))
            connect(monkeypatch, shop)
            return shop

        yield start


@pytest.fixture
def load(serve, tmp_path):
    """Read and transform a shop with these orders."""

    def of(*orders, **options):
        serve(*orders, **options)
        return Loadable(tmp_path)

    return of


@pytest.fixture
def read_in_bulk(monkeypatch):
    """Let searches that find more orders than these be read by bulk operations."""
    return lambda orders: monkeypatch.setattr(extraction, "IN_BULK", orders)
