"""Is the storefront there, and may the key read its orders?"""

from __future__ import annotations

from ecommerce.core.findings import OK, Lines
from ecommerce.sources.storefront.client import StorefrontClient


def check() -> Lines:
    """One page of orders is asked for."""
    page = StorefrontClient.connect().get("/orders")
    yield OK, f"{'some' if page.total is None else page.total} orders can be read"
