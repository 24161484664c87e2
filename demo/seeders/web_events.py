"""Seeder of the website's events: newline-delimited JSON, a file per UTC hour of receipt."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.ledger import Ledger
from demo.ledger.web_sessions import MOST_LATE, Event
from demo.seeders.atomic import write

HOUR = timedelta(hours=1)


def fill(folder: Path, ledger: Ledger, at: datetime) -> None:
    """Write the events received until `at` to files `YYYY-MM-DDTHH.ndjson`.

    They are sorted by the time of receipt. The modification time of a file is `at`; files
    of hours that were complete then are not written again.

    Args:
        folder: the folder of the files.
        ledger: the company's ledger.
        at: the current instant.
    """
    folder.mkdir(parents=True, exist_ok=True)
    at = at.astimezone(UTC)
    by_hour = _unwritten_hours(folder, ledger, at)
    if not by_hour:
        return
    first_hour = min(by_hour)
    for day in ledger.business_days:
        # A session may last into the next day, and its events may arrive days later.
        if ledger.shop.window(day)[1] + MOST_LATE + 6 * HOUR < first_hour:
            continue
        for event in ledger.web_events(day):
            hour = _hour_of(event.received_at)
            if hour in by_hour and event.received_at <= at:
                by_hour[hour].append(event)
    for hour, events in by_hour.items():
        events.sort(key=lambda event: (event.received_at, event.event_id))
        lines = [f"{line_of(event)}\n" for event in events]
        write(path_of(folder, hour), "".join(lines).encode(), at.timestamp())


def path_of(folder: Path, hour: datetime) -> Path:
    """Return the file of the UTC hour `hour`."""
    return folder / f"{hour:%Y-%m-%dT%H}.ndjson"


def line_of(event: Event) -> str:
    """Return the event as a line, without line end."""
    if event.text is not None:
        return event.text
    fields = dict(vars(event))
    del fields["text"]
    return json.dumps(fields, default=_format_instant, separators=(",", ":"))


def _unwritten_hours(
    folder: Path,
    ledger: Ledger,
    at: datetime,
) -> dict[datetime, list[Event]]:
    """Return the hours until `at` without a complete file, with no events yet."""
    by_hour: dict[datetime, list[Event]] = {}
    hour = _hour_of(ledger.shop.window(ledger.first_day)[0])
    while hour <= at:
        file = path_of(folder, hour)
        complete_at = (hour + HOUR).timestamp()
        if not file.exists() or file.stat().st_mtime < complete_at:
            by_hour[hour] = []
        hour += HOUR
    return by_hour


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _format_instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"
