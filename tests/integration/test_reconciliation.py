"""What leaves no trace in a source is found by comparing, and corrected by reading the day again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.ledger import SALES_DB, STOREFRONT, Ledger
from tests.integration.corrections import deleted, plain_orders, without
from tests.integration.daily_run import morning_after, run_day
from tests.integration.other_runs import compare, reconcile

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1), date(2026, 9, 2)]
NOW = datetime(2026, 9, 3, 13, tzinfo=UTC)
LATER = timedelta(hours=2)
MIDNIGHT = datetime(2026, 9, 3, 4, tzinfo=UTC)
"""In New York; what happens later belongs to a day that is still open, and is not compared."""
COUNTED = ("completed", "refunded", "partially_refunded")


def refunded_order(snapshot, channel):
    """An order that counts, all of whose refunds are of closed days."""
    refunds = snapshot.refunds_of(channel)
    is_open = {each.order_id for each in refunds if each.refunded_at >= MIDNIGHT}
    refunded = {each.order_id for each in refunds} - is_open
    for order in snapshot.orders_of(channel):
        if order.order_id in refunded and order.status in COUNTED:
            return order
    raise AssertionError("no refund of a closed day")


def without_refunds(snapshot, order):
    """The refunds of an order are deleted, and nothing says when."""
    kept = [each for each in snapshot.refunds if each.order_id != order.order_id]
    return replace(snapshot, refunds=tuple(kept))


def replaced(snapshot, order, **values):
    """The order has other `values`, and nothing says when."""
    kept = without(snapshot.orders, order.order_id)
    return replace(snapshot, orders=(*kept, replace(order, **values)))


def edited(snapshot, order):
    """Its first line gets a piece more."""
    first, *others = order.lines
    gross = first.gross + first.unit_price
    more = replace(first, quantity=first.quantity + 1, gross=gross)
    return replaced(snapshot, order, lines=(more, *others))


def test_only_what_left_no_trace_is_found_and_it_is_corrected(start_company):
    company = start_company()
    books = Ledger(DAYS[0], len(DAYS), orders_per_day=40, seed=11)
    for day in DAYS:
        snapshot = books.as_of(morning_after(day))
        company.show(snapshot)
        run_day(day)
    assert compare(NOW) == []

    evening = morning_after(DAYS[0]) - timedelta(hours=7)
    of_database, of_storefront = (
        [o for o in plain_orders(snapshot, channel) if o.ordered_at < evening]
        for channel in (SALES_DB, STOREFRONT)
    )
    gone, more, moved = of_database[:3]
    gone_online, more_online, changed_later = of_storefront[:3]
    days_before = moved.ordered_at - timedelta(hours=216)
    for channel in (SALES_DB, STOREFRONT):
        refunded = refunded_order(snapshot, channel)
        snapshot = without_refunds(snapshot, refunded)
    snapshot = deleted(snapshot, gone)
    snapshot = edited(snapshot, more)
    snapshot = replaced(snapshot, moved, ordered_at=days_before)
    snapshot = deleted(snapshot, gone_online)
    snapshot = edited(snapshot, more_online)
    company.show(snapshot)
    found = reconcile(NOW + LATER)
    differing = {(each["source"], each["business_date"]) for each in found}
    assert {(SALES_DB, str(DAYS[0])), (STOREFRONT, str(DAYS[0]))} <= differing
    company.assert_oracle(run_days=DAYS)
    assert compare(NOW + 2 * LATER) == []

    # What changed since the last read is left to the next run.
    at = NOW + 2.5 * LATER
    dated = {"updated_at": at, "status_changed_at": at}
    company.show(replaced(snapshot, changed_later, coupon_code="LATER", **dated))
    assert compare(NOW + 3 * LATER) == []
