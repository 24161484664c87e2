"""What becomes known days or weeks later ends on its right day; the next report lists what it restated."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import time_machine

from demo.ledger import (
    PARTNERS,
    SALES_DB,
    STOREFRONT,
    HeldFile,
    Ledger,
    Order,
    Refund,
    RefundLine,
    Snapshot,
)
from ecommerce.sales import delivery
from ecommerce.sales.report.figures.model import Figures, figures_hash
from tests import oracle_report
from tests.integration.company import Company
from tests.integration.corrections import change, delivered_again, plain_orders, without
from tests.integration.daily_run import morning_after, report_of, run_day
from tests.integration.other_runs import reconcile
from tests.integration.warehouse_contents import Row, differences

pytestmark = pytest.mark.slow

TRADED = 7
START = date(2026, 9, 1)
HOUR = timedelta(hours=1)
RESTATED = (
    *("gross_sales", "discounts", "returns", "net_sales", "average_order_value"),
    *(
        "orders",
        "customers",
        "new_customers",
        "returning_customers",
        "units",
        "tax",
        "shipping",
    ),
)
RUN = [*range(TRADED + 2), 39, 40]
"""The days that are run, by number; between the last two blocks nothing happens."""

NOT_DELIVERED = {
    START + timedelta(days=number): [f"partner_files: {PARTNERS[0]}"]
    for number in (TRADED, TRADED + 1)
}
"""The days after the last trading day: a partner that has delivered every day is missing on them."""

Change = Callable[[Snapshot], Snapshot]
Restatements = dict[tuple[date, str], tuple[Decimal | None, Decimal | None]]


def day(number: int) -> date:
    return START + timedelta(days=number)


def before_run_of(number: int) -> datetime:
    """An hour before the run of that day begins."""
    return morning_after(day(number)) - HOUR


@dataclass
class Shop:
    """A company of which every report is mailed, and what is found out about it later."""

    company: Company
    told: Ledger
    facts: list[tuple[datetime, Change]]

    def snapshot(self, at: datetime) -> Snapshot:
        """What the systems show at `at`."""
        quiet = morning_after(day(RUN[-3]))
        snapshot = replace(self.told.as_of(min(at, quiet)), at=at)
        for since, fact in self.facts:
            if since <= at:
                snapshot = fact(snapshot)
        return snapshot

    def run(self, number: int) -> Figures:
        """Run and mail a day; its report."""
        at = morning_after(day(number))
        self.company.show(self.snapshot(at))
        result = run_day(day(number))
        with time_machine.travel(at + HOUR / 2):
            report = report_of(day(number), result.audit[0]["run_id"])
            asked_at = report.provenance.generated_at
            delivery.claim_delivery(
                day(number), figures_hash(report), f"<{number}@example.com>", asked_at
            )
            delivery.mark_delivered(day(number), figures_hash(report))
        return report

    def lasting(self, number: int, channel: str) -> list[Order]:
        """Plain orders of a day to which nothing but a change of status happens by itself."""
        later = {
            order.order_id: order
            for order in plain_orders(self.snapshot(before_run_of(40)), channel)
        }
        return [
            order
            for order in plain_orders(
                self.snapshot(morning_after(day(number))), channel
            )
            if self.company.oracle(self.snapshot(before_run_of(40))).business_date(
                order.ordered_at
            )
            == day(number)
            and order.order_id in later
            and (order.lines, order.ordered_at)
            == (later[order.order_id].lines, later[order.order_id].ordered_at)
        ]


def refunded(order: Order, refunded_at: datetime, booked_at: datetime) -> Change:
    """The whole first line of an order is paid back."""
    line = order.lines[0]
    in_storefront = order.channel == STOREFRONT
    tax = line.tax if in_storefront else Decimal(0)
    refund = Refund(
        channel=order.channel,
        refund_id=str(int(order.order_id) + 1)
        if in_storefront
        else f"R-late-{order.order_id}",
        order_id=order.order_id,
        currency=order.currency,
        amount=line.after_discount + tax,
        quantity=line.quantity,
        lines=(RefundLine(line.line_number, line.quantity, line.after_discount, tax),),
        reason="came back",
        refunded_at=refunded_at,
        updated_at=booked_at,
    )

    def fact(snapshot: Snapshot) -> Snapshot:
        snapshot = change(snapshot, order.order_id, booked_at)
        return replace(snapshot, refunds=(*snapshot.refunds, refund))

    return fact


def changed(order: Order, at: datetime, **values: Any) -> Change:
    return lambda snapshot: change(snapshot, order.order_id, at, **values)


def deleted(order: Order) -> Change:
    return lambda snapshot: replace(
        snapshot, orders=without(snapshot.orders, order.order_id)
    )


def dearer(order: Order) -> Order:
    """Its first line costs a dollar more a piece."""
    line = order.lines[0]
    price = line.unit_price + 1
    return replace(
        order,
        lines=(
            replace(line, unit_price=price, gross=price * line.quantity),
            *order.lines[1:],
        ),
    )


@dataclass
class Story:
    """After each run: what the warehouse held and should have held, the report, and where that is wrong."""

    facts: dict[str, Order]
    expected: dict[int, dict[str, list[Row]]]
    found: dict[int, dict[str, list[Row]]]
    reports: dict[int, Figures]
    wrong: dict[int, list[str]]

    def summary(self, after: int, number: int) -> Row:
        (row,) = [
            row
            for row in self.found[after]["daily_summary"]
            if row["business_date"] == day(number)
        ]
        return row

    def listed(self, number: int) -> Restatements:
        """What the report of a day says of others: the value mailed, and the one now."""
        listed: Restatements = {}
        for each in sorted(
            self.reports[number].quality.restatements, key=lambda each: each.detected_at
        ):
            key = each.business_date, each.figure
            listed[key] = (listed[key][0] if key in listed else each.old, each.new)
        return listed

    def restated(self, before: int, after: int) -> Restatements:
        """What has truly changed of mailed days between two runs."""
        was, now = (
            {row["business_date"]: row for row in self.expected[n]["daily_summary"]}
            for n in (before, after)
        )
        return {
            (each, figure): values
            for each in (day(number) for number in RUN if number <= before)
            for figure in RESTATED
            if differ(
                values := (value_of(was[each], figure), value_of(now[each], figure))
            )
        }


def value_of(summary: Row, figure: str) -> Decimal | None:
    """A headline figure by a day's summary."""
    if figure == "returning_customers":
        return Decimal(summary["customers"] - summary["new_customers"])
    return None if summary[figure] is None else Decimal(summary[figure])


