"""The ledger adds up, is the same everywhere, and has what the pipeline must cope with."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from demo.environment import FEW_ORDERS
from demo.ledger import SHOPIFY, STOREFRONT, Ledger
from demo.scenario import Scenario

LEDGER = Ledger(date(2026, 10, 28), 12)
END = datetime(2026, 11, 30, tzinfo=UTC)
CENT = Decimal("0.005")
PRINT_SNAPSHOT = """
from datetime import UTC, date, datetime, timedelta
from demo.ledger import Ledger
print(Ledger(date(2026, 10, 28), 3).as_of(datetime(2026, 11, 30, tzinfo=UTC)))
"""


def test_days_added_later_change_nothing():
    longer = replace(LEDGER, days=20)
    assert longer.histories[: len(LEDGER.histories)] == LEDGER.histories
    instant = datetime(2026, 11, 5, 12, tzinfo=UTC)
    assert longer.as_of(instant).files == LEDGER.as_of(instant).files
    assert replace(LEDGER, seed=2).as_of(END).orders != LEDGER.as_of(END).orders


def test_another_process_has_the_same_ledger():
    command = [sys.executable, "-c", PRINT_SNAPSHOT]
    environ = os.environ | {"PYTHONHASHSEED": "7"}
    printed = subprocess.check_output(command, env=environ, text=True)
    assert printed.strip() == str(replace(LEDGER, days=3).as_of(END))


def test_the_second_shop_sells_in_euro_from_the_first_day_on():
    scenario = Scenario(LEDGER.first_day)
    shop = scenario.second_shop(END)
    sold = {(order.source, order.currency) for order in shop.orders}
    assert sold == {("shopify_eu", "EUR")}
    assert {refund.source for refund in shop.refunds} == {"shopify_eu"}
    days = Counter(scenario.today(order.ordered_at) for order in shop.orders)
    assert min(days) == LEDGER.first_day
    assert max(days.values()) < 15


@pytest.mark.parametrize("day", [12, 13, 14])
def test_only_one_tuesday_of_the_demo_has_few_orders(day):
    """Also where the demo is started on a Tuesday, or on the day before or after."""
    scenario = Scenario.begin(datetime(2026, 10, day, 16, tzinfo=UTC))
    end = datetime(2026, 10, day + 14, tzinfo=UTC)
    orders = (
        *scenario.ledger(end).as_of(end).orders,
        *scenario.second_shop(end).orders,
    )
    counts = Counter(
        scenario.today(order.ordered_at)
        for order in orders
        if order.status not in ("cancelled", "pending")
    )
    newest = scenario.first_day + timedelta(days=7)
    few = []
    for of_day, count in counts.items():
        if scenario.first_day <= of_day <= newest and count < FEW_ORDERS * 1.15:
            few.append(of_day)
    [tuesday] = few
    assert tuesday.weekday() == 1
    assert counts[tuesday] < FEW_ORDERS * 0.9


def paid_for(order):
    if order.channel in (STOREFRONT, SHOPIFY):
        return order.merchandise + order.tax + order.shipping + order.fee
    return order.merchandise


@pytest.mark.parametrize("seed", [1, 2, 3, 5])
def test_nobody_gets_back_more_than_was_paid(seed):
    for history in replace(LEDGER, seed=seed).histories:
        order = history.versions[-1]
        paid = paid_for(order)
        refunded = Decimal(0)
        for refund in history.refunds:
            if not refund.deleted_at:
                refunded += refund.amount
        assert refunded <= paid + CENT
        if order.status == "cancelled":
            assert not history.refunds
        if order.status == "refunded":
            assert abs(refunded - paid) <= CENT
        elif order.channel == SHOPIFY:
            assert refunded < paid
