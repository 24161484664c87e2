"""The company's former shop: an export of 18 months that joins the days since the move."""

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from demo.ledger import OLD_SHOP, Ledger
from demo.seeders import old_shop, partner_files

MOVED_ON = date(2026, 11, 9)
LEDGER = Ledger(MOVED_ON, 13, orders_per_day=60, old_months=18)
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def sold():
    """All that the old shop sold."""
    return LEDGER.old_shop.orders()


def day_of(order):
    return order.ordered_at.astimezone(NEW_YORK).date()


def orders_of(orders, first, days):
    last = first + timedelta(days=days - 1)
    return [order for order in orders if first <= day_of(order) <= last]


def people(orders):
    return {order.email.strip().lower() for order in orders if order.email}


def test_the_export_has_a_file_per_quarter_that_is_always_the_same(tmp_path):
    small = replace(LEDGER, orders_per_day=6)
    old_shop.fill(tmp_path / "one", small)
    old_shop.fill(tmp_path / "two", replace(small, days=1))
    files = sorted((tmp_path / "one").glob(old_shop.PATTERN))
    names = [file.name for file in files]
    assert names[0] == "orders_2025-Q2.csv.gz"
    assert names[-1] == "orders_2026-Q4.csv.gz"
    assert len(names) == 7
    written = files[0].stat().st_mtime_ns
    for file in files:
        content = file.read_bytes()
        assert content == (tmp_path / "two" / file.name).read_bytes()
        header, *rows = gzip.decompress(content).decode().splitlines()
        assert header == ",".join(partner_files.HEADER)
        assert len(rows) > 30
    old_shop.fill(tmp_path / "one", small)
    assert files[0].stat().st_mtime_ns == written


def test_its_18_months_end_before_the_move_and_join_the_days_since(sold):
    assert {order.channel for order in sold} == {OLD_SHOP}
    assert len({order.order_id for order in sold}) == len(sold)
    assert min(map(day_of, sold)) == date(2025, 6, 1)
    assert max(map(day_of, sold)) == date(2026, 11, 8)
    moved_at = LEDGER.shop.window(MOVED_ON)[0]
    assert all(order.ordered_at < order.updated_at <= moved_at for order in sold)
    live = orders_of(LEDGER.as_of(NOW).orders, MOVED_ON, 12)
    before = orders_of(sold, MOVED_ON - timedelta(days=14), 14)
    assert 0.85 < (len(live) / 12) / (len(before) / 14) < 1.2
    again = len(people(live) & people(sold)) / len(people(live))
    assert 0.3 < again < 0.8