def differ(values: tuple[Decimal | None, Decimal | None]) -> bool:
    """Whether a change is a restatement."""
    was, now = values
    return (
        (was is None) != (now is None)
        if was is None or now is None
        else abs(was - now) > Decimal("0.005")
    )


@pytest.fixture(scope="module")
def story(start_shared_company) -> Story:
    company = start_shared_company(mode="11")
    held = HeldFile(PARTNERS[0], day(1), before_run_of(6))
    told = Ledger(START, TRADED, orders_per_day=30, seed=4, held_files=(held,))
    shop = Shop(company, told, [])
    cancelled, repriced, refunded_then, booked_later = shop.lasting(0, SALES_DB)[:4]
    moved, gone = shop.lasting(1, SALES_DB)[0], shop.lasting(2, SALES_DB)[0]
    returned = shop.lasting(0, STOREFRONT)[0]
    left_out = next(
        order
        for file in told.as_of(morning_after(day(2))).files
        if (file.partner, file.day) == (PARTNERS[1], day(2))
        for order in file.orders
        if order.status.lower() in {"processing", "shipped", "completed"}
        and order.valid_lines
    )
    a_week_later, weeks_later = before_run_of(7), before_run_of(40) - 12 * HOUR
    shop.facts = [
        (
            before_run_of(4),
            lambda snapshot: delivered_again(
                snapshot, left_out.order_id, before_run_of(4)
            ),
        ),
        (
            before_run_of(4),
            changed(repriced, before_run_of(4), lines=dearer(repriced).lines),
        ),
        (
            before_run_of(5),
            changed(moved, before_run_of(5), ordered_at=moved.ordered_at - 24 * HOUR),
        ),
        (morning_after(day(5)) + HOUR, deleted(gone)),
        (
            a_week_later,
            changed(
                cancelled,
                a_week_later,
                status="cancelled",
                status_changed_at=a_week_later,
            ),
        ),
        (weeks_later, refunded(refunded_then, weeks_later, weeks_later)),
        (
            weeks_later,
            refunded(booked_later, before_run_of(39) - 12 * HOUR, weeks_later),
        ),
        (weeks_later, refunded(returned, weeks_later, weeks_later)),
    ]
    facts = {
        "cancelled": cancelled,
        "repriced": repriced,
        "refunded": refunded_then,
        "booked later": booked_later,
        "moved": moved,
        "gone": gone,
        "returned": returned,
        "left out": left_out,
    }
    result = Story(facts, {}, {}, {}, {})
    for place, number in enumerate(RUN):
        result.reports[number] = shop.run(number)
        oracle = company.oracle(
            run_days=[day(each) for each in RUN[: place + 1]], missing=NOT_DELIVERED
        )
        result.expected[number] = oracle.tables()
        result.wrong[number] = oracle_report.differences(oracle, result.reports[number])
        result.found[number] = company.warehouse()
        if number == 5:
            noon = morning_after(day(5)) + 4 * HOUR
            company.show(shop.snapshot(noon))
            reconcile(noon)
    return result


