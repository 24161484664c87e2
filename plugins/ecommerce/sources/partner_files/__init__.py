"""CSV files that partner marketplaces drop under `PARTNER_DROP_URI`."""

from ecommerce.core.settings import Settings
from ecommerce.sources.partner_files.extraction import extract
from ecommerce.sources.partner_files.folder import check, unread_files

__all__ = [
    "OVERLAP",
    "RECONCILED",
    "SUBJECT",
    "check",
    "extract",
    "limits",
    "unread_files",
]

SUBJECT = "PARTNER_DROP_URI"
OVERLAP = None  # files are known by their checksums
RECONCILED = SYNCED = OPT_IN = False
RETRIES = 5
NOT_COMPARED = ()
CSV_COLUMNS = None


def limits(settings: Settings) -> list[str]:
    """Nothing: a file that changes is read again."""
    return []
