"""Shopify, connection `shopify_api` (Admin GraphQL API). `client.py` sends documents at the pace that the
shop allows, `extraction.py` reads whole orders, `bulk.py` very many of them, `payments.py` payouts."""

from datetime import UTC, datetime, timedelta

from ecommerce.core.check_result import FAIL, HINT, OK, Lines
from ecommerce.core.text import clean, counted
from ecommerce.sources.shopify.client import ShopifyClient, between
from ecommerce.sources.shopify.extraction import (
    COST_SCOPE,
    REACH,
    extract_into,
    scopes,
)
from ecommerce.sources.source import Platform, other_days

SCOPES = {"read_orders", "read_products", "read_returns"}
NO_PAYMENTS = "payments by Shopify Payments, their fees and payouts are not read"
OPTIONAL_SCOPES = {
    "read_all_orders": f"orders older than {REACH.days} days, and their late refunds, cannot be read",
    COST_SCOPE: "order lines have no cost of goods, and very many orders are read more slowly",
    "read_shopify_payments_accounts": NO_PAYMENTS,
    "read_shopify_payments_payouts": NO_PAYMENTS,
}
"""What is missing without an access scope."""


def check(conn_id: str) -> Lines:
    """Ask for the shop and the granted scopes; errors are those of `ShopifyClient.ask`."""
    client = ShopifyClient.connect(conn_id)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    recent = between("updated_at", yesterday, None)
    facts = client.ask("shop", created=recent, changed=recent)
    shop, granted = facts["shop"], scopes(facts)
    changed = counted(facts["changed"]["count"], "order")
    yield (
        OK,
        f"{shop['name']}, {shop['currencyCode']}, version {client.version} of the API: {changed} changed in "
        "the last 24 hours",
    )
    for reason in sorted(client.deprecated):
        yield (
            HINT,
            f"Shopify will stop answering a query as it is: {clean(reason)}: upgrade this repository",
        )
    missing = SCOPES - granted
    if missing:
        yield FAIL, f"the app lacks the access scopes {', '.join(sorted(missing))}"
    for scope, consequence in OPTIONAL_SCOPES.items():
        if scope not in granted:
            yield HINT, f"the app lacks the scope {scope}: {consequence}"
    yield from other_days(shop["ianaTimezone"])


SHOPIFY = Platform(
    name="shopify",
    subject="shopify_api",
    extract_into=extract_into,
    check=check,
    has_shops=True,
    limits="Shopify: an order that is deleted is found only by reconciliation, which compares the orders of "
    "the last {reconcile_days}. Units removed by an edit count on the day of their order. An app without the "
    f"scope read_all_orders sees no order older than {REACH.days} days: its late refunds, edits and deletion "
    "are never read.",
    # The search index lags by seconds; the rest is for clocks that differ.
    overlap=timedelta(minutes=20),
    reconciled=True,
    synced=True,
    needs_connection=True,
)
