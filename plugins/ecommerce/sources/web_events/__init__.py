"""The website's events, connection `web_events_api`. `client.py` requests a window in time slices, `lines.py`
splits an answer into lines, `extraction.py` writes a part of the raw folder per slice."""

from datetime import timedelta

from ecommerce.core.settings import Settings
from ecommerce.sources.web_events.client import CONNECTION
from ecommerce.sources.web_events.extraction import check, extract

__all__ = [
    "AHEAD",
    "LATE_DAYS",
    "OVERLAP",
    "RECONCILED",
    "SUBJECT",
    "check",
    "extract",
    "limits",
]

SUBJECT = CONNECTION
OVERLAP = timedelta(minutes=30)
"""An event may become visible some time after the instant it carries as received: collectors write in
batches, up to a quarter of an hour long, and the server's clock is not ours. What is read twice has the same
ids."""
RECONCILED = SYNCED = OPT_IN = False
RETRIES = 5
NOT_COMPARED = ()
CSV_COLUMNS = unread_files = None
AHEAD = timedelta(hours=1)
"""How far a visitor's clock may be ahead: an event may seem to occur so long after it was received. One
that is further ahead is rejected."""
LATE_DAYS = 3
"""How many days after its own an event may still be received: what the contract promises."""


def limits(settings: Settings) -> list[str]:
    """Return which events are never seen."""
    return [
        f"Web events: an event received more than {LATE_DAYS} days after its day is read by the run of the "
        "newest day, but not by a backfill of its own day. An event that the server shows more than "
        f"{OVERLAP // timedelta(minutes=1)} minutes after its receipt is read only when its day is run again."
    ]
