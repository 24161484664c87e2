"""Payments and payouts as they are loaded, and the views of them, compared with the oracle."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.integration.warehouse import random_payments
from tests.integration.warehouse.conftest import MONDAY, open_shop
from tests.integration.warehouse.loadable import Folder
from tests.integration.warehouse.payment_cases import CASES, read_at_of
from tests.integration.warehouse.random_payments import READS, RandomPayments
from tests.oracle_payments import (
    PaymentOracle,
    Read,
    loaded_payments,
    loaded_payouts,
)

LOADS = 3
SOURCES = ("shopify", "storefront")
RATES = [
    (MONDAY - timedelta(days=25), "USD", "1.1"),
    (MONDAY - timedelta(days=3), "USD", "1.2"),
    (MONDAY - timedelta(days=3), "CHF", "0.9"),
]
"""Units per euro."""
BY_KEY = {
    "payments": "payment_id",
    "payouts": "payout_id",
    "payout_reconciliation": "payout_id",
    "order_payments": "order_id",
}


def exact_rate(currency, day):
    """What a unit of a currency is worth in dollars."""
    if currency == "USD":
        return Fraction(1)
    rates = {"EUR": Fraction(1)}
    for rate_date, name, rate in RATES:
        if timedelta(0) <= day - rate_date <= timedelta(days=7):
            rates[name] = Fraction(rate)
    if currency not in rates or "USD" not in rates:
        return None
    return rates["USD"] / rates[currency]


def oracle_of(shop, reads, rate):
    """The oracle of what the reads have found, and of the orders that the warehouse has."""
    return PaymentOracle(
        orders=shop.rows("orders"),
        order_lines=shop.rows("order_lines"),
        refunds=shop.rows("refunds"),
        payments=loaded_payments(reads),
        payouts=loaded_payouts(reads),
        exact_rate=rate,
        newest_day=max(shop.by("daily_summary", "business_date", "orders")),
    )


def assert_as_the_oracle(shop, oracle):
    """The tables and views have the rows of the oracle."""
    expected = {"payments": oracle.payments, "payouts": oracle.payouts}
    for name, rows in (expected | oracle.views()).items():
        stored = shop.rows(name)
        written = []
        for row in rows:
            written.append({column: row.get(column) for column in stored[0]})
        assert sorted(stored, key=key_of) == sorted(written, key=key_of), name


def key_of(row):
    """The text columns of a row, by which rows are sorted."""
    return [str(value) for value in row.values() if not isinstance(value, Decimal)]


@pytest.fixture(scope="module")
def cases(bigquery_emulator, lend_dataset, tmp_path_factory):
    """A warehouse that has loaded the reads of all cases, and the reads."""
    with pytest.MonkeyPatch.context() as patch, lend_dataset() as dataset:
        folder = tmp_path_factory.mktemp("payments")
        shop = open_shop(bigquery_emulator, patch, folder, dataset)
        reads = []
        for number in range(LOADS):
            folders = {}
            for source in SOURCES:
                read_at = read_at_of(number)
                folders[source] = Folder([], source, read_at, payments=[], payouts=[])
            for case in CASES:
                add_read(folders, case, number)
            rates = Folder([], "exchange_rates", read_at_of(number), rates=RATES)
            shop.load(*folders.values(), rates, run_id=f"run {number}")
            for each in folders.values():
                reads.append(read_of(each, f"run {number}"))
        yield shop, reads


def add_read(folders, case, number):
    """Add what a read of a case finds to the folders of its sources."""
    if number == 0:
        for order in case.named_orders():
            folders[order.source].orders.append(order)
    payments, payouts = case.named_read(number)
    for payment in payments:
        folders[payment.source].payments.append(payment)
    for payout in payouts:
        folders[payout.source].payouts.append(payout)


def read_of(folder, run_id):
    """The rows of a folder's payments and payouts."""
    return Read(
        [payment.row(run_id, folder.read_at) for payment in folder.payments],
        [payout.row(run_id, folder.read_at) for payout in folder.payouts],
    )


def test_tables_and_views_of_all_cases_are_those_of_the_oracle(cases):
    shop, reads = cases
    assert_as_the_oracle(shop, oracle_of(shop, reads, exact_rate))


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
def test_reads_in_any_order_leave_the_tables_and_views_of_the_oracle(shop, seed):
    payments = RandomPayments(seed)
    reads = payments.reads()
    numbers = [*range(READS), 1]  # a run is repeated
    payments.chance.shuffle(numbers)
    for number in numbers:
        shop.load(*reads[number], run_id=f"run {number}")
    found = []
    for number, folders in enumerate(reads):
        for folder in folders[:-1]:
            found.append(read_of(folder, f"run {number}"))
    assert_as_the_oracle(shop, oracle_of(shop, found, random_payments.exact_rate))


@pytest.fixture(scope="module")
def shown(cases):
    """The rows of a table or view, read once."""
    shop, _ = cases
    rows = {}
    for name in (*BY_KEY, "contribution_margin"):
        rows[name] = shop.rows(name)
    return rows


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_shown_as_it_is(case, shown):
    expected = {
        "payments": case.payments,
        "payout_reconciliation": case.payouts,
        "order_payments": case.by_order,
    }
    for name, by_key in expected.items():
        for own_key, columns in by_key.items():
            of_key = []
            for row in shown[name]:
                if row[BY_KEY[name]] == case.key(own_key):
                    of_key.append(row)
            if columns is None:
                assert of_key == []
            else:
                [row] = of_key
                assert_columns(case, row, columns)
    if case.margin:
        of_case = [
            row for row in shown["contribution_margin"] if row["category"] == case.name
        ]
        [row] = of_case
        assert_columns(case, row, case.margin)


def assert_columns(case, row, columns):
    """A row has the values of a case."""
    for column, value in columns.items():
        stored = row[column]
        if isinstance(stored, Decimal):
            assert stored == Decimal(value), column
        elif column == "payout_id":
            assert stored == case.key(value)
        else:
            assert stored == value, column
