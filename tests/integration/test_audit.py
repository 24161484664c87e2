"""What the warehouse remembers, asked on a real (emulated) one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ecommerce.warehouse import audit

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
    assert audit.last_read("sales_db") is None


def test_delivery_is_claimed_again_until_it_is_marked():
    claim = (DAY, "hash", "<id@example.com>", datetime.now(UTC))
    assert audit.claim_delivery(*claim)
    assert audit.claim_delivery(*claim)
    audit.mark_delivered(DAY, "hash")
    assert not audit.claim_delivery(*claim)
    assert [row["state"] for row in audit.deliveries(DAY)] == ["sent"]


def test_other_figures_of_the_same_day_are_another_delivery():
    now = datetime.now(UTC)
    audit.claim_delivery(DAY, "first", "<first@example.com>", now)
    audit.mark_delivered(DAY, "first")
    assert audit.claim_delivery(DAY, "second", "<second@example.com>", now)
    assert {row["message_id"] for row in audit.deliveries(DAY)} == {
        "<first@example.com>",
        "<second@example.com>",
    }


def test_refunds_and_files_never_seen_are_not_known():
    assert audit.known_refunds(["1", "2"]).num_rows == 0
    assert audit.known_refunds([]).num_rows == 0
    assert audit.loaded_files(["north_2026-11-19.csv"]) == {}
