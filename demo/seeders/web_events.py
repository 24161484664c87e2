"""Write the website's events: one file of newline-delimited JSON per UTC hour in which they were received."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.ledger import Ledger
from demo.ledger.web_sessions import MOST_LATE, Event
from demo.seeders.partner_files import write

HOUR = timedelta(hours=1)


def fill(folder: Path, ledger: Ledger, at: datetime) -> None:
    """Write what was received until the instant `at`, as `YYYY-MM-DDTHH.ndjson`, by the time of receipt.

    A file's modification time is when it was written, so that hours that were over then are left alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    at = at.astimezone(UTC)
    begun, hours = ledger.shop.window(ledger.first_day)[0], []
    hour = begun.replace(minute=0, second=0, microsecond=0)
    while hour <= at:
        if not _is_complete(path_of(folder, hour), hour):
            hours.append(hour)
        hour += HOUR
    received: dict[datetime, list[Event]] = {hour: [] for hour in hours}
    for day in ledger.business_days:
        # A session may go on for a while after its day, and be told of days later.
        if hours and ledger.shop.window(day)[1] + MOST_LATE + 6 * HOUR > hours[0]:
            for event in ledger.web_events(day):
                of_hour = received.get(event.received_at.replace(minute=0, second=0, microsecond=0))
                if of_hour is not None and event.received_at <= at:
                    of_hour.append(event)
    for hour, found in received.items():
        found.sort(key=lambda event: (event.received_at, event.event_id))
        text = "".join(f"{line_of(event)}\n" for event in found)
        write(path_of(folder, hour), text.encode(), at.timestamp())


def path_of(folder: Path, hour: datetime) -> Path:
    """The file of the UTC hour that begins at `hour`."""
    return folder / f"{hour:%Y-%m-%dT%H}.ndjson"


def line_of(event: Event) -> str:
    """The event as the interface gives it, without line end."""
    if event.text is not None:
        return event.text
    return json.dumps(
        {
            "event_id": event.event_id,
            "occurred_at": _instant(event.occurred_at),
            "received_at": _instant(event.received_at),
            "session_id": event.session_id,
            "visitor_id": event.visitor_id,
            "event_type": event.event_type,
            "sku": event.sku,
            "order_id": event.order_id,
            "device": event.device,
            "referrer": event.referrer,
            "user_agent": event.user_agent,
        },
        separators=(",", ":"),
    )


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"


def _is_complete(file: Path, hour: datetime) -> bool:
    return file.exists() and file.stat().st_mtime >= (hour + HOUR).timestamp()
