"""CSV files that partner marketplaces drop under `PARTNER_DROP_URI`."""

from ecommerce.core.settings import Settings
from ecommerce.sources.partner_files.extraction import extract
from ecommerce.sources.partner_files.folder import check

__all__ = ["OVERLAP", "RECONCILED", "SUBJECT", "check", "extract", "limits"]

SUBJECT = "PARTNER_DROP_URI"
OVERLAP = None  # files are known by their checksums
RECONCILED = False


def limits(settings: Settings) -> list[str]:
    """Nothing: a file that changes is read again."""
    return []
