"""What one run reads from one source."""

from datetime import UTC, date, datetime

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.read_windows import (
    window_of_day,
    window_of_reread,
    window_of_sync,
)
from ecommerce.sources import PARTNER_FILES, SALES_DB, SOURCES, STOREFRONT
from ecommerce.storage.staging import DagRun
from tests.memory import Remembered
from tests.unit.sales.tables import cells

DAY = day_window(date(2026, 11, 19), "America/New_York")
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
RUN = DagRun("storefront_orders_sync", "scheduled__1")


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("STAGING_URI", "file:///staging")


def earlier_reads(last_read=None):
    return Remembered(
        last_read=lambda _: last_read,
        rejected_orders=lambda source, day: [f"rejected {source} {day}"],
        known_orders=lambda source, day: [f"known {source} {day}"],
    )


# 19 November begins at 05:00 UTC in the shop.
NEWEST = """
source        | last_read         | changed_from      | # why
sales_db      |                   | 2026-11-19T04:30Z |
sales_db      | 2026-11-20T03:00Z | 2026-11-19T04:30Z | a later read, such as a sync's, shortens no day
sales_db      | 2026-11-16T05:00Z | 2026-11-16T04:30Z | after an outage, missing days are read
storefront    |                   | 2026-11-19T03:00Z |
storefront    | 2026-11-16T05:00Z | 2026-11-16T03:00Z |
partner_files |                   | 2026-11-19T05:00Z | files have no clock to overlap
partner_files | 2026-11-16T05:00Z | 2026-11-19T05:00Z |
"""


def instant(text):
    return datetime.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    "case", cells(NEWEST), ids=lambda case: " ".join(case.values())
)
def test_the_newest_day_reads_all_changes_since_the_last_read(case):
    source = SOURCES[case["source"]]
    last_read = instant(case["last_read"])
    window = window_of_day(source, DAY, RUN, earlier_reads(last_read), NOW)
    assert window.changed_from == instant(case["changed_from"])
    assert window.changed_until is None
    assert window.looks_back
    known = [] if source == PARTNER_FILES else [f"rejected {source.name} 2026-11-19"]
    assert window.also_read == known


@pytest.mark.parametrize("last_read", [None, NOW, DAY.shifted(-9).start])
def test_an_older_day_reads_only_its_own_window(last_read):
    older = DAY.shifted(-1)
    window = window_of_day(SALES_DB, older, RUN, earlier_reads(last_read), NOW)
    assert (window.changed_from, window.changed_until) == (older.start, older.end)
    assert window.also_read == ["rejected sales_db 2026-11-18"]


def test_a_reread_asks_for_the_orders_that_the_warehouse_has_or_rejected():
    window = window_of_reread(STOREFRONT, DAY, RUN, earlier_reads(NOW))
    assert (window.changed_from, window.changed_until) == (DAY.start, DAY.end)
    known = ["known storefront 2026-11-19", "rejected storefront 2026-11-19"]
    assert window.also_read == known


SYNCS = """
last_read         | first_day  | changed_from      | # why
2026-11-20T10:00Z |            | 2026-11-20T08:00Z |
2026-11-20T11:00Z | 2026-11-01 | 2026-11-20T09:00Z |
                  |            | 2026-11-19T05:00Z | yesterday, where nothing was ever read
                  | 2026-11-01 | 2026-11-01T04:00Z |
"""


@pytest.mark.parametrize("case", cells(SYNCS), ids=lambda case: " ".join(case.values()))
def test_a_sync_reads_the_running_day_and_all_changes_since_the_last_read(
    monkeypatch, case
):
    monkeypatch.setenv("SYNC_START_DATE", case["first_day"])
    last_read = instant(case["last_read"])
    window = window_of_sync(STOREFRONT, RUN, earlier_reads(last_read), NOW)
    assert window.day.date == date(2026, 11, 20)
    assert window.changed_from == instant(case["changed_from"])
    assert window.changed_until is None
    assert not window.looks_back, "two weeks are not read again every hour"
