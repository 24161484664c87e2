"""The storefront, connection `storefront_api` (WooCommerce REST v3). `client.py` sends
requests, `pagination.py` reads lists that change meanwhile, `refunds.py` requests only changed refunds,
`extraction.py` combines them."""

from __future__ import annotations

from datetime import timedelta

from ecommerce.core.settings import Settings
from ecommerce.sources.storefront.check import check
from ecommerce.sources.storefront.client import CONNECTION
from ecommerce.sources.storefront.extraction import extract

__all__ = ["OVERLAP", "RECONCILED", "SUBJECT", "check", "extract", "limits"]

SUBJECT = CONNECTION
OVERLAP = timedelta(hours=2)  # WooCommerce's modified dates may be an hour early
RECONCILED = True


def limits(settings: Settings) -> list[str]:
    """Return which changes are seen late or never."""
    return [
        "Storefront: an order deleted for good is only seen by reconciliation, up to "
        f"{settings.reconcile_days} days after its day. So is one that is refunded or edited more than "
        f"{settings.refund_lookback_days} days after its day, where the server (older WooCommerce) gives "
        "such a change no date."
    ]
