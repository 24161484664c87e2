"""What one run reads from one source."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from ecommerce.core.business_day import closed_days, day_window
from ecommerce.core.read_window import EarlierRuns
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


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("STAGING_URI", "file:///staging")


def earlier_reads(last_read=None):
    if isinstance(last_read, str):
        last_read = datetime.fromisoformat(last_read)
    return Remembered(
        earlier_runs=lambda source, day: EarlierRuns(
            last_read, was_read=True, rejected_orders=[f"rejected {source} {day}"]
        ),
        known_orders=lambda source, day: [f"known {source} {day}"],
    )


def window_of(day, last_read, source=SALES_DB):
    return window_of_day(source.source(), day, RUN, earlier_reads(last_read), NOW)


@pytest.mark.parametrize(
    ("source", "last_read", "changed_from"),
    [
        # 19 November begins at 05:00 UTC in the shop.
        (SALES_DB, None, "2026-11-19T04:30Z"),
        # A later read, such as a sync's, shortens no day.
        (SALES_DB, "2026-11-20T03:00Z", "2026-11-19T04:30Z"),
        # After an outage, missing days are read.
        (SALES_DB, "2026-11-16T05:00Z", "2026-11-16T04:30Z"),
        (STOREFRONT, None, "2026-11-19T03:00Z"),
        (STOREFRONT, "2026-11-16T05:00Z", "2026-11-16T03:00Z"),
        # Files have no clock to overlap.
        (PARTNER_FILES, None, "2026-11-19T05:00Z"),
        (PARTNER_FILES, "2026-11-16T05:00Z", "2026-11-19T05:00Z"),
    ],
)
def test_the_newest_day_reads_all_changes_since_the_last_read(
    source, last_read, changed_from
):
    window = window_of(DAY, last_read, source)
    assert window.changed_from == datetime.fromisoformat(changed_from)
    assert window.changed_until is None
    assert window.looks_back
    known = [] if source == PARTNER_FILES else [f"rejected {source.name} 2026-11-19"]
    assert window.also_read == known


@time_machine.travel(NOW)
def test_of_several_days_up_to_the_newest_all_changes_since_the_first_are_read():
    three_days = closed_days(date(2026, 11, 17), date(2026, 11, 19), DAY.timezone)
    window = window_of(three_days, NOW)
    assert window.changed_from == datetime(2026, 11, 17, 4, 30, tzinfo=UTC)
    assert window.changed_until is None
    until = closed_days(date(2026, 11, 17), date(2026, 11, 18), DAY.timezone)
    window = window_of(until, NOW)
    assert (window.changed_from, window.changed_until) == (until.start, until.end)


@pytest.mark.parametrize("last_read", [None, NOW, DAY.shifted(-9).start])
def test_an_older_day_reads_only_its_own_window(last_read):
    older = DAY.shifted(-1)
    window = window_of(older, last_read)
    assert (window.changed_from, window.changed_until) == (older.start, older.end)
    assert window.also_read == ["rejected sales_db 2026-11-18"]


def test_a_reread_asks_for_the_orders_that_the_warehouse_has_or_rejected():
    window = window_of_reread(STOREFRONT.source(), DAY, RUN, earlier_reads(NOW))
    assert (window.changed_from, window.changed_until) == (DAY.start, DAY.end)
    known = ["known storefront 2026-11-19", "rejected storefront 2026-11-19"]
    assert window.also_read == known


@pytest.mark.parametrize(
    ("last_read", "first_day", "changed_from"),
    [
        ("2026-11-20T10:00Z", "", "2026-11-20T08:00Z"),
        ("2026-11-20T11:00Z", "2026-11-01", "2026-11-20T09:00Z"),
        # Yesterday, where nothing was ever read.
        (None, "", "2026-11-19T05:00Z"),
        (None, "2026-11-01", "2026-11-01T04:00Z"),
    ],
)
def test_a_sync_reads_the_running_day_and_all_changes_since_the_last_read(
    monkeypatch, last_read, first_day, changed_from
):
    monkeypatch.setenv("SYNC_START_DATE", first_day)
    window = window_of_sync(STOREFRONT.source(), RUN, earlier_reads(last_read), NOW)
    assert window.day.date == date(2026, 11, 20)
    assert window.changed_from == datetime.fromisoformat(changed_from)
    assert window.changed_until is None
    assert not window.looks_back, "two weeks are not read again every hour"
