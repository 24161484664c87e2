"""The sample queries of payments in docs/QUERIES.md answer the question of their heading."""

import re
from datetime import date
from decimal import Decimal

import pytest

from ecommerce.warehouse import adhoc_query
from tests.integration.warehouse.loadable import read_folders
from tests.recipes import REPOSITORY

pytestmark = pytest.mark.slow

FOLDERS = read_folders("payment_queries.yaml")
TODAY = date(2026, 11, 18)
YESTERDAY = date(2026, 11, 17)
LATELY = date(2026, 10, 29)


@pytest.fixture(scope="module")
def asked(lend_shop):
    """Run the sample query of a heading on orders that are paid out, wait, and are not charged."""
    text = (REPOSITORY / "docs" / "QUERIES.md").read_text()
    with lend_shop() as shop:
        shop.load(*FOLDERS["paid"], day=YESTERDAY)

        def ask(heading):
            section = text.split(f"## {heading}\n")[1]
            sql = re.search(r"```sql\n(.+?)```", section, re.DOTALL)[1]
            sql = sql.replace("CURRENT_DATE()", f"DATE '{TODAY}'")
            return list(adhoc_query.run_query(sql, shop.warehouse).rows)

        yield ask


def test_the_orders_of_a_payout(asked):
    rows = []
    for order_id, sold_on, kind, *amounts in asked("Which orders are in a payout"):
        rows.append((order_id, sold_on, kind, *map(float, amounts)))
    assert rows == [
        (None, None, "other", -1, 0, -1),
        (None, None, "other", 99, 0, 99),
        ("1", LATELY, "charge", 100, 3, 97),
        ("3", YESTERDAY, "commission", -15, 0, -15),
    ]


def test_what_is_not_paid_out(asked):
    # Order 4 was not charged; 2 waits. What was declined has arrived.
    assert asked("What is not paid out yet") == [("web", 2, 198, 19, 1, 100)]


def test_what_a_gateway_cost(asked):
    rows = asked("What each gateway cost last month")
    assert ("till", "USD", 70, Decimal("10.5"), 1) in rows
    assert ("bank", "USD", 7, 0, 1) in rows


def test_what_a_channel_earns(asked):
    # The market has a commission and a cost; the web an order without a fee, and one without a cost.
    assert asked("Which channel earns most after fees") == [
        ("web", 300, 100, 57, 57),
        ("market", 100, 100, 45, 45),
    ]


def test_whether_the_bank_statement_adds_up(asked):
    rows = []
    for month, *figures in asked("Does the bank statement add up"):
        rows.append((month.year, month.month, *figures))
    assert rows == [
        (2026, 11, "USD", 1, 180, 18, 0, None),
        (2026, 8, "USD", 1, Decimal("6.5"), 0, Decimal("-0.5"), "a"),
    ]
