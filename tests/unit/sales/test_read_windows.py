"""What one run reads from one source."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.read_windows import (
    window_of_day,
    window_of_reread,
    window_of_sync,
)
from ecommerce.sources import PARTNER_FILES, SALES_DB, STOREFRONT
from ecommerce.storage.staging import DagRun
from tests.memory import Remembered

DAY = day_window(date(2026, 11, 19), "America/New_York")
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
RUN = DagRun("storefront_orders_sync", "scheduled__1")
HALF_AN_HOUR, TWO_HOURS = timedelta(minutes=30), timedelta(hours=2)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", "file:///staging")


def memory(last_read=None):
    return Remembered(
        last_read=lambda _: last_read,
        rejected_orders=lambda source, day: [f"rejected {source} {day}"],
        known_orders=lambda source, day: [f"known {source} {day}"],
    )


@pytest.mark.parametrize(
    ("source", "last_read", "changed_from"),
    [
        (SALES_DB, None, DAY.start - HALF_AN_HOUR),
        # A later read, such as the hourly sync's, does not shorten the day.
        (SALES_DB, DAY.end - TWO_HOURS, DAY.start - HALF_AN_HOUR),
        # After an outage, the changes of the missing days are read.
        (SALES_DB, DAY.shifted(-3).start, DAY.shifted(-3).start - HALF_AN_HOUR),
        (STOREFRONT, None, DAY.start - TWO_HOURS),
        (STOREFRONT, DAY.shifted(-3).start, DAY.shifted(-3).start - TWO_HOURS),
        (PARTNER_FILES, None, DAY.start),  # files have no clock to overlap
        (PARTNER_FILES, DAY.shifted(-3).start, DAY.start),
    ],
)
def test_the_newest_day_reads_all_changes_since_the_last_read(
    source, last_read, changed_from
):
    window = window_of_day(source, DAY, "file:///x", memory(last_read), NOW)
    assert (window.changed_from, window.changed_until) == (changed_from, None)
    assert window.looks_back
    known = [] if source == PARTNER_FILES else [f"rejected {source} 2026-11-19"]
    assert window.known_orders == known


@pytest.mark.parametrize("last_read", [None, NOW, DAY.shifted(-9).start])
def test_an_older_day_reads_only_its_own_window(last_read):
    older = DAY.shifted(-1)
    window = window_of_day(SALES_DB, older, "file:///x", memory(last_read), NOW)
    assert (window.changed_from, window.changed_until) == (older.start, older.end)
    assert window.known_orders == ["rejected sales_db 2026-11-18"]


def test_a_reread_asks_for_the_orders_that_the_warehouse_has_or_rejected():
    window = window_of_reread(STOREFRONT, DAY, RUN, memory(NOW))
    assert (window.changed_from, window.changed_until) == (DAY.start, DAY.end)
    known = ["known storefront 2026-11-19", "rejected storefront 2026-11-19"]
    assert window.known_orders == known


@pytest.mark.parametrize(
    ("last_read", "first_day", "changed_from"),
    [
        (NOW - timedelta(hours=1), "", NOW - timedelta(hours=3)),
        (NOW, "2026-11-01", NOW - TWO_HOURS),
        (None, "", DAY.start),  # yesterday, where nothing was ever read
        (None, "2026-11-01", datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_sync_reads_the_running_day_and_all_changes_since_the_last_read(
    monkeypatch, last_read, first_day, changed_from
):
    monkeypatch.setenv("SYNC_START_DATE", first_day)
    window = window_of_sync(STOREFRONT, RUN, memory(last_read), NOW)
    assert window.day.date == date(2026, 11, 20)
    assert (window.changed_from, window.changed_until) == (changed_from, None)
    assert not window.looks_back, "two weeks are not read again every hour"
