"""Whole days through the whole pipeline: after runs that read everything, the warehouse equals the oracle."""

from datetime import date, timedelta

import pytest

from demo.ledger import Ledger
from tests import oracle_report, oracle_wording
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, report_of, run_day

FIRST_DAY = date(2026, 9, 1)  # a Tuesday


def ledger(
    days: int, first_day: date = FIRST_DAY, timezone: str = "America/New_York"
) -> Ledger:
    return Ledger(first_day, days, orders_per_day=40, seed=7, timezone=timezone)


def live(company: Company, told: Ledger, day: date) -> None:
    """Let the morning after `day` come: the systems show what is known then, and the run begins."""
    company.show(told.as_of(morning_after(day)))
    run_day(day)


@pytest.mark.parametrize("days", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_day_after_day_and_again(days, start_company, tmp_path):
    company, told = start_company(mode="11"), ledger(days)
    for number, day in enumerate(told.business_days, start=1):
        live(company, told, day)
        assert (
            company.differences(company.oracle(run_days=told.business_days[:number]))
            == ""
        )
    expected = company.oracle(run_days=told.business_days)
    reports = {day: report_of(day, "test") for day in told.business_days}
    for figures in reports.values():
        assert oracle_report.differences(expected, figures) == []
    for day in told.business_days[
        3 - days :
    ]:  # of two days the second, which has one to be compared with
        assert oracle_wording.lacking(expected, reports[day], tmp_path / str(day)) == []
    # The last run once more under its own name; then an older day, which reads its orders as they are now.
    run_day(told.business_days[-1])
    run_day(told.business_days[0], morning_after(told.business_days[-1]))
    assert company.differences(company.oracle(run_days=told.business_days)) == ""


@pytest.mark.parametrize(
    ("timezone", "currency", "day", "hours"),
    [
        pytest.param(
            "America/New_York", "USD", date(2026, 3, 8), 23, marks=pytest.mark.slow
        ),
        pytest.param(
            "America/New_York", "USD", date(2025, 11, 2), 25, marks=pytest.mark.slow
        ),
        pytest.param(
            "Europe/Berlin", "EUR", date(2026, 3, 29), 23, marks=pytest.mark.slow
        ),
        ("Europe/Berlin", "EUR", date(2026, 10, 25), 25),
    ],
)
def test_days_on_which_the_clocks_change(timezone, currency, day, hours, start_company):
    company, told = (
        start_company(timezone=timezone, currency=currency),
        ledger(2, day, timezone),
    )
    live(company, told, day)
    expected = company.oracle(run_days=[day])
    instants = [
        row["ordered_at"] for row in expected.orders if row["business_date"] == day
    ]
    assert max(instants) - min(instants) == timedelta(hours=hours) - timedelta(
        seconds=1
    )
    assert company.differences(expected) == ""


@pytest.mark.slow
def test_a_day_read_in_pieces_ends_in_the_same_tables(start_company):
    company, told = start_company(), ledger(2)
    for hours in (
        -5,
        8,
        19,
        26,
    ):  # around the first morning: one in the night, noon, midnight, and the next one
        instant = morning_after(FIRST_DAY) + timedelta(hours=hours)
        company.show(told.as_of(instant))
        run_day((instant - timedelta(days=1)).date(), instant)
    assert company.differences(company.oracle(run_days=told.business_days)) == ""


@pytest.mark.slow
def test_days_in_any_order_end_in_the_same_tables(start_company):
    """The newest first, then a range in two parts that overlap."""
    company, told = start_company(mode="66"), ledger(3)
    now = morning_after(told.business_days[-1])
    company.show(told.as_of(now))
    for minutes, number in enumerate((2, 0, 1, 1)):
        run_day(told.business_days[number], now + timedelta(minutes=minutes))
    assert company.differences(company.oracle(run_days=told.business_days)) == ""


def test_after_three_days_without_scheduler_nothing_is_lost(start_company):
    company, told = start_company(mode="66"), ledger(5)
    first, last = told.business_days[0], told.business_days[-1]
    for day in (first, last):
        live(company, told, day)
    expected = company.oracle(run_days=[first, last])
    incomplete = {
        row["business_date"] for row in expected.daily_summary if not row["complete"]
    }
    assert set(told.business_days[1:4]) <= incomplete
    assert company.differences(expected) == ""
