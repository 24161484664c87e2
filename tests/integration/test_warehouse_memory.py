"""What the warehouse remembers of reads and of mailings, asked on a real (emulated) one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ecommerce.sales import mailings
from ecommerce.warehouse import reads

DAY = date(2026, 11, 19)


@pytest.fixture(autouse=True)
def _warehouse(bigquery_emulator, monkeypatch, request):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery_emulator.host)
    monkeypatch.setenv(
        "AIRFLOW_CONN_BIGQUERY",
        '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true, "project": "demo-shop"}}',
    )
    monkeypatch.setenv("BIGQUERY_DATASET", f"audit_{request.node.name}")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")


def test_no_read_before_the_first():
    assert reads.last_read("sales_db") is None


def test_a_day_was_read_where_a_run_for_it_read_without_upper_bound():
    warehouse = reads._warehouse()
    read, bound = "TIMESTAMP '2026-11-20 11:00:00+00'", "TIMESTAMP '2026-11-23 05:00:00+00'"
    rows = (
        f"(DATE '2026-11-19', 'web_events', 'live', {read}, {read}, 'success')",
        f"(DATE '2026-11-18', 'web_events', 'backfill', {read}, {bound}, 'success')",
        f"(DATE '2026-11-17', 'web_events', 'broken', {read}, {read}, 'failed')",
        "(DATE '2026-11-17', 'web_events', 'absent', NULL, NULL, 'failed')",
        f"(DATE '2026-11-16', 'sales_db', 'another', {read}, {read}, 'success')",
    )
    warehouse.run(
        f"INSERT INTO `{warehouse.client.project}.{warehouse.settings.bigquery_dataset}.load_audit` "
        f"(business_date, source, run_id, read_at, window_end, status) VALUES {', '.join(rows)}",
        "the test's reads",
    )
    days = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]
    assert [day.day for day in days if reads.was_read("web_events", day)] == [19]


def test_delivery_is_claimed_again_until_it_is_marked():
    claim = (DAY, "hash", "<id@example.com>", datetime.now(UTC))
    assert mailings.claim_delivery(*claim)
    assert mailings.claim_delivery(*claim)
    mailings.mark_delivered(DAY, "hash")
    assert not mailings.claim_delivery(*claim)
    assert [row["state"] for row in mailings.deliveries(DAY)] == ["sent"]


def test_other_figures_of_the_same_day_are_another_delivery():
    now = datetime.now(UTC)
    mailings.claim_delivery(DAY, "first", "<first@example.com>", now)
    mailings.mark_delivered(DAY, "first")
    assert mailings.claim_delivery(DAY, "second", "<second@example.com>", now)
    assert {row["message_id"] for row in mailings.deliveries(DAY)} == {
        "<first@example.com>",
        "<second@example.com>",
    }


def test_refunds_and_files_never_seen_are_not_known():
    assert reads.known_refunds(["1", "2"]).num_rows == 0
    assert reads.known_refunds([]).num_rows == 0
    assert reads.loaded_files(["north_2026-11-19.csv"], ["1"]) == {}


def test_files_are_known_by_name_and_by_the_orders_they_hold(monkeypatch):
    warehouse = reads._warehouse()
    warehouse.run(
        f"INSERT INTO `{warehouse.client.project}.{warehouse.settings.bigquery_dataset}.loaded_files` "
        "(file, source, sha256, business_date, run_id, received_at, order_ids) VALUES "
        "('a.csv', 'partner_files', 'aa', DATE '2026-11-19', 'r', TIMESTAMP '2026-11-20 04:00:00+00', "
        "['1', '2', '3']), "
        "('b.csv', 'partner_files', 'bb', DATE '2020-11-19', 'r', TIMESTAMP '2020-11-20 04:00:00+00', "
        "['3', '4']), "
        "('c.csv', 'partner_files', 'cc', DATE '2020-11-19', 'r', TIMESTAMP '2020-11-20 04:00:00+00', [])",
        "the test's files",
    )

    def known(*arguments):
        return {name: sorted(file.order_ids) for name, file in reads.loaded_files(*arguments).items()}

    assert known(["c.csv", "d.csv"]) == {"c.csv": []}
    assert known([], ["9"]) == {}
    monkeypatch.setattr(reads, "IDS_PER_QUERY", 2)
    assert known(["b.csv"], ["1", "5", "3"]) == {"a.csv": ["1", "3"], "b.csv": ["3", "4"]}
    assert reads.loaded_files([], ["4"])["b.csv"].sha256 == "bb"
