"""The sample queries of payments in docs/QUERIES.md answer the question of their heading."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.warehouse import adhoc_query
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    Payment,
    Payout,
    at,
    business_date,
)

pytestmark = pytest.mark.slow

NOW = at("2026-11-18 17:00")
LATELY = at("2026-10-29 17:00")
YESTERDAY = at("2026-11-17 17:00")
LAST_MONTH = at("2026-10-10 17:00")
LONG_AGO = at("2026-08-11 17:00")
LAST_PAYOUT = business_date(NOW)


@pytest.fixture
def asked(shop, repository):
    """Run the sample query of a heading on orders that are paid out, wait, and are not charged."""
    orders = [
        sold("1", LATELY),
        sold("2", YESTERDAY, unit_costs=[None]),
        sold("3", YESTERDAY, channel="market"),
        sold("4", LATELY),
    ]
    payments = [
        paid(
            "p1",
            "1",
            "100.00",
            fee="3.00",
            payout_id="b",
        ),
        paid(
            "p2",
            "2",
            "100.00",
            processed_at=YESTERDAY,
            fee="2.00",
        ),
        paid(
            "p3",
            "3",
            "-15.00",
            fee="0",
            payout_id="b",
            kind="commission",
        ),
        paid(
            "p4",
            None,
            "-1.00",
            fee="0",
            payout_id="b",
            kind="other",
        ),
        paid(
            "t",
            "1",
            "5.00",
            fee="0",
            payout_id="b",
            is_test=True,
        ),
        # The bank declined a payout; the next one repeats it.
        paid(
            "p5",
            "9",
            "99.00",
            fee="0",
            payout_id="c",
        ),
        paid(
            "p6",
            None,
            "99.00",
            fee="0",
            payout_id="b",
            kind="other",
        ),
        paid(
            "m1",
            None,
            "50.00",
            "1.50",
            LAST_MONTH,
            gateway="till",
        ),
        paid(
            "m2",
            None,
            "20.00",
            processed_at=LAST_MONTH,
            gateway="till",
        ),
        paid(
            "m3",
            None,
            "-9.00",
            "0",
            LAST_MONTH,
            kind="commission",
            gateway="till",
        ),
        paid(
            "m4",
            None,
            "7.00",
            processed_at=LAST_MONTH,
            gateway="bank",
        ),
        paid(
            "m5",
            None,
            "7.00",
            processed_at=LAST_MONTH,
            is_test=True,
        ),
        paid(
            "m6",
            None,
            "7.00",
            processed_at=LONG_AGO,
            payout_id="a",
        ),
    ]
    payouts = [
        Payout("a", LONG_AGO.date(), "6.50"),
        Payout("b", LAST_PAYOUT, "180.00"),
        Payout(
            "c",
            LAST_PAYOUT - timedelta(days=1),
            "99.00",
            status="failed",
        ),
    ]
    read = Folder(
        orders,
        "shopify",
        NOW,
        payments=payments,
        payouts=payouts,
    )
    shop.load(read, day=business_date(YESTERDAY))
    text = (repository / "docs" / "QUERIES.md").read_text()

    def ask(heading):
        section = text.split(f"## {heading}\n")[1]
        sql = re.search(r"```sql\n(.+?)```", section, re.DOTALL)[1]
        sql = sql.replace("CURRENT_DATE()", f"DATE '{NOW.date()}'")
        return list(adhoc_query.run_query(sql, shop.warehouse).rows)

    return ask


def sold(order_id, ordered_at, channel="web", unit_costs=("40",)):
    lines = [("Toys", "1", "100.00")]
    return Order(
        order_id,
        ordered_at,
        lines,
        source="shopify",
        channel=channel,
        unit_costs=unit_costs,
    )


def paid(payment_id, order_id, amount, fee=None, processed_at=LATELY, **values):
    return Payment(
        payment_id,
        order_id,
        processed_at,
        amount,
        fee,
        **values,
    )


def test_the_orders_of_a_payout(asked):
    rows = []
    for order_id, sold_on, kind, *amounts in asked("Which orders are in a payout"):
        rows.append((order_id, sold_on, kind, *map(float, amounts)))
    assert rows == [
        (None, None, "other", -1, 0, -1),
        (None, None, "other", 99, 0, 99),
        ("1", business_date(LATELY), "charge", 100, 3, 97),
        ("3", business_date(YESTERDAY), "commission", -15, 0, -15),
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
    newest = LAST_PAYOUT
    oldest = LONG_AGO
    assert rows == [
        (newest.year, newest.month, "USD", 1, 180, 18, 0, None),
        (
            oldest.year,
            oldest.month,
            "USD",
            1,
            Decimal("6.5"),
            0,
            Decimal("-0.5"),
            "a",
        ),
    ]
