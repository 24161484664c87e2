"""Reference rates in the layout of the European Central Bank, connection `exchange_rates_api`."""

from __future__ import annotations

from datetime import timedelta

from ecommerce.core.settings import Settings
from ecommerce.sources.exchange_rates.checking import check
from ecommerce.sources.exchange_rates.reading import CONNECTION, extract

__all__ = ["OVERLAP", "RECONCILED", "SUBJECT", "check", "extract", "limits"]

SUBJECT = CONNECTION
OVERLAP: timedelta | None = None  # the file is read whole
RECONCILED = False


def limits(settings: Settings) -> list[str]:
    """Nothing: a rate that is published anew is read again."""
    return []
