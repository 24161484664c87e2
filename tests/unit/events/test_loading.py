"""What one run reads from the web events."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core.business_day import BusinessDay, day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.events.loading import window_of
from tests.memory import Remembered

NEW_YORK = "America/New_York"
DAY = day_window(date(2026, 11, 19), NEW_YORK)
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=30)
AHEAD = timedelta(hours=1)
"""How far a visitor's clock may be ahead of the server's."""


def window(
    day: BusinessDay = DAY,
    last_read: datetime | None = None,
    read: bool = False,
    now: datetime = NOW,
) -> ReadWindow:
    memory = Remembered(
        last_read=lambda source: last_read if source == "web_events" else NOW,
        was_read=lambda source, of: read and (source, of) == ("web_events", day.date),
    )
    return window_of(day, "file:///staging/x", memory, now)


def test_the_first_run_reads_its_day_and_what_came_after_it() -> None:
    assert (window().changed_from, window().changed_until) == (DAY.start - AHEAD, None)


def test_the_newest_day_goes_on_where_the_last_read_began_and_a_little_before() -> None:
    last_read = DAY.start + timedelta(hours=6)
    assert window(last_read=last_read).changed_from == last_read - OVERLAP


def test_after_an_outage_what_was_received_meanwhile_is_read() -> None:
    last_read = DAY.start - timedelta(days=3)
    assert window(last_read=last_read).changed_from == last_read - OVERLAP


def test_run_again_the_newest_day_is_read_whole() -> None:
    assert (
        window(last_read=NOW - timedelta(minutes=5), read=True).changed_from
        == DAY.start - AHEAD
    )
    earlier = DAY.start - timedelta(days=1)
    assert window(last_read=earlier, read=True).changed_from == earlier - OVERLAP


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 11, 10), "2026-11-10T04:00", "2026-11-14T05:00"),
        (
            date(2026, 3, 6),
            "2026-03-06T04:00",
            "2026-03-10T04:00",
        ),  # the clocks go forward on the 8th
        (date(2026, 3, 8), "2026-03-08T04:00", "2026-03-12T04:00"),
        (
            date(2026, 11, 1),
            "2026-11-01T03:00",
            "2026-11-05T05:00",
        ),  # and back on 1 November
        (
            date(2026, 11, 18),
            "2026-11-18T04:00",
            "2026-11-22T05:00",
        ),  # which is yet to come
    ],
)
def test_an_older_day_is_read_until_three_days_after_its_end(
    day: date, start: str, end: str
) -> None:
    for last_read in (None, NOW):
        got = window(day_window(day, NEW_YORK), last_read=last_read, read=True)
        assert (
            f"{got.changed_from:%Y-%m-%dT%H:%M}",
            f"{got.changed_until:%Y-%m-%dT%H:%M}",
        ) == (start, end)


def test_the_newest_day_is_the_shops() -> None:
    """Shortly after midnight in Tokyo it is still the day before in New York."""
    now = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)
    assert (
        window(day_window(date(2026, 11, 19), "Asia/Tokyo"), now=now).changed_until
        is None
    )
    assert (
        window(day_window(date(2026, 11, 18), NEW_YORK), now=now).changed_until is None
    )
    assert (
        window(day_window(date(2026, 11, 18), "Asia/Tokyo"), now=now).changed_until
        is not None
    )
