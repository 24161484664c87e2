"""A forgotten customer is in no table, and every figure is as it was."""

import os
import subprocess
import sys
from datetime import date

import pytest

from demo.ledger import Ledger
from ecommerce.maintenance import erasure
from ecommerce.warehouse.client import connect
from tests.integration.company import HASH_KEY
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import of_all_days

pytestmark = pytest.mark.full

DAY = date(2026, 9, 1)
PLACES = ("orders", "order_lines", "customers")


@pytest.fixture
def company(start_company):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    run_day(DAY)
    return company


def hashes(company):
    """Every customer that any table names."""
    warehouse = connect()
    found = [
        warehouse.run(
            f"SELECT DISTINCT customer_hash FROM `{company.dataset}.{table}` {of_all_days(table)}", table
        )
        for table in PLACES
    ]
    return {row["customer_hash"] for rows in found for row in rows} - {None}


def without_customer(tables):
    return {
        name: sorted(repr({k: v for k, v in row.items() if k != "customer_hash"}) for row in rows)
        for name, rows in tables.items()
    }


def test_a_forgotten_customer_is_in_no_table_and_no_figure_changes(company, installation):
    order = next(order for order in company.shown.orders if order.email)
    before = company.warehouse()
    gone = erasure.customer_hash(f"  {order.email.upper()}\n", HASH_KEY)
    known = hashes(company)
    assert gone in known

    # Named in the way of somebody who types, on standard input.
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "forget-customer"],
        input=f"{order.email.upper()}\n",
        env=os.environ | {"PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "cleared: rows of customers: 1" in done.stdout
    assert order.email not in done.stdout + done.stderr
    after = company.warehouse()
    assert hashes(company) == known - {gone}
    assert without_customer(after) == without_customer(before)
    assert erasure.forget(order.email, connect()) == {}


def test_nobody_is_refused(company, installation):
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "forget-customer"],
        input="\n",
        env=os.environ | {"PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (1, "no e-mail address on standard input: nothing was removed\n")