@pytest.mark.parametrize("number", RUN)
def test_after_every_run_the_warehouse_holds_the_truth_of_then(story, number):
    assert differences(story.expected[number], story.found[number]) == ""


@pytest.mark.parametrize("number", RUN)
def test_every_report_says_what_the_oracle_says(story, number):
    assert story.wrong[number] == []


def test_reports_say_what_changed_most_and_what_has_no_rate(story):
    kinds = {
        finding.kind for report in story.reports.values() for finding in report.findings
    }
    assert {"contribution", "unconverted"} <= kinds


@pytest.mark.parametrize(("before", "after"), list(pairwise(RUN)))
def test_every_report_lists_what_was_restated_since_the_last_and_nothing_else(
    story, before, after
):
    assert story.listed(after) == story.restated(before, after)


def net_change(story: Story, of_day: int, in_report: int) -> Decimal:
    old, new = story.listed(in_report)[day(of_day), "net_sales"]
    return new - old


def row_of(story: Story, after: int, fact: str) -> Row | None:
    order = story.facts[fact]
    rows = [
        row for row in story.found[after]["orders"] if row["order_id"] == order.order_id
    ]
    return rows[0] if rows else None


def test_a_price_corrected_is_in_the_next_report(story):
    order = story.facts["repriced"]
    assert (day(0), "gross_sales") in story.listed(4)
    assert row_of(story, 4, "repriced")["gross_amount"] == sum(
        line.gross for line in dearer(order).lines
    )


def test_an_order_moved_to_another_day_restates_both(story):
    assert row_of(story, 4, "moved")["business_date"] == day(1)
    assert row_of(story, 5, "moved")["business_date"] == day(0)
    assert {(day(0), "orders"), (day(1), "orders")} <= story.listed(5).keys()


def test_a_second_delivery_with_fewer_orders_takes_them_out(story):
    stored = row_of(story, 3, "left out")
    assert row_of(story, 4, "left out") is None
    assert (stored["business_date"], "orders") in story.listed(4)


def test_an_order_deleted_is_found_by_reconciliation_and_in_the_next_report(story):
    assert row_of(story, 5, "gone")
    assert row_of(story, 6, "gone") is None
    assert net_change(story, 2, 6) <= -story.facts["gone"].merchandise


def test_a_partner_file_five_days_late_is_loaded_by_the_next_run(story):
    assert net_change(story, 1, 6) > 0


def test_a_status_changed_after_a_week_takes_the_order_out_of_its_day(story):
    assert row_of(story, 7, "cancelled")["is_sale"] is False
    assert net_change(story, 0, 7) <= -story.facts["cancelled"].merchandise


def test_refunds_forty_days_later_count_on_the_day_they_were_made(story):
    paid_back = {
        name: story.facts[name].lines[0].after_discount
        for name in ("refunded", "returned", "booked later")
    }
    assert (
        story.summary(40, 40)["returns"]
        == paid_back["refunded"] + paid_back["returned"]
    )
    assert story.listed(40) == {
        (day(39), "returns"): (0, paid_back["booked later"]),
        (day(39), "net_sales"): (0, -paid_back["booked later"]),
    }


def test_where_a_storefront_dates_no_refund_the_report_states_the_limit(start_company):
    company = start_company(mode="66")
    shop = Shop(company, Ledger(START, 1, orders_per_day=20, seed=5), [])
    returned = shop.lasting(0, STOREFRONT)[0]
    weeks_later = before_run_of(40) - 12 * HOUR
    shop.facts = [(weeks_later, refunded(returned, weeks_later, weeks_later))]
    for number in (0, 39):
        shop.run(number)
    report = shop.run(40)
    assert returned.order_id not in {
        row["order_id"] for row in company.warehouse()["refunds"]
    }
    assert any(
        "refunded or edited more than 14 days after its day" in limit
        and "reconciliation, which compares the orders of the last 35 days" in limit
        for limit in report.quality.limits
    )
