"""What one run reads from one source."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.read_windows import window_of_day, window_of_sync
from ecommerce.sources import PARTNER_FILES, SALES_DB, STOREFRONT
from ecommerce.storage.staging import DagRun
from tests.memory import Remembered

DAY = day_window(date(2026, 11, 19), "America/New_York")
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def window(source=SALES_DB, day=DAY, last_read=None, now=NOW):
    memory = Remembered(last_read=lambda _: last_read)
    return window_of_day(source, day, "file:///staging/x", memory, now)


def test_newest_day_reads_without_upper_bound():
    assert window().changed_until is None


def test_newest_day_reads_changes_since_its_own_start_even_after_a_later_read():
    read_at = DAY.end - timedelta(hours=1)
    assert window(last_read=read_at).changed_from == DAY.start - timedelta(minutes=30)


def test_after_an_outage_the_changes_of_the_missing_days_are_read():
    three_days_ago = DAY.start - timedelta(days=3)
    assert window(last_read=three_days_ago).changed_from == three_days_ago - timedelta(
        minutes=30
    )


def test_storefront_overlaps_two_hours_for_modified_dates_that_are_an_hour_early():
    assert window(STOREFRONT).changed_from == DAY.start - timedelta(hours=2)


def test_files_have_no_clock_to_overlap():
    assert window(PARTNER_FILES).changed_from == DAY.start


def test_older_day_reads_only_its_own_window():
    older = DAY.shifted(-3)
    got = window(day=older, last_read=NOW)
    assert (got.changed_from, got.changed_until) == (older.start, older.end)


class TestSync:
    @pytest.fixture(autouse=True)
    def _settings(self, monkeypatch):
        monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
        monkeypatch.setenv("STAGING_URI", "file:///staging")

    def sync(self, last_read=None, now=NOW):
        run = DagRun("storefront_orders_sync", "scheduled__1")
        return window_of_sync(
            STOREFRONT, run, Remembered(last_read=lambda _: last_read), now
        )

    def test_reads_the_running_day_and_all_changes_since_the_last_read_less_two_hours(
        self,
    ):
        last_read = NOW - timedelta(hours=1)
        window = self.sync(last_read)
        assert (window.day.date, window.changed_until) == (date(2026, 11, 20), None)
        assert window.changed_from == last_read - timedelta(hours=2)

    def test_does_not_read_two_weeks_again_every_hour(self):
        assert not self.sync().looks_back

    def test_begins_yesterday_where_nothing_was_ever_read(self):
        assert self.sync().changed_from == DAY.start

    def test_begins_on_the_configured_day_where_nothing_was_ever_read(
        self, monkeypatch
    ):
        monkeypatch.setenv("SYNC_START_DATE", "2026-11-01")
        assert self.sync().changed_from == datetime(2026, 11, 1, 4, tzinfo=UTC)
        assert self.sync(NOW).changed_from == NOW - timedelta(hours=2)


def test_a_run_reads_the_rejected_orders_of_its_day_again_where_the_source_can_be_asked_for_orders():
    memory = Remembered(rejected_orders=lambda source, day: [f"{source} {day}"])
    older = day_window(date(2026, 11, 17), "America/New_York")
    known = {
        source: [
            window_of_day(source, day, "file:///staging/x", memory, NOW).known_orders
            for day in (DAY, older)
        ]
        for source in (SALES_DB, STOREFRONT, PARTNER_FILES)
    }
    assert known == {
        SALES_DB: [["sales_db 2026-11-19"], ["sales_db 2026-11-17"]],
        STOREFRONT: [["storefront 2026-11-19"], ["storefront 2026-11-17"]],
        PARTNER_FILES: [[], []],
    }
