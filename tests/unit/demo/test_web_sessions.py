"""The website's events are always the same, and fit the orders of the storefront."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from demo.ledger import STOREFRONT, Ledger
from demo.ledger.web_sessions import OUTAGE_AFTER, PURCHASE
from demo.seeders import web_events

MOVED_ON = date(2026, 11, 9)
LEDGER = Ledger(MOVED_ON, 10, old_months=1)
NOW = datetime(2026, 11, 18, 7, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo(LEDGER.timezone)
OUTAGE = MOVED_ON + OUTAGE_AFTER


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What was received until `NOW`."""
    folder = tmp_path_factory.mktemp("events")
    web_events.fill(folder, LEDGER, NOW)
    return folder


@pytest.fixture(scope="module")
def events(folder):
    """The valid events, in the order of their receipt."""
    found = []
    for file in sorted(folder.iterdir()):
        times = []
        for line in file.read_text().splitlines():
            event = (
                json.loads(line) if line.startswith("{") and line.endswith("}") else {}
            )
            if event.get("received_at"):
                times.append(event["received_at"])
                found.append(event)
        assert times == sorted(times)
        assert all(time.startswith(file.stem) for time in times)
    return found


def test_hours_that_are_over_are_left_alone_and_the_files_are_the_same(
    folder, tmp_path
):
    earlier = NOW - timedelta(days=2, minutes=17)
    for at in (earlier, NOW - timedelta(minutes=40), NOW):
        web_events.fill(tmp_path, LEDGER, at)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert files == {file.name: file.read_bytes() for file in folder.iterdir()}
    untouched = tmp_path / "2026-11-12T10.ndjson"
    assert untouched.stat().st_mtime == earlier.timestamp()


def test_nearly_every_order_is_seen_except_where_tracking_broke(events):
    bought = {event["order_id"] for event in events if event["event_type"] == PURCHASE}
    sold = defaultdict(set)
    for history in LEDGER.histories:
        order = history.versions[0]
        if order.channel == STOREFRONT:
            sold[order.ordered_at.astimezone(NEW_YORK).date()].add(order.order_id)
    for day in LEDGER.business_days[:-1]:
        share = len(sold[day] & bought) / len(sold[day])
        assert share < 0.8 if day == OUTAGE else share > 0.85, day
    assert bought <= set().union(*sold.values())
