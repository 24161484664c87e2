"""What leaves no trace in a source is found by comparing, and corrected by reading the day again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.ledger import SALES_DB, STOREFRONT, Ledger, Order, Snapshot
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.other_runs import compare, reconcile

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
END_OF_DAYS = datetime(2026, 9, 4, 4, tzinfo=UTC)
"""Midnight in New York; what happens later belongs to a day that is still open, and is not compared."""
LATER = timedelta(hours=2)


@dataclass
class Past:
    """Three days that were run, what the systems show since, and an instant after all that was compared."""

    company: Company
    snapshot: Snapshot
    now: datetime

    def change(self, change: Callable[[Snapshot], Snapshot]) -> None:
        """Let something happen that no clock of the source tells of."""
        self.snapshot = change(self.snapshot)
        self.company.show(self.snapshot)

    def differences(self) -> str:
        return self.company.differences(self.company.oracle(run_days=DAYS))


@pytest.fixture(scope="module", params=["66", "11"])
def shared_past(request, start_shared_company) -> Past:
    """What the tests change in it, they correct."""
    company = start_shared_company(request.param, mode=request.param)
    told = Ledger(DAYS[0], len(DAYS), orders_per_day=40, seed=11)
    for day in DAYS:
        snapshot = told.as_of(morning_after(day))
        company.show(snapshot)
        run_day(day)
    return Past(company, snapshot, morning_after(DAYS[-1]))


@pytest.fixture
def past(shared_past) -> Past:
    shared_past.now += 1.5 * LATER
    return shared_past


def plain_order(snapshot: Snapshot, channel: str, *, refunded: bool = False) -> Order:
    """An order that counts: one with refunds, or one of the first day without."""
    with_refunds = {refund.order_id for refund in snapshot.refunds_of(channel)}
    open_refunds = {
        each.order_id for each in snapshot.refunds if each.refunded_at >= END_OF_DAYS
    }
    return next(
        order
        for order in snapshot.orders_of(channel)
        if order.status
        in {
            "processing",
            "completed",
            "shipped",
            "delivered",
            "refunded",
            "partially_refunded",
        }
        and (order.order_id in with_refunds) == refunded
        and (refunded or _is_simple(order))
        and order.order_id not in open_refunds
    )


def _is_simple(order: Order) -> bool:
    first_evening = morning_after(DAYS[0]) - timedelta(hours=7)
    return order.lines == order.valid_lines and order.ordered_at < first_evening


def without(gone: Order) -> Callable[[Snapshot], Snapshot]:
    """The order is deleted for good, its refunds too."""

    def change(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            orders=tuple(
                each for each in snapshot.orders if each.order_id != gone.order_id
            ),
            refunds=tuple(
                each for each in snapshot.refunds if each.order_id != gone.order_id
            ),
        )

    return change


def replaced(order: Order, **values: object) -> Callable[[Snapshot], Snapshot]:
    """The order has other `values`."""
    new = replace(order, **values)
    return lambda snapshot: replace(
        snapshot,
        orders=tuple(
            new if old.order_id == order.order_id else old for old in snapshot.orders
        ),
    )


def edited(order: Order) -> Callable[[Snapshot], Snapshot]:
    """Its first line gets a piece more, and nothing says when."""
    first, *others = order.lines
    more = replace(
        first, quantity=first.quantity + 1, gross=first.gross + first.unit_price
    )
    return replaced(order, lines=(more, *others))


def swapped(order: Order) -> Callable[[Snapshot], Snapshot]:
    """Two of its lines swap their products; pieces, amounts and all sums of the order stay."""
    first, second, *others = order.lines
    product, other = (
        {name: getattr(line, name) for name in ("sku", "product_name", "category")}
        for line in (first, second)
    )
    return replaced(
        order, lines=(replace(first, **other), replace(second, **product), *others)
    )


def refund_deleted(order: Order) -> Callable[[Snapshot], Snapshot]:
    """The refunds of the order are deleted, and nothing says when."""

    def change(snapshot: Snapshot) -> Snapshot:
        return replace(
            snapshot,
            refunds=tuple(
                each for each in snapshot.refunds if each.order_id != order.order_id
            ),
        )

    return change


def test_only_what_left_no_trace_is_found_and_it_is_corrected(past):
    assert past.differences() == ""
    assert compare(past.now) == []
    changes = [
        without(plain_order(past.snapshot, SALES_DB)),
        without(plain_order(past.snapshot, STOREFRONT)),
    ]
    for change in changes:
        past.change(change)
    changes = [
        edited(plain_order(past.snapshot, SALES_DB)),
        edited(plain_order(past.snapshot, STOREFRONT)),
        refund_deleted(plain_order(past.snapshot, SALES_DB, refunded=True)),
        refund_deleted(plain_order(past.snapshot, STOREFRONT, refunded=True)),
    ]
    for change in changes:
        past.change(change)
    assert past.differences() != ""
    found = reconcile(past.now)
    assert {each["source"] for each in found} == {SALES_DB, STOREFRONT}
    assert str(DAYS[0]) in {each["business_date"] for each in found}
    assert past.differences() == ""
    assert compare(past.now + LATER) == []


@pytest.mark.parametrize("shared_past", ["11"], indirect=True)
def test_edits_that_leave_every_sum_of_the_day_equal_are_found_and_corrected(past):
    """Sums by day, status and currency, as the sales database gives them, would say that nothing differs."""
    order = next(
        order
        for order in past.snapshot.orders_of(SALES_DB)
        if len(order.lines) > 1
        and order.lines[0].sku != order.lines[1].sku
        and _is_simple(order)
    )
    before = past.company.warehouse()
    past.change(swapped(order))
    assert past.differences() != ""
    (found,) = reconcile(past.now)
    assert (found["source"], found["business_date"], found["what"]) == (
        SALES_DB,
        str(DAYS[0]),
        "orders: 1 changed",
    )
    assert found["figures"] == []
    assert past.differences() == ""
    assert past.company.differences({"orders": before["orders"]}) == ""
    assert compare(past.now + LATER) == []


@pytest.mark.parametrize("shared_past", ["11"], indirect=True)
def test_an_order_moved_to_another_day_without_a_date_is_not_taken_for_deleted(past):
    order = plain_order(past.snapshot, SALES_DB)
    past.change(replaced(order, ordered_at=order.ordered_at - timedelta(days=9)))
    reconcile(past.now)
    assert past.differences() == ""


@pytest.mark.parametrize("shared_past", ["11"], indirect=True)
def test_what_changed_since_the_last_read_is_left_to_the_next_run(past):
    order = plain_order(past.snapshot, STOREFRONT)
    at = past.now - LATER / 2
    past.change(
        replaced(order, coupon_code="LATER", updated_at=at, status_changed_at=at)
    )
    assert compare(past.now) == []
