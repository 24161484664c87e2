"""Payments and payouts of a sales database that has them; that of the demo has neither."""

from datetime import date

import pytest

from ecommerce.core.paths import read_sql
from ecommerce.sales.transform import transform
from ecommerce.sources import SALES_DB, sales_db
from tests.integration.sales_database import at
from tests.unit.sales.tables import check
from tests.unit.sales.transform.raw_folders import read

TABLES = """
CREATE TABLE shop_payments (
    payment_id bigint, order_id text, kind text, gateway text, currency text, amount numeric(12, 2),
    fee_amount numeric(12, 2), payout_id bigint, is_test boolean, processed_at timestamptz,
    updated_at timestamptz
);
CREATE TABLE shop_payouts (
    payout_id bigint, issued_on date, status text, currency text, amount numeric(12, 2),
    external_reference text, updated_at timestamptz
);
GRANT SELECT ON shop_payments, shop_payouts TO sales_reader
"""


def payment(payment_id, processed_at, updated_at=None, payout="NULL", fee="0.59"):
    """SQL of a charge of 20.00."""
    return (
        f"INSERT INTO shop_payments VALUES ({payment_id}, 'O1', 'Charge', 'Stripe', 'USD', 20, {fee}, "
        f"{payout}, false, '{processed_at}Z', '{updated_at or processed_at}Z')"
    )


def payout(payout_id, issued_on, updated_at):
    return (
        f"INSERT INTO shop_payouts VALUES ({payout_id}, '{issued_on}', 'Paid', 'USD', 38.82, "
        f"'TR-{payout_id}', '{updated_at}Z')"
    )


@pytest.fixture
def mapped(shop, monkeypatch):
    """A shop whose schema.sql maps its tables of payments and payouts."""

    def with_payments(name):
        text = read_sql(name)
        if not name.endswith("/schema.sql"):
            return text
        head, _, rest = text.partition("payments AS NOT MATERIALIZED (")
        tables = [
            f"{name} AS NOT MATERIALIZED (SELECT * FROM shop_{name}),\n"
            for name in ("payments", "payouts")
        ]
        return head + "".join(tables) + rest[rest.rindex("WHERE FALSE\n),\n") + 15 :]

    monkeypatch.setattr(sales_db, "read_sql", with_payments)
    shop.run(TABLES)
    return shop


def test_a_payout_is_read_with_all_of_its_payments(mapped):
    mapped.run(
        payment(1, "2026-03-10 00:00"),
        payment(2, "2026-03-10 23:59:59"),
        payment(3, "2026-03-11 00:00"),
        payment(4, "2026-03-09 23:59:59"),
        payment(5, "2026-01-01 08:00", "2026-03-10 08:00"),
        payment(6, "2026-01-01 08:00", "2026-03-11 00:00"),
        payment(7, "2026-02-01 08:00", payout="71"),
        payment(8, "2026-03-10 08:00", payout="71"),
        payment(9, "2026-02-01 08:00", payout="72"),
        payment(10, "2026-02-01 08:00", payout="73"),
        payment(11, "2026-03-12 08:00", payout="71"),
        payout(71, "2026-03-10", "2026-03-01 08:00"),
        payout(72, "2026-03-20", "2026-03-10 08:00"),
        payout(73, "2026-03-11", "2026-03-11 00:00"),
        payout(74, "2026-03-09", "2026-03-09 23:59"),
    )
    left = mapped.extract()
    assert left.rows("payouts", "payout_id") == [("71",), ("72",)]
    read_ids = [int(payment_id) for payment_id in left.ids("payments", "payment_id")]
    assert sorted(read_ids) == [1, 2, 5, 7, 8, 9, 11]
    assert left.manifest.rows == 2 + 7
    # Those of orders alone.
    assert left.manifest.control_totals["source_orders"] == 0


def test_the_days_of_payouts_are_those_of_the_shop(mapped):
    mapped.run(
        payout(71, "2026-03-09", "2026-01-01 08:00"),
        payout(72, "2026-03-10", "2026-01-01 08:00"),
        payout(73, "2026-03-11", "2026-01-01 08:00"),
    )
    for timezone in ("Asia/Tokyo", "America/New_York"):
        left = mapped.extract(timezone=timezone, folder=timezone)
        assert left.rows("payouts", "payout_id") == [("72",)]


def test_payments_and_payouts_are_loaded_as_the_database_has_them(mapped, monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "UTC")
    monkeypatch.setenv("REPORTING_CURRENCY", "USD")
    mapped.run(
        payment(1, "2026-03-10 08:00", payout="71"),
        payment(2, "2026-03-10 09:00", payout="71", fee="NULL"),
        payment(3, "2026-03-10 10:00", fee="'NaN'"),
        "UPDATE shop_payments SET amount = -5, kind = 'Gift', is_test = true WHERE payment_id = 2",
        payout(71, "2026-03-10", "2026-03-10 08:00"),
        payout(72, "2026-03-10", "2026-03-10 08:00"),
        "UPDATE shop_payouts SET currency = 'dollars' WHERE payout_id = 72",
    )
    done = read(transform(mapped.extract().manifest, run_id="a run"))
    check(
        done.payments,
        """
payment_id | order_id | kind   | gateway | currency | amount | fee  | net   | payout_id | is_test
1          | O1       | charge | stripe  | USD      | 20     | 0.59 | 19.41 | 71        | False
2          | O1       | other  | stripe  | USD      | -5     | NULL | NULL  | 71        | True
""",
    )
    instants = sorted(row["processed_at"] for row in done.payments)
    assert instants == [at("2026-03-10 08:00"), at("2026-03-10 09:00")]
    [row] = done.payouts
    assert (row["payout_id"], row["issued_on"]) == ("71", date(2026, 3, 10))
    assert (row["status"], row["external_reference"]) == ("paid", "TR-71")
    check(
        done.rejected_rows,
        """
file     | reason           | detail
payments | invalid_number   | fee_amount
payouts  | invalid_currency | currency = dollars
""",
    )
    assert done.counts == (5, 3, 2, 0)


WRONG = {
    "no such column": (
        "ALTER TABLE shop_payments DROP fee_amount",
        "payments.sql",
    ),
    "a payout at an instant": (
        "ALTER TABLE shop_payouts ALTER issued_on TYPE timestamptz",
        "payouts.sql needs issued_on as date",
    ),
    "a fee that may be a test": (
        "ALTER TABLE shop_payments ALTER is_test TYPE text",
        "payments.sql needs is_test as boolean",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_check_plans_their_queries(mapped, case):
    statement, problem = WRONG[case]
    mapped.run(statement)
    states = dict(reversed(line) for line in SALES_DB.source().check())
    [found] = [text for text, state in states.items() if state == "FAIL"]
    assert problem in found
