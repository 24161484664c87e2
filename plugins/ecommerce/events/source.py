"""The website's events, connection `web_events_api`. `client.py` requests a window in time slices, `lines.py`
splits an answer into lines, `extraction.py` writes a part of the raw folder per slice."""

from datetime import timedelta

from ecommerce.events.client import CONNECTION
from ecommerce.events.extraction import check, extract_into
from ecommerce.sources.source import Platform, Source

OVERLAP = timedelta(minutes=30)
"""An event may become visible some time after the instant at which it was received: collectors write in
batches of up to a quarter of an hour, and the server's clock may differ. Events that are read twice have the
same ids."""
AHEAD = timedelta(hours=1)
"""How far a visitor's clock may be ahead: an event may seem to occur so long after it was received. One
that is further ahead is rejected."""
LATE_DAYS = 3
"""How many days after its own an event may still be received: what the contract promises. An event received
later is read by the run of the newest day, but not by a backfill of its own day."""

WEB_EVENTS = Source(
    Platform(
        name="web_events",
        subject=CONNECTION,
        extract_into=extract_into,
        check=check,
        overlap=OVERLAP,
    )
)
