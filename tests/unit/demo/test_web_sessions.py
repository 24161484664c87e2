"""The website's events are always the same, and fit the orders of the storefront."""

from datetime import UTC, date, datetime, timedelta

import pytest

from demo.ledger import Ledger
from demo.seeders import web_events

MOVED_ON = date(2026, 11, 9)
LEDGER = Ledger(MOVED_ON, 10, old_months=1)
NOW = datetime(
    2026,
    11,
    18,
    7,
    30,
    tzinfo=UTC,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What was received until `NOW`."""
    folder = tmp_path_factory.mktemp("events")
    web_events.fill(folder, LEDGER, NOW)
    return folder


def test_hours_that_are_over_are_left_alone_and_the_files_are_the_same(
    folder, tmp_path
):
    earlier = NOW - timedelta(days=2, minutes=17)
    for at in (earlier, NOW - timedelta(minutes=40), NOW):
        web_events.fill(tmp_path, LEDGER, at)
    assert len(list(tmp_path.iterdir())) == len(list(folder.iterdir()))
    for file in folder.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    untouched = tmp_path / "2026-11-12T10.ndjson"
    assert untouched.stat().st_mtime == earlier.timestamp()
