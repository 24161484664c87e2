"""A week in which all is corrected after the fact; every morning the warehouse holds the truth of then."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from demo.ledger import (
    PARTNERS,
    SALES_DB,
    STOREFRONT,
    HeldFile,
    LateRefund,
    Ledger,
    Order,
    Snapshot,
)
from tests.integration.corrections import change, delivered_again, plain_orders
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import Row, differences

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(7)]
HOUR = timedelta(hours=1)
NOT_DELIVERED = {DAYS[6]: [f"partner_files: {PARTNERS[0]}"]}
"""A partner that has delivered on each of the last five days is missing on a day without its file."""
LONG_BEFORE = DAYS[0] - timedelta(days=9)


@dataclass
class Week:
    """The orders that somebody corrected, and what each morning's warehouse held and should have held."""

    touched: str
    shortened: list[Order]
    moved: Order
    removed: str
    expected: list[dict[str, list[Row]]]
    found: list[dict[str, list[Row]]]

    def summary(self, morning: int, day: date) -> Row:
        rows = self.found[morning]["daily_summary"]
        return next(row for row in rows if row["business_date"] == day)

    def net_sales(self, morning: int, day: date = DAYS[0]) -> Decimal:
        return self.summary(morning, day)["net_sales"]


@pytest.fixture(scope="module")
def week(start_shared_company) -> Week:
    company = start_shared_company()
    told = Ledger(
        DAYS[0],
        len(DAYS),
        orders_per_day=30,
        seed=3,
        held_files=(HeldFile(PARTNERS[0], DAYS[1], morning_after(DAYS[4])),),
        late_refunds=(LateRefund(DAYS[0], morning_after(DAYS[3]) - 9 * HOUR),),
    )
    first = told.as_of(morning_after(DAYS[0]))
    plain = iter(plain_orders(first, SALES_DB))
    shortened = [next(order for order in plain if len(order.lines) > 1)]
    shortened += [
        order for order in plain_orders(first, STOREFRONT) if len(order.lines) > 1
    ][:1]
    result = Week(
        next(plain).order_id, shortened, next(plain), _partner_orders(first)[0], [], []
    )
    for number, day in enumerate(DAYS, start=1):
        snapshot = _corrected(told.as_of(morning_after(day)), result)
        company.show(snapshot)
        run_day(day)
        missing = NOT_DELIVERED if day in NOT_DELIVERED else {}
        result.expected.append(
            company.oracle(run_days=DAYS[:number], missing=missing).tables()
        )
        result.found.append(company.warehouse())
    return result


def _partner_orders(snapshot: Snapshot) -> list[str]:
    return [
        order.order_id
        for file in snapshot.files
        for order in file.orders
        if file.partner == PARTNERS[0]
    ]


def _corrected(snapshot: Snapshot, week: Week) -> Snapshot:
    """What the systems show with all corrections made until then."""
    snapshot = change(
        snapshot, week.touched, snapshot.at - 4 * HOUR, coupon_code=f"{snapshot.at:%A}"
    )
    if snapshot.at >= morning_after(DAYS[1]):
        for order in week.shortened:
            snapshot = change(
                snapshot,
                order.order_id,
                morning_after(DAYS[1]) - 12 * HOUR,
                lines=order.lines[1:],
            )
    if snapshot.at >= morning_after(DAYS[2]):
        moved_to = week.moved.ordered_at - timedelta(days=9)
        snapshot = change(
            snapshot,
            week.moved.order_id,
            morning_after(DAYS[2]) - HOUR,
            ordered_at=moved_to,
        )
    if snapshot.at >= morning_after(DAYS[5]):
        snapshot = delivered_again(
            snapshot, week.removed, morning_after(DAYS[5]) - HOUR
        )
    if snapshot.at < morning_after(DAYS[1]):
        snapshot = replace(
            snapshot,
            rates=tuple(rate for rate in snapshot.rates if rate.currency != "USD"),
        )
    return snapshot


@pytest.mark.parametrize("morning", range(len(DAYS)))
def test_every_morning_the_warehouse_holds_the_truth_of_then(week, morning):
    assert differences(week.expected[morning], week.found[morning]) == ""


def test_an_order_touched_at_two_every_night_is_never_a_day_behind(week):
    coupons = [
        row["coupon_code"]
        for tables in week.found
        for row in tables["orders"]
        if row["order_id"] == week.touched
    ]
    assert coupons == [f"{morning_after(day):%A}" for day in DAYS]


def test_removed_lines_are_gone_from_the_day_they_were_sold_on(week):
    assert len(week.shortened) == 2
    for order in week.shortened:
        counts = [
            sum(row["order_id"] == order.order_id for row in tables["order_lines"])
            for tables in week.found
        ]
        assert counts == [len(order.lines)] + [len(order.lines) - 1] * 6


def test_a_moved_order_leaves_its_old_day_and_makes_a_new_one(week):
    assert week.net_sales(2, LONG_BEFORE) == week.moved.merchandise
    assert week.net_sales(1) - week.net_sales(2) >= week.moved.merchandise


def test_a_refund_booked_late_counts_on_the_day_it_was_made(week):
    before, after = (
        week.summary(2, DAYS[0])["returns"],
        week.summary(3, DAYS[0])["returns"],
    )
    assert after > before


def test_a_partner_file_three_days_late_is_loaded_by_the_next_run(week):
    assert week.net_sales(4, DAYS[1]) > week.net_sales(3, DAYS[1])


def test_an_order_that_a_second_delivery_leaves_out_is_gone(week):
    kept = [
        week.removed in {row["order_id"] for row in tables["orders"]}
        for tables in week.found
    ]
    assert kept == [True] * 5 + [False] * 2


def test_amounts_without_rate_stay_out_until_a_run_has_the_rate(week):
    without, later = week.summary(0, DAYS[0]), week.summary(1, DAYS[0])
    assert without["unconverted_orders"] > later["unconverted_orders"]
