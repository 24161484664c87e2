"""Whole days through the whole pipeline: after runs that read everything, the warehouse equals the oracle."""

from datetime import date, timedelta

import pytest

from demo.ledger import Ledger
from tests import oracle_report
from tests.integration.daily_run import morning_after, report_of, run_day
from tests.rows import column_of

FIRST_DAY = date(2026, 9, 1)  # a Tuesday


def ledger(days, first_day=FIRST_DAY, timezone="America/New_York"):
    return Ledger(
        first_day,
        days,
        orders_per_day=40,
        seed=7,
        timezone=timezone,
    )


def live(company, books, day):
    """Let the morning after `day` come: the systems show what is known then, and the run begins."""
    company.show(books.as_of(morning_after(day)))
    run_day(day)


def test_day_after_day_and_again(start_company):
    company = start_company(mode="11")
    books = ledger(2)
    first, second = books.business_days
    live(company, books, first)
    company.assert_oracle(run_days=[first])
    live(company, books, second)
    expected = company.oracle(run_days=[first, second])
    assert company.differences(expected) == ""
    for day in (first, second):
        assert oracle_report.differences(expected, report_of(day, "test")) == []
    run_day(second)  # once more under its own name
    company.assert_oracle(run_days=[first, second])


@pytest.mark.slow
def test_a_day_on_which_the_clocks_change(start_company):
    company = start_company(timezone="Europe/Berlin", currency="EUR")
    day = date(2026, 10, 25)
    live(
        company,
        ledger(2, day, company.timezone),
        day,
    )
    expected = company.oracle(run_days=[day])
    orders = [row for row in expected.orders if row["business_date"] == day]
    instants = column_of(orders, "ordered_at")
    whole = timedelta(hours=25) - timedelta(seconds=1)
    assert max(instants) - min(instants) == whole
    assert company.differences(expected) == ""


@pytest.mark.nightly
def test_a_day_read_in_pieces_ends_in_the_same_tables(start_company):
    company = start_company()
    books = ledger(2)
    # Around the first morning: one in the night, noon, midnight, and the next one.
    for hours in (-5, 8, 19, 26):
        instant = morning_after(FIRST_DAY) + timedelta(hours=hours)
        company.show(books.as_of(instant))
        run_day((instant - timedelta(days=1)).date(), instant)
    company.assert_oracle(run_days=books.business_days)


@pytest.mark.nightly
def test_after_three_days_without_scheduler_the_command_of_the_report_fills_them(
    start_company,
):
    company = start_company()
    books = ledger(5)
    first, *down, last = books.business_days
    live(company, books, first)
    live(company, books, last)
    company.assert_oracle(run_days=[first, last])
    quality = report_of(last, "up again").quality
    assert quality.fill_command == f"make backfill FROM={down[0]} TO={down[-1]}"

    run_day(
        down[0],
        morning_after(last),
        last=down[-1],
    )
    company.assert_oracle(run_days=books.business_days)
    assert report_of(last, "up again").quality.missing_days == []
