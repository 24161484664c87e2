"""What leaves no trace in a source is found by comparing, and corrected by reading the day again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.ledger import SALES_DB, STOREFRONT, Ledger, Snapshot
from tests.integration.daily_run import morning_after, run_day
from tests.integration.other_runs import compare, reconcile

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(2)]
NOW = datetime(2026, 9, 3, 13, tzinfo=UTC)
LATER = timedelta(hours=2)
MIDNIGHT = datetime(2026, 9, 3, 4, tzinfo=UTC)
"""In New York; what happens later belongs to a day that is still open, and is not compared."""
COUNTED = {
    "processing",
    "completed",
    "shipped",
    "delivered",
    "refunded",
    "partially_refunded",
}

Change = Callable[[Snapshot], Snapshot]


def orders(snapshot, channel):
    """Orders of the first day that count, whose lines are all valid, and which nobody refunded."""
    evening = morning_after(DAYS[0]) - timedelta(hours=7)
    refunded = {refund.order_id for refund in snapshot.refunds}
    return [
        order
        for order in snapshot.orders_of(channel)
        if order.status in COUNTED
        and order.lines == order.valid_lines
        and order.ordered_at < evening
        and order.order_id not in refunded
    ]


def refunded_order(snapshot, channel):
    refunds = snapshot.refunds_of(channel)
    is_open = {each.order_id for each in refunds if each.refunded_at >= MIDNIGHT}
    counted = {o.order_id for o in snapshot.orders_of(channel) if o.status in COUNTED}
    return next(
        refund.order_id
        for refund in refunds
        if refund.order_id in counted and refund.order_id not in is_open
    )


def without_refunds(order_id):
    """The refunds of an order are deleted, and nothing says when."""

    def change(snapshot):
        refunds = [each for each in snapshot.refunds if each.order_id != order_id]
        return replace(snapshot, refunds=tuple(refunds))

    return change


def without(gone):
    """The order is deleted for good."""

    def change(snapshot):
        kept = [each for each in snapshot.orders if each.order_id != gone.order_id]
        return replace(snapshot, orders=tuple(kept))

    return change


def replaced(order, **values):
    """The order has other `values`, and nothing says when."""
    new = replace(order, **values)

    def change(snapshot):
        changed = [new if o.order_id == new.order_id else o for o in snapshot.orders]
        return replace(snapshot, orders=tuple(changed))

    return change


def edited(order):
    """Its first line gets a piece more."""
    first, *others = order.lines
    pieces, gross = first.quantity + 1, first.gross + first.unit_price
    return replaced(
        order, lines=(replace(first, quantity=pieces, gross=gross), *others)
    )


def swapped(order):
    """Two of its lines swap their products; all sums by day, status and currency stay."""
    names = ("sku", "product_name", "category")
    first, second, *others = order.lines
    product = {name: getattr(first, name) for name in names}
    other = {name: getattr(second, name) for name in names}
    lines = (replace(first, **other), replace(second, **product), *others)
    return replaced(order, lines=lines)


@pytest.mark.parametrize("mode", ["11", pytest.param("66", marks=pytest.mark.nightly)])
def test_only_what_left_no_trace_is_found_and_it_is_corrected(start_company, mode):
    company = start_company(mode=mode)
    told = Ledger(DAYS[0], len(DAYS), orders_per_day=40, seed=11)
    for day in DAYS:
        snapshot = told.as_of(morning_after(day))
        company.show(snapshot)
        run_day(day)
    assert compare(NOW) == []

    of_database = iter(orders(snapshot, SALES_DB))
    of_storefront = iter(orders(snapshot, STOREFRONT))
    online, changed_later = next(of_storefront), next(of_storefront)
    two_lines = (order for order in of_database if len(order.lines) > 1)
    for change in (
        without(next(of_database)),
        edited(next(of_database)),
        swapped(next(o for o in two_lines if o.lines[0].sku != o.lines[1].sku)),
        replaced(
            moved := next(of_database), ordered_at=moved.ordered_at - 9 * 12 * LATER
        ),
        without_refunds(refunded_order(snapshot, SALES_DB)),
        without(next(of_storefront)),
        edited(online),
        without_refunds(refunded_order(snapshot, STOREFRONT)),
    ):
        snapshot = change(snapshot)
    company.show(snapshot)
    found = reconcile(NOW + LATER)
    differing = {(each["source"], each["business_date"]) for each in found}
    assert {(SALES_DB, str(DAYS[0])), (STOREFRONT, str(DAYS[0]))} <= differing
    assert company.differences(company.oracle(run_days=DAYS)) == ""
    assert compare(NOW + 2 * LATER) == []

    # What changed since the last read is left to the next run.
    at = NOW + 2.5 * LATER
    later = replaced(
        changed_later, coupon_code="LATER", updated_at=at, status_changed_at=at
    )
    company.show(later(snapshot))
    assert compare(NOW + 3 * LATER) == []
