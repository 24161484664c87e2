"""The website's events are always the same, and fit the orders of the storefront."""

from datetime import UTC, date, datetime, timedelta

from demo.ledger import Ledger
from demo.seeders import web_events

LEDGER = Ledger(date(2026, 11, 9), 10, old_months=1)
NOW = datetime(2026, 11, 18, 7, 30, tzinfo=UTC)


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_hours_that_are_over_are_left_alone_and_the_files_are_the_same(tmp_path):
    web_events.fill(tmp_path / "at once", LEDGER, NOW)
    earlier = NOW - timedelta(days=2, minutes=17)
    in_steps = tmp_path / "in steps"
    for at in (earlier, NOW - timedelta(minutes=40), NOW):
        web_events.fill(in_steps, LEDGER, at)
    assert contents(in_steps) == contents(tmp_path / "at once")
    untouched = in_steps / "2026-11-12T10.ndjson"
    assert untouched.stat().st_mtime == earlier.timestamp()
