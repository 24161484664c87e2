"""Payments from the systems to the bank: after daily runs, the tables and views are those of the ledger."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from demo.ledger import Ledger
from tests.integration.daily_run import morning_after, run_day
from tests.integration.ledger_payments import payment_oracle
from tests.rows import column_of, columns_of

pytestmark = pytest.mark.slow

FIRST_DAY = date(2026, 9, 3)  # a Thursday
KEYS = {
    "payout_reconciliation": ("source", "payout_id"),
    "order_payments": ("source", "order_id"),
    "contribution_margin": (
        "business_date",
        "source",
        "channel",
        "category",
        "sku",
    ),
}

KINDS = {
    ("storefront", "charge"),
    ("storefront", "refund"),
    ("shopify", "charge"),
    ("shopify", "refund"),
    ("shopify", "chargeback"),
    ("shopify", "adjustment"),
    ("partner_files", "charge"),
    ("partner_files", "commission"),
}


def sorted_rows(rows, names):
    """Rows with some columns, in an order of their own."""
    chosen = [{name: row[name] for name in names} for row in rows]
    return sorted(chosen, key=repr)


def of_key(rows, key):
    """Rows by key, which is unique."""
    found = {}
    for row in rows:
        found[tuple(row[name] for name in key)] = row
    assert len(found) == len(rows)
    return found


def test_days_end_in_the_payments_and_views_of_the_ledger(start_company):
    company = start_company()
    books = Ledger(FIRST_DAY, 6, seed=7, orders_per_day=40, timezone="America/New_York")
    days = books.business_days
    company.show(books.as_of(morning_after(days[3])))
    run_day(
        days[0],
        morning_after(days[3]),
        last=days[3],
    )
    for day in days[4:]:
        company.show(books.as_of(morning_after(day)))
        run_day(day)
    run_day(days[-1], morning_after(days[-1]) + timedelta(hours=1))
    expected = company.oracle(run_days=days)
    assert company.differences(expected) == ""

    newest_day = max(row["business_date"] for row in expected.daily_summary)
    payments = payment_oracle(expected, newest_day)
    for table, rows in (("payments", payments.payments), ("payouts", payments.payouts)):
        names = list(rows[0])
        assert sorted_rows(company.rows(table), names) == sorted_rows(rows, names)
    assert len(set(column_of(payments.payouts, "currency"))) > 1
    kinds = set(columns_of(payments.payments, "source", "kind"))
    assert kinds == KINDS
    lost = [row for row in payments.payments if row["fee_amount"] is None]
    assert set(column_of(lost, "gateway")) == {"stripe", "paypal", "cash"}
    for view, rows in payments.views().items():
        found = of_key(company.rows(view), KEYS[view])
        true = of_key(rows, KEYS[view])
        assert found.keys() == true.keys(), view
        for key, row in true.items():
            assert {name: found[key][name] for name in row} == row, (view, key)
    [unexplained] = [
        row for row in company.rows("payout_reconciliation") if row["unexplained"]
    ]
    assert unexplained["unexplained"] == Decimal(-12)
