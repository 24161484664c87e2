"""What the tests of the web events share: a folder of received lines, windows over it, and what was read."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import time_machine

from demo.services.web_events import EventCollector
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.events.source import LATE_DAYS, WEB_EVENTS
from tests import settings
from tests.parquet import read_records
from tests.rows import column_of

NEW_YORK = "America/New_York"
DAY = day_window(date(2026, 3, 10), NEW_YORK)
Row = dict[str, Any]
Serve = Callable[..., EventCollector]


def z(moment):
    """As servers write instants."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(name, received, occurred=None, **fields):
    """An event with the fields of the contract."""
    return {
        "event_id": name,
        "occurred_at": z(occurred or received),
        "received_at": z(received),
        "session_id": f"s-{name}",
        "visitor_id": f"v-{name}",
        "event_type": "view_item",
        "sku": "SKU-1",
        "order_id": None,
        "device": "mobile",
        "referrer": None,
        "user_agent": "Mozilla/5.0",
    } | fields


def keep(root, *events):
    """Add events to the files of the hours in which they were received."""
    hours = defaultdict(list)
    for each in events:
        hours[datetime.fromisoformat(each["received_at"])].append(
            json.dumps(each).encode() + b"\n"
        )
    for moment, lines in sorted(hours.items()):
        keep_raw(
            root,
            moment,
            b"".join(lines),
        )


def keep_raw(root, moment, text):
    """Add a text to the file of an hour, as it is."""
    root.mkdir(exist_ok=True)
    with (root / f"{moment:%Y-%m-%dT%H}.ndjson").open("ab") as file:
        file.write(text)


def at(hours, day=DAY):
    """An instant of the day."""
    return day.start + timedelta(hours=hours)


def connect(patch, host, **fields):
    """Let the connection lead to `host`."""
    settings.connect(patch, "web_events_api", host, **fields)


def older(folder, day=DAY):
    """Read a day as a backfill does."""
    uri = f"file://{folder}/staging/{day}"
    return WEB_EVENTS.extract(
        ReadWindow(
            "web_events",
            day,
            day.start,
            day.shifted(LATE_DAYS).end,
            uri,
        )
    )


def newest(folder, since, now):
    """Read all that was received from `since` to `now`, as the run of the newest day does."""
    uri = f"file://{folder}/staging/newest"
    with time_machine.travel(now, tick=False):
        return WEB_EVENTS.extract(ReadWindow("web_events", DAY, since, None, uri))


def rows(manifest):
    """All rows of all parts, by line number."""
    return read_records(manifest.file("events-*.parquet"), "line_number")


def ids(manifest):
    """The ids of the events that were read."""
    return column_of(rows(manifest), "event_id")
