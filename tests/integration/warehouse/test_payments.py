"""Payments and payouts as they are loaded, and the views of them, compared with the oracle."""

from decimal import Decimal

import pytest

from tests.integration.warehouse.random_payments import SOURCES, RandomPayments
from tests.integration.warehouse.random_sales import READS
from tests.oracle_payments import (
    PaymentOracle,
    Read,
    loaded_payments,
    loaded_payouts,
)


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


@pytest.mark.parametrize(
    "seed", [19, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (3, 4))]
)
def test_reads_in_any_order_leave_the_tables_and_views_of_the_oracle(shop, seed):
    payments = RandomPayments(seed)
    reads = payments.reads()
    numbers = [*range(READS), 1]  # a run is repeated
    payments.chance.shuffle(numbers)
    for number in numbers:
        shop.load(*reads[number].values(), run_id=f"run {number}")
    found = []
    for number, folders in enumerate(reads):
        for source in SOURCES:
            found.append(read_of(folders[source], f"run {number}"))
    oracle = oracle_of(shop, payments, found)
    expected = {"payments": oracle.payments, "payouts": oracle.payouts}
    for name, rows in (expected | oracle.views()).items():
        stored = shop.rows(name)
        written = []
        for row in rows:
            written.append({column: row.get(column) for column in stored[0]})
        assert sorted(stored, key=key_of) == sorted(written, key=key_of), name
