"""Two runs whose loads meet: one commits while the other begins; both end in the tables of the oracle."""

from datetime import date, timedelta

import pytest
import time_machine
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from demo.ledger import Ledger
from ecommerce.warehouse import load as load_module
from tests.integration.daily_run import finish, morning_after, run_day, stage
from tests.integration.other_runs import finish_sync, stage_sync

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
LOST = BadRequest(
    "Transaction is aborted due to concurrent update against table demo-shop:sales.orders",
    errors=[{"reason": "invalidQuery"}],
)
CANCELLED, UNNOTICED = "BigQuery cancels one", "only the load itself notices"
MEETINGS = [
    pytest.param(
        DAYS[2],
        DAYS[1],
        UNNOTICED,
        id="daily run and backfill",
        marks=pytest.mark.nightly,
    ),
    pytest.param(
        DAYS[2],
        None,
        CANCELLED,
        id="daily run and sync",
        marks=pytest.mark.slow,
    ),
]
"""Which runs meet (their business days, None for an hourly sync), and who sees it."""


def begin(day, number, at):
    """Extract and transform; what loads it."""
    if day is None:
        moment = at + timedelta(minutes=number)
        staged = stage_sync(moment)
        return lambda: finish_sync(moment, staged)
    run_id = f"run_{number}"
    manifests = stage(day, run_id)
    return lambda: finish(day, run_id, manifests)


def meet(monkeypatch, other, *, cancelled):
    """Let `other` commit when the next load begins its transaction; the ids of the transactions begun."""
    query, begun = bigquery.Client.query, []

    def interfering(self, sql, **options):
        if "BEGIN TRANSACTION" in sql:
            begun.append(options["job_id"])
            if len(begun) == 1:
                other()
                if cancelled:
                    raise LOST
        return query(self, sql, **options)

    monkeypatch.setattr(bigquery.Client, "query", interfering)
    return begun


@pytest.mark.parametrize(("first_day", "second_day", "seen"), MEETINGS)
def test_end_in_the_tables_of_the_oracle(
    first_day, second_day, seen, start_company, monkeypatch
):
    days = [first_day, second_day]
    company = start_company()
    now = morning_after(DAYS[-1]) + timedelta(
        hours=6
    )  # a sync finds orders of the running day
    company.show(Ledger(DAYS[0], len(DAYS) + 1, orders_per_day=20, seed=13).as_of(now))
    for day in DAYS:
        if day not in days:
            run_day(day, now)
    monkeypatch.setattr(load_module._load_staged.retry, "sleep", lambda _: None)
    with time_machine.travel(now):
        first, second = (begin(day, number, now) for number, day in enumerate(days))
        begun = meet(monkeypatch, second, cancelled=seen == CANCELLED)
        first()
    assert len(begun) >= (3 if seen == CANCELLED else 2), "they did not meet"
    assert company.differences(company.oracle(run_days=DAYS)) == ""
