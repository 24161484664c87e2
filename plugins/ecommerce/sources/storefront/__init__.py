"""The storefront, connection `storefront_api` (WooCommerce REST v3). `client.py` sends requests,
`pagination.py` reads lists that change meanwhile, `refunds.py` requests only changed refunds, `extraction.py`
combines them."""

from datetime import timedelta

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.text import counted
from ecommerce.sources.source import Platform, other_days
from ecommerce.sources.storefront.client import StorefrontClient
from ecommerce.sources.storefront.extraction import extract_into


def check(conn_id: str) -> Lines:
    """Read a page, and whether the server dates changes; errors are those of `StorefrontClient.get`."""
    client = StorefrontClient.connect(conn_id)
    page = client.get("/orders")
    orders = "some orders" if page.total is None else counted(page.total, "order")
    yield OK, f"{orders} can be read"
    if not client.dates_all_changes():
        yield (
            HINT,
            "the server keeps orders as posts (or the key may not read /system_status), and dates neither "
            "edited lines nor, in older versions, refunds: orders of the last REFUND_LOOKBACK_DAYS are read "
            "again, reconciliation finds others",
        )
    yield from other_days(client.timezone())


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
