"""Two runs whose loads meet: one commits while the other begins; both end in the tables of the oracle."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from demo.ledger import Ledger
from tests.integration.daily_run import finish, run_day, stage
from tests.integration.meeting import meet
from tests.integration.other_runs import finish_sync, stage_sync

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
NOW = datetime(2026, 9, 4, 16, tzinfo=UTC)
"""Six hours after the run of the newest day: a sync finds orders of the running day."""


@pytest.fixture
def company(start_company):
    company = start_company()
    company.show(Ledger(DAYS[0], len(DAYS) + 1, orders_per_day=20, seed=13).as_of(NOW))
    return company


@pytest.mark.nightly
def test_a_daily_run_and_a_backfill(company, monkeypatch):
    """Only the load itself notices."""
    run_day(DAYS[0], NOW)
    with time_machine.travel(NOW):
        newest = stage(DAYS[2], "newest")
        older = stage(DAYS[1], "older")
        begun = meet(
            monkeypatch, lambda: finish(DAYS[1], "older", older), is_cancelled=False
        )
        finish(DAYS[2], "newest", newest)
    assert len(begun) >= 2, "they did not meet"
    company.assert_oracle(run_days=DAYS)


@pytest.mark.slow
def test_a_daily_run_and_a_sync(company, monkeypatch):
    """BigQuery cancels one."""
    for day in DAYS[:2]:
        run_day(day, NOW)
    with time_machine.travel(NOW):
        newest = stage(DAYS[2], "newest")
        synced = stage_sync(NOW)
        begun = meet(monkeypatch, lambda: finish_sync(NOW, synced), is_cancelled=True)
        finish(DAYS[2], "newest", newest)
    assert len(begun) >= 3, "they did not meet"
    company.assert_oracle(run_days=DAYS)
