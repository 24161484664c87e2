"""What the warehouse remembers of reads, queried on a real (emulated) one."""

import uuid
from datetime import UTC, date, datetime

import pytest

from ecommerce.core.read_window import EarlierRuns
from ecommerce.warehouse import load_history
from tests.integration.warehouse.conftest import open_shop
from tests.settings import lower

DAY = date(2026, 11, 19)
READS = """
(business_date, source, run_id, read_at, window_end, status) VALUES
('2026-11-19', 'web_events', 'live', '2026-11-20 11:00:00+00', '2026-11-20 11:00:00+00', 'success'),
('2026-11-18', 'web_events', 'backfill', '2026-11-20 11:00:00+00', '2026-11-23 05:00:00+00', 'success'),
('2026-11-17', 'web_events', 'broken', '2026-11-21 11:00:00+00', '2026-11-21 11:00:00+00', 'failed'),
('2026-11-17', 'web_events', 'absent', NULL, NULL, 'failed'),
('2026-11-16', 'sales_db', 'another', '2026-11-20 11:00:00+00', '2026-11-20 11:00:00+00', 'success')
"""
REJECTED = """
(business_date, source, run_id, row_number, reason, order_id) VALUES
('2026-11-19', 'storefront', 'r', 1, 'invalid_quantity', '3'),
('2026-11-19', 'storefront', 'r', 2, 'invalid_quantity', '1'),
('2026-11-19', 'storefront', 'r', 3, 'missing_value', '3'),
('2026-11-19', 'storefront', 'r', 4, 'missing_value', NULL),
('2026-11-19', 'sales_db', 'r', 1, 'invalid_quantity', '2'),
('2026-11-18', 'storefront', 'r', 1, 'invalid_quantity', '4')
"""
ZEROS = "0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0, NULL, 0, 0, TRUE"
FILES = """
(file, source, sha256, business_date, run_id, received_at, order_ids) VALUES
('a.csv', 'partner_files', 'aa', '2026-11-19', 'r', '2026-11-20 04:00:00+00', ['1', '2', '3']),
('b.csv', 'partner_files', 'bb', '2020-11-19', 'r', '2020-11-20 04:00:00+00', ['3', '4']),
('c.csv', 'partner_files', 'cc', '2020-11-19', 'r', '2020-11-20 04:00:00+00', [])
"""


@pytest.fixture(autouse=True)
def shop(bigquery_emulator, lend_dataset, monkeypatch, tmp_path):
    with lend_dataset() as dataset:
        yield open_shop(bigquery_emulator, monkeypatch, tmp_path, dataset)


def test_who_asks_first_makes_the_tables(monkeypatch):
    monkeypatch.setenv("BIGQUERY_DATASET", f"first_{uuid.uuid4().hex[:8]}")
    assert load_history.known_orders("storefront", DAY) == []


def test_a_day_was_read_where_a_run_for_it_read_without_upper_bound(shop):
    shop.sql(f"INSERT INTO sales.load_audit {READS}")
    shop.sql(f"INSERT INTO sales.rejected_rows {REJECTED}")
    never_read = EarlierRuns(None, was_read=False, rejected_orders=["1", "3"])
    assert load_history.earlier_runs("storefront", DAY) == never_read
    days = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]
    runs = {day.day: load_history.earlier_runs("web_events", day) for day in days}
    assert [number for number, run in runs.items() if run.was_read] == [19]
    newest = datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert {run.last_read for run in runs.values()} == {newest}
    for day, missing in ((17, []), (18, []), (19, ["web_events"])):
        summary = f"('2026-11-{day}', {ZEROS}, {missing}, [])"
        shop.sql(f"INSERT INTO sales.daily_summary VALUES {summary}")
    assert load_history.read_days(
        "web_events",
        days[0],
        days[-1],
    ) == [days[2]]


def test_files_are_known_by_name_and_by_the_orders_they_hold(shop, monkeypatch):
    shop.sql(f"INSERT INTO sales.loaded_files {FILES}")

    def known(*arguments):
        files = load_history.loaded_files("partner_files", *arguments)
        return {name: sorted(file.order_ids) for name, file in files.items()}

    assert known(["c.csv", "d.csv"]) == {"c.csv": []}
    assert known([], ["9"]) == {}
    assert load_history.delivered_files("partner_files", DAY) == ["a.csv"]
    lower(monkeypatch, load_history, IDS_PER_QUERY=2)
    by_orders = known(["b.csv"], ["1", "5", "3"])
    assert by_orders == {
        "a.csv": ["1", "3"],
        "b.csv": ["3", "4"],
    }
    files = load_history.loaded_files("partner_files", [], ["4"])
    assert files["b.csv"].sha256 == "bb"
