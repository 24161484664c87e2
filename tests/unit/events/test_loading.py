"""What one run reads from the web events."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import EarlierRuns
from ecommerce.events.loading import window_of
from tests.memory import Remembered

NEW_YORK = "America/New_York"
DAY = day_window(date(2026, 11, 19), NEW_YORK)
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=30)
WHOLE = DAY.start - timedelta(hours=1)
"""A visitor's clock may be an hour ahead of the server's."""


def window(day=DAY, last_read=None, read=False, now=NOW):
    """What a run reads when the newest read was `last_read`, and the day was `read` before."""

    def earlier_runs(source, date):
        assert (source, date) == ("web_events", day.date)
        return EarlierRuns(last_read, was_read=read, rejected_orders=[])

    earlier_reads = Remembered(earlier_runs=earlier_runs)
    return window_of(day, "file:///staging/x", earlier_reads, now)


@pytest.mark.parametrize(
    ("last_read", "was_read", "changed_from"),
    [
        (None, False, WHOLE),
        (DAY.start + timedelta(hours=6), False, DAY.start + timedelta(hours=5.5)),
        # After an outage, what was received meanwhile is read.
        (DAY.shifted(-3).start, False, DAY.shifted(-3).start - OVERLAP),
        # Run again, the day is read whole.
        (NOW - timedelta(minutes=5), True, WHOLE),
        (DAY.shifted(-1).start, True, DAY.shifted(-1).start - OVERLAP),
    ],
)
def test_the_newest_day_is_read_since_the_last_read(last_read, was_read, changed_from):
    read = window(last_read=last_read, read=was_read)
    assert read.changed_from == changed_from
    assert read.changed_until is None


@pytest.mark.parametrize("last_read", [None, NOW])
@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        # The clocks go forward on 8 March and back on 1 November.
        ("2026-03-06", "2026-03-06T04:00", "2026-03-10T04:00"),
        ("2026-03-08", "2026-03-08T04:00", "2026-03-12T04:00"),
        ("2026-11-01", "2026-11-01T03:00", "2026-11-05T05:00"),
        ("2026-11-18", "2026-11-18T04:00", "2026-11-22T05:00"),
    ],
)
def test_an_older_day_is_read_until_three_days_after_its_end(
    day, start, end, last_read
):
    older = day_window(date.fromisoformat(day), NEW_YORK)
    read = window(older, last_read=last_read, read=True)
    assert f"{read.changed_from:%Y-%m-%dT%H:%M}" == start
    assert f"{read.changed_until:%Y-%m-%dT%H:%M}" == end


@pytest.mark.parametrize(("timezone", "number"), [("Asia/Tokyo", 19), (NEW_YORK, 18)])
def test_the_newest_day_is_the_shops(timezone, number):
    """Shortly after midnight in Tokyo it is still the day before in New York."""
    now = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    day = day_window(date(2026, 11, number), timezone)
    assert window(day, now=now).changed_until is None
    assert window(day.shifted(-1), now=now).changed_until is not None
