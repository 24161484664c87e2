"""The shop's own sales database, connection `sales_db` (PostgreSQL)."""

from __future__ import annotations

from datetime import timedelta

from ecommerce.core.settings import Settings
from ecommerce.sources.sales_db.extraction import CONNECTION, check, extract

__all__ = ["OVERLAP", "RECONCILED", "SUBJECT", "check", "extract", "limits"]

SUBJECT = CONNECTION
OVERLAP = timedelta(minutes=30)  # transactions that were open at the last read
RECONCILED = True


def limits(settings: Settings) -> list[str]:
    """Which changes are seen late or never."""
    return [
        "Sales database: an order deleted, or changed without moving its updated_at, is only seen by "
        f"reconciliation, up to {settings.reconcile_days} days after its day."
    ]
