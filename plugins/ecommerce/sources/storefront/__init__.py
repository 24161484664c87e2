"""The storefront, connection `storefront_api` (WooCommerce REST v3). `client.py` sends requests,
`pagination.py` reads lists that change meanwhile, `refunds.py` requests only changed refunds, `extraction.py`
combines them."""

import json
from collections.abc import Iterator
from datetime import timedelta

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.settings import load_settings
from ecommerce.core.text import counted
from ecommerce.sources.source import Platform, other_days
from ecommerce.sources.storefront.client import Page, StorefrontClient
from ecommerce.sources.storefront.extraction import extract_into


def check(conn_id: str) -> Lines:
    """Read a page of the newest orders, and whether the server dates changes; errors are those of
    `StorefrontClient.get`."""
    client = StorefrontClient.connect(conn_id)
    page = client.get("/orders")
    orders = "some orders" if page.total is None else counted(page.total, "order")
    yield OK, f"{orders} can be read"
    for name in _missing_fee_names(page):
        yield (
            HINT,
            f"PAYMENT_FEE_META: none of the newest orders ({page.size}) has meta data named {name}, so no "
            "fee is read from it",
        )
    if not client.dates_all_changes():
        yield (
            HINT,
            "the server keeps orders as posts (or the key may not read /system_status), and dates neither "
            "edited lines nor, in older versions, refunds: orders of the last REFUND_LOOKBACK_DAYS are read "
            "again, reconciliation finds others",
        )
    yield from other_days(client.timezone())


def _missing_fee_names(page: Page) -> Iterator[str]:
    """Yield the names of PAYMENT_FEE_META that no order of a page has; none where the page is empty."""
    names = set()
    for order in json.loads(page.body):
        for entry in order.get("meta_data") or []:
            names.add(entry.get("key"))
    for name in load_settings().payment_fee_meta:
        if page.size and name not in names:
            yield name


STOREFRONT = Platform(
    name="storefront",
    subject="storefront_api",
    extract_into=extract_into,
    check=check,
    has_shops=True,
    limits="Storefront: an order that is deleted for good is found only by reconciliation, which compares "
    "the orders of the last {reconcile_days}. On older WooCommerce servers, which do not date such changes, "
    "the same applies to an order refunded or edited more than {refund_lookback_days} after its day.",
    overlap=timedelta(hours=2),  # WooCommerce's modified dates may be an hour early
    reconciled=True,
    synced=True,
)
