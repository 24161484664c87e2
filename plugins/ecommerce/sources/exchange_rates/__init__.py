"""Reference rates in the layout of the European Central Bank, connection `exchange_rates_api`."""

from __future__ import annotations

from ecommerce.core.settings import Settings
from ecommerce.sources.exchange_rates.extraction import CONNECTION, check, extract

__all__ = ["OVERLAP", "RECONCILED", "SUBJECT", "check", "extract", "limits"]

SUBJECT = CONNECTION
OVERLAP = None  # the file is read whole
RECONCILED = False


def limits(settings: Settings) -> list[str]:
    """Nothing: a corrected rate is read again."""
    return []
