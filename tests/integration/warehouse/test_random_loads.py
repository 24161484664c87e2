"""Versions of random orders and payments, loaded in any order, leave the tables of their last versions, and
the figures and payments of the oracles."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.report.figures import payments as payment_figures
from ecommerce.sales.slices import WHOLE
from tests.integration.warehouse.conftest import STATE
from tests.integration.warehouse.random_payments import SOURCES, RandomPayments
from tests.integration.warehouse.random_sales import (
    DAYS,
    LAST,
    LIVE,
    READS,
    assert_near,
)
from tests.oracle_comparisons import coverage_of
from tests.oracle_payments import (
    DECLINED,
    PaymentOracle,
    Read,
    loaded_payments,
    loaded_payouts,
)
from tests.oracle_periods import Span, costs_of

COMPARED = set(STATE) - {"customers", "payments", "payouts"}
"""A customer whom only an older version names stays known, without a first order. Of payments each read
counts."""


def load(shop, number, folders):
    """The run of one of the reads."""
    day = LAST + timedelta(days=number)
    run_id = f"run {number}"
    shop.load(
        *folders,
        day=day,
        run_id=run_id,
        off_sources=["shopify"],
    )


def load_last_versions(shop, sales, reads):
    """Load each order once, by the last of the runs."""
    sales.load_export(shop)
    for number, read in enumerate(reads):
        folders = sales.nothing(read["sales_db"].read_at)
        if number == READS - 1:
            sales.fill(folders)
            for source in LIVE:
                folders[source].removed = ["gone"]
        load(shop, number, folders.values())


def assert_figures(row, sales, day):
    """A row of daily_summary has the figures of the oracle."""
    span = Span(
        sales,
        None,
        WHOLE,
        [day],
    )
    expected = span.headline()
    del expected["returning_customers"]
    costs = costs_of(span.entries) or (None, None)
    expected |= dict(zip(("cost_of_goods", "sales_with_cost"), costs, strict=True))
    unconverted = [order for order in span.orders if span.rate(order) is None]
    expected["unconverted_orders"] = len(unconverted)
    for name, amount in expected.items():
        if amount is None:
            assert row[name] is None, name
        else:
            assert_near(row[name], amount)


def oracle_of(shop, payments, reads):
    """The oracle of what the reads have found, and of the orders that the warehouse has."""
    return PaymentOracle(
        orders=shop.rows("orders"),
        order_lines=shop.rows("order_lines"),
        refunds=shop.rows("refunds"),
        payments=loaded_payments(reads),
        payouts=loaded_payouts(reads),
        exact_rate=payments.rate_of,
        newest_day=max(shop.summaries()),
    )


def read_of(folder, run_id):
    """The rows of a folder's payments and payouts."""
    return Read(
        [payment.row(run_id, folder.read_at) for payment in folder.payments],
        [payout.row(run_id, folder.read_at) for payout in folder.payouts],
    )


def key_of(row):
    """The text columns of a row, by which rows are sorted."""
    return [str(value) for value in row.values() if not isinstance(value, Decimal)]


def assert_payments(shop, sales, reads):
    """The tables of payments and the views of them are those of the oracle."""
    found = []
    for number, folders in enumerate(reads):
        for source in SOURCES:
            found.append(read_of(folders[source], f"run {number}"))
    oracle = oracle_of(shop, sales, found)
    expected = {
        "payments": oracle.payments,
        "payouts": oracle.payouts,
    }
    for name, rows in (expected | oracle.views()).items():
        stored = shop.rows(name)
        written = []
        for row in rows:
            written.append({column: row.get(column) for column in stored[0]})
        assert sorted(stored, key=key_of) == sorted(written, key=key_of), name
    days = Counter()
    for day in DAYS[10:]:
        days += assert_payments_of_report(shop, oracle, day)
    assert min(days[name] for name in ("margin", "payout", "unexplained")) > 1, days


def assert_payments_of_report(shop, oracle, day):
    """The report of a day has the payments and payouts of the oracle. Returns what it has of them."""
    found = payment_figures.read(
        DayQueries(shop.warehouse, day_window(day, "America/New_York"))
    )
    # A report reads no payment of a later day.
    known = [payment for payment in oracle.payments if payment["business_date"] <= day]
    expected = []
    for payout in replace(oracle, payments=known).payout_reconciliation():
        age = (day - payout["issued_on"]).days
        is_of_day = age == 0 and payout["status"] not in DECLINED
        is_unexplained = payout["has_arrived"] and payout["unexplained"] != 0
        if is_of_day or (is_unexplained and 0 <= age <= 13):
            cost = payout["fees"] - payout["commissions"]
            expected.append(payout | {"cost": cost})
    expected.sort(key=lambda row: (row["source"], row["payout_id"]))
    expected.sort(key=lambda row: row["issued_on"], reverse=True)
    names = payment_figures.Payout.model_fields
    assert [payout.model_dump() for payout in found.payouts] == [
        {name: payout[name] for name in names} for payout in expected
    ]
    margin = margin_of(oracle, day)
    if margin is None:
        assert found.contribution_margin is None
    else:
        assert found.contribution_margin.model_dump() == margin
    return Counter(
        margin=margin is not None,
        payout=bool(found.payouts),
        unexplained=bool(found.unexplained),
    )


def margin_of(oracle, day):
    """The fees and the contribution margin of a day; None where no sale has both its cost and its fees."""
    sums = Counter()
    for row in oracle.contribution_margin():
        if row["business_date"] == day:
            for name in (
                "net_sales",
                "fees",
                "sales_with_fees",
                "covered_sales",
                "contribution",
            ):
                if row[name] is not None:
                    sums[name] += row[name]
    net_sales = sums.pop("net_sales")
    coverage = coverage_of(net_sales, sums.get("covered_sales"))
    if coverage is None:
        return None
    return {**sums, "coverage": coverage}


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
def test_versions_in_any_order_leave_the_tables_of_the_last_ones(
    shop, second_shop, seed
):
    sales = RandomPayments(seed)
    reads = sales.reads()
    numbers = [*range(READS), 2]  # a run is repeated
    sales.chance.shuffle(numbers)
    for number in numbers:
        load(shop, number, reads[number].values())
    sales.load_export(shop)
    load_last_versions(second_shop, sales, reads)

    assert shop.state(COMPARED) == second_shop.state(COMPARED)
    removed = {(source, "gone") for source in LIVE}
    removed |= {("sales_db", order_id) for order_id, *_ in sales.orphans}
    assert set(shop.tuples("removed_orders", "source", "order_id")) == removed
    first_orders = {}
    for customer, orders in sales.customers.of_customer.items():
        first_orders[customer] = orders[0].ordered_at
    stored = shop.by("customers", "customer_hash", "first_ordered_at")
    assert {name: at for name, at in stored.items() if at} == first_orders
    rows = {row["business_date"]: row for row in shop.rows("daily_summary")}
    for day, row in rows.items():
        assert_figures(row, sales, day)
    without_cost = [row for row in rows.values() if row["cost_of_goods"] is None]
    assert len(without_cost) > 1
    assert_payments(shop, sales, reads)
