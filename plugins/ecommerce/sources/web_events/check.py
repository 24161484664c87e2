"""`make check` of the web events: does the server answer, and with events?"""

from __future__ import annotations

from datetime import timedelta

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.sources.web_events import lines
from ecommerce.sources.web_events.client import CONNECTION, PATH, EventsClient
from ecommerce.sources.web_events.extraction import now
from ecommerce.sources.web_events.slices import Slice
from ecommerce.storage.scratch import scratch_folder

ENOUGH = 1 << 20
"""Bytes of the last hour that are looked at."""


def check() -> Lines:
    """Read the first events of the last hour.

    Raises:
        PipelineError: as `EventsClient.download`, and where the answer holds no events.
    """
    client = EventsClient.connect()
    until = now()
    hour = Slice(until - timedelta(hours=1), until)
    with scratch_folder() as folder:
        file = folder / "hour.ndjson"
        media_type = client.download(hour, file, ENOUGH)
        lines.usual_keys(file, media_type, f"{CONNECTION}: GET {PATH} of {hour}")
        found = sum(len(batch) for batch in lines.Lines(file).batches())
        more = "more than " if file.stat().st_size >= ENOUGH else ""
    yield OK, f"{more}{found} events in the last hour" if found else "it answers; no event in the last hour"
    if client.is_unencrypted:
        yield HINT, "events travel without encryption, and the token too: let the host begin with https://"
