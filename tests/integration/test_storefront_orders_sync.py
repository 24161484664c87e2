"""The hourly sync and the daily run end in the same tables, in whatever order they come."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from demo.ledger import STOREFRONT, Ledger
from ecommerce.sources import SOURCES
from tests.integration.daily_run import morning_after, run_day
from tests.integration.other_runs import sync

DAY = date(2026, 9, 1)
HOUR = timedelta(hours=1)


def ledger():
    return Ledger(DAY, 2, orders_per_day=40, seed=7)


def noon_after(day=DAY):
    """Six hours after the daily run: the next day is half over."""
    return morning_after(day) + 6 * HOUR


@pytest.mark.parametrize(
    ("order", "mode"),
    [
        pytest.param("daily sync", "66", marks=pytest.mark.nightly),
        pytest.param("sync daily", "11", marks=pytest.mark.nightly),
        pytest.param("sync sync daily sync", "66", marks=pytest.mark.slow),
    ],
)
def test_with_the_daily_run_in_any_order_the_tables_are_the_same(
    order, mode, start_company
):
    company = start_company(mode=mode)
    company.show(ledger().as_of(noon_after()))
    for minutes, run in enumerate(order.split()):
        at = noon_after() + timedelta(minutes=minutes)
        sync(at) if run == "sync" else run_day(DAY, at)
    assert company.differences(company.oracle(run_days=[DAY])) == ""


@pytest.mark.slow
def test_a_trashed_order_leaves_sales_within_the_hour(start_company):
    company = start_company()
    snapshot = ledger().as_of(morning_after(DAY))
    company.show(snapshot)
    run_day(DAY)
    before = _net_sales(company)
    snapshot, trashed = _trashed(snapshot, morning_after(DAY) + HOUR / 2)
    company.show(snapshot)
    sync(morning_after(DAY) + HOUR)
    assert before - _net_sales(company) >= trashed.merchandise > 0
    assert company.differences(company.oracle(run_days=[DAY])) == ""


@pytest.mark.slow
def test_a_day_whose_daily_run_lacked_the_storefront_stays_incomplete(start_company):
    company = start_company()
    company.show(ledger().as_of(morning_after(DAY)))
    run_day(DAY, sources=[source for source in SOURCES if source != STOREFRONT])
    sync(morning_after(DAY) + HOUR)
    (summary,) = [
        row
        for row in company.warehouse()["daily_summary"]
        if row["business_date"] == DAY
    ]
    assert not summary["complete"]
    assert summary["missing_sources"] == [STOREFRONT]


def _net_sales(company):
    rows = company.warehouse()["daily_summary"]
    return next(row["net_sales"] for row in rows if row["business_date"] == DAY)


def _trashed(snapshot, at):
    refunded = {refund.order_id for refund in snapshot.refunds_of(STOREFRONT)}
    order = next(
        order
        for order in snapshot.orders_of(STOREFRONT)
        if order.status == "completed"
        and order.currency == "USD"
        and order.order_id not in refunded
    )
    trashed = replace(order, status="trash", updated_at=at, status_changed_at=at)
    orders = tuple(trashed if each is order else each for each in snapshot.orders)
    return replace(snapshot, orders=orders), order
