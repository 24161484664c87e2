"""What becomes known later ends on its right day: the ledger's own corrections, refunds and files, and some
staged ones."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine

from demo.ledger import (
    PARTNERS,
    SALES_DB,
    HeldFile,
    LateRefund,
    Ledger,
    SilentChange,
)
from tests import oracle_report
from tests.integration.corrections import plain_orders, replaced
from tests.integration.daily_run import morning_after, report_of, run_day
from tests.integration.other_runs import reconcile

pytestmark = pytest.mark.slow

START = date(2026, 9, 1)
TRADED = 4
HOUR = timedelta(hours=1)
RUN = (0, 1, 2, 3, 5, 9)
"""The days that are run, by number."""


def day(number):
    return START + timedelta(days=number)


def before_run_of(number):
    """An hour before the run of that day begins."""
    return morning_after(day(number)) - HOUR


def shown(books, at):
    """What the systems show at an instant: no rate of the dollar is known before the second run, and an order
    of the second day is moved to the first one before the third."""
    snapshot = books.as_of(at)
    if at < morning_after(day(1)):
        rates = [rate for rate in snapshot.rates if rate.currency != "USD"]
        return replace(snapshot, rates=tuple(rates))
    corrected = before_run_of(2)
    if at < corrected:
        return snapshot
    candidates = plain_orders(books.as_of(corrected), SALES_DB)
    moved = next(each for each in candidates if each.ordered_at > morning_after(day(0)))
    [order] = [each for each in snapshot.orders if each.order_id == moved.order_id]
    dates = {
        "ordered_at": moved.ordered_at - 24 * HOUR,
        "updated_at": max(order.updated_at, corrected),
    }
    return replaced(snapshot, order, **dates)


def test_after_every_run_tables_and_report_have_the_truth_of_then(start_company):
    company = start_company(mode="11")
    held = HeldFile(PARTNERS[0], day(1), before_run_of(3))
    refunds = (
        LateRefund(day(0), before_run_of(2)),
        LateRefund(day(1), before_run_of(9)),
    )
    unseen = SilentChange(day(1), morning_after(day(2)) + HOUR)
    books = Ledger(
        START,
        TRADED,
        # So few that a day without orders is no reason to doubt a source.
        orders_per_day=18,
        # Orders are edited, cancelled and trashed after their day, and a file comes again without one.
        seed=67,
        held_files=(held,),
        late_refunds=refunds,
        silent_changes=(unseen,),
    )
    for number in RUN:
        at = morning_after(day(number))
        company.show(shown(books, at))
        run_id = f"test__{day(number)}"
        run_day(day(number), run_id=run_id)
        oracle = company.oracle(run_days=[day(each) for each in RUN if each <= number])
        assert company.differences(oracle) == "", number
        with time_machine.travel(at + HOUR / 2):
            report = report_of(day(number), run_id)
        assert oracle_report.differences(oracle, report) == [], number
        if number == 2:
            noon = at + 4 * HOUR
            company.show(shown(books, noon))
            reconcile(noon)
