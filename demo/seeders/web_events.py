"""Seeder of the website's events: a file of newline-delimited JSON per UTC hour of receipt."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.ledger import Ledger
from demo.ledger.web_sessions import MOST_LATE, Event
from demo.seeders.atomic import write

HOUR = timedelta(hours=1)


def fill(folder: Path, ledger: Ledger, at: datetime) -> None:
    """Write the events received until `at` to files `YYYY-MM-DDTHH.ndjson`, sorted by the time of receipt.

    The modification time of a file is `at`; files of hours that were complete then are not written again.

    Args:
        folder: the folder of the files.
        ledger: the company's ledger.
        at: the current instant.
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
        # A session may last into the next day, and its events may arrive days later.
        if hours and ledger.shop.window(day)[1] + MOST_LATE + 6 * HOUR > hours[0]:
            for event in ledger.web_events(day):
                of_hour = received.get(
                    event.received_at.replace(minute=0, second=0, microsecond=0)
                )
                if of_hour is not None and event.received_at <= at:
                    of_hour.append(event)
    for hour, events in received.items():
        events.sort(key=lambda event: (event.received_at, event.event_id))
        text = "".join(f"{line_of(event)}\n" for event in events)
        write(path_of(folder, hour), text.encode(), at.timestamp())


def path_of(folder: Path, hour: datetime) -> Path:
    """Return the file of the UTC hour `hour`."""
    return folder / f"{hour:%Y-%m-%dT%H}.ndjson"


def line_of(event: Event) -> str:
    """Return the event as a line, without line end."""
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
