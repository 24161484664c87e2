"""What becomes known days or weeks later ends on its right day."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from demo.ledger import (
    PARTNERS,
    SALES_DB,
    STOREFRONT,
    HeldFile,
    Ledger,
    Refund,
    RefundLine,
)
from tests import oracle_report
from tests.integration.corrections import (
    change,
    deleted,
    delivered_again,
    plain_orders,
)
from tests.integration.daily_run import morning_after, report_of, run_day
from tests.integration.other_runs import reconcile

pytestmark = pytest.mark.slow

START = date(2026, 9, 1)
TRADED = 4
HOUR = timedelta(hours=1)
RUN = (0, 1, 2, 3, 39, 40)
"""The days that are run, by number; nothing happens in the weeks between."""


def day(number):
    return START + timedelta(days=number)


def before_run_of(number):
    """An hour before the run of that day begins."""
    return morning_after(day(number)) - HOUR


WEEKS_LATER = before_run_of(40) - 12 * HOUR


class World:
    """A company whose systems show, beside the books, the `facts`: what becomes known, and when."""

    def __init__(self, company):
        self.company = company
        held = HeldFile(
            PARTNERS[0],
            day(1),
            before_run_of(3),
        )
        self.books = Ledger(
            START, TRADED, orders_per_day=30, seed=11, held_files=(held,)
        )
        self.facts = []

    def snapshot(self, at):
        """What the systems show at `at`."""
        quiet = morning_after(day(TRADED - 1))
        snapshot = replace(
            self.books.as_of(min(at, quiet)),
            at=at,
        )
        for since, fact in self.facts:
            if since <= at:
                snapshot = fact(snapshot)
        return snapshot

    def run(self, number):
        """Run a day; tables and report have the truth of then."""
        at = morning_after(day(number))
        self.company.show(self.snapshot(at))
        run_id = f"test__{day(number)}"
        run_day(day(number), run_id=run_id)
        runs = [day(each) for each in RUN if each <= number]
        oracle = self.company.oracle(run_days=runs)
        assert self.company.differences(oracle) == "", number
        with time_machine.travel(at + HOUR / 2):
            report = report_of(day(number), run_id)
        assert oracle_report.differences(oracle, report) == [], number

    def lasting(self, number, channel):
        """Plain orders of a day, to which nothing but a change of status happens by itself."""
        last = self.snapshot(WEEKS_LATER)
        later = {order.order_id: order for order in plain_orders(last, channel)}
        business_date = self.company.oracle(last).business_date
        orders = []
        for order in plain_orders(self.snapshot(morning_after(day(number))), channel):
            end = later.get(order.order_id)
            is_same = end and end.lines == order.lines
            if is_same and business_date(order.ordered_at) == day(number):
                orders.append(order)
        return orders


def changed(order, at, **values):
    return lambda snapshot: change(snapshot, order.order_id, at, **values)


def left_out_of_its_file(order, at):
    return lambda snapshot: delivered_again(snapshot, order.order_id, at)


def without_rates(snapshot):
    """No rate of the dollar is known yet."""
    if snapshot.at >= morning_after(day(1)):
        return snapshot
    rates = [rate for rate in snapshot.rates if rate.currency != "USD"]
    return replace(snapshot, rates=tuple(rates))


def refund_of(order, refunded_at, booked_at):
    """The whole first line of an order is paid back."""
    line = order.lines[0]
    refund_id = f"R-late-{order.order_id}"
    tax = Decimal(0)
    if order.channel == STOREFRONT:
        refund_id = str(int(order.order_id) + 1)
        tax = line.tax
    refund = Refund(
        channel=order.channel,
        refund_id=refund_id,
        order_id=order.order_id,
        currency=order.currency,
        amount=line.after_discount + tax,
        quantity=line.quantity,
        lines=(
            RefundLine(
                line.line_number,
                line.quantity,
                line.after_discount,
                tax,
            ),
        ),
        reason="came back",
        refunded_at=refunded_at,
        updated_at=booked_at,
    )

    def fact(snapshot):
        snapshot = change(snapshot, order.order_id, booked_at)
        return replace(
            snapshot,
            refunds=(*snapshot.refunds, refund),
        )

    return fact


def facts_of(world):
    """What becomes known later; the calendar of this module."""
    second = before_run_of(2)
    third = before_run_of(3)
    of_database = iter(world.lasting(0, SALES_DB))
    of_storefront = iter(world.lasting(0, STOREFRONT))
    moved, gone = world.lasting(1, SALES_DB)[:2]
    cancelled, refunded, booked_later = (next(of_database) for _ in range(3))
    shortened = next(order for order in of_database if len(order.lines) > 1)
    returned = next(of_storefront)
    a_day_earlier = before_run_of(39) - 12 * HOUR
    return [
        (morning_after(day(0)), without_rates),
        (
            second,
            changed(
                moved,
                second,
                ordered_at=moved.ordered_at - 24 * HOUR,
            ),
        ),
        (
            second,
            changed(
                shortened,
                second,
                lines=shortened.lines[1:],
            ),
        ),
        (second, left_out_of_its_file(order_of_a_file(world), second)),
        (morning_after(day(2)) + HOUR, lambda snapshot: deleted(snapshot, gone)),
        (third, changed(cancelled, third, status="cancelled", status_changed_at=third)),
        (WEEKS_LATER, refund_of(refunded, WEEKS_LATER, WEEKS_LATER)),
        (WEEKS_LATER, refund_of(booked_later, a_day_earlier, WEEKS_LATER)),
        (WEEKS_LATER, refund_of(returned, WEEKS_LATER, WEEKS_LATER)),
    ]


def order_of_a_file(world):
    """An order of a partner's file of the second day that counts."""
    files = world.books.as_of(morning_after(day(1))).files
    file = next(f for f in files if (f.partner, f.day) == (PARTNERS[1], day(1)))
    counted = {"processing", "shipped", "completed"}
    orders = [order for order in file.orders if order.status.lower() in counted]
    return next(order for order in orders if order.valid_lines)


def test_after_every_run_tables_and_report_have_the_truth_of_then(start_company):
    world = World(start_company(mode="11"))
    world.facts = facts_of(world)
    for number in RUN:
        world.run(number)
        if number == 2:
            noon = morning_after(day(2)) + 4 * HOUR
            world.company.show(world.snapshot(noon))
            reconcile(noon)
