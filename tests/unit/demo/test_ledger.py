"""The ledger adds up, is the same everywhere, and has what the pipeline must cope with."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from demo.ledger import SHOPIFY, STOREFRONT, Ledger

FIRST = date(2026, 10, 28)
LEDGER = Ledger(FIRST, 12)
END = datetime(
    2026,
    11,
    30,
    tzinfo=UTC,
)


def test_days_added_later_and_other_processes_change_nothing():
    longer = replace(LEDGER, days=20)
    assert longer.histories[: len(LEDGER.histories)] == LEDGER.histories
    instant = datetime(
        2026,
        11,
        5,
        12,
        tzinfo=UTC,
    )
    assert longer.as_of(instant).files == LEDGER.as_of(instant).files
    assert replace(LEDGER, seed=2).as_of(END).orders != LEDGER.as_of(END).orders
    script = (
        "import datetime as d, hashlib; from demo.ledger import Ledger; "
        "books = Ledger(d.date(2026, 10, 28), 3).as_of("
        "d.datetime(2026, 11, 30, tzinfo=d.UTC)); "
        "print(hashlib.sha256(repr(books).encode()).hexdigest())"
    )
    printed = subprocess.check_output(
        [
            sys.executable,
            "-c",
            script,
        ],
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    snapshot = repr(Ledger(FIRST, 3).as_of(END))
    digest = hashlib.sha256(snapshot.encode()).hexdigest()
    assert printed.decode().strip() == digest


@pytest.mark.parametrize(
    "seed",
    [
        1,
        2,
        3,
    ],
)
def test_nobody_gets_back_more_than_was_paid(seed):
    for history in replace(LEDGER, seed=seed).histories:
        order = history.versions[-1]
        paid = order.merchandise
        if order.channel in (STOREFRONT, SHOPIFY):
            paid += order.tax + order.shipping + order.fee
        refunded = Decimal(0)
        for refund in history.refunds:
            if not refund.deleted_at:
                refunded += refund.amount
        assert refunded <= paid + Decimal("0.005")
        assert not (history.refunds and order.status == "cancelled")
        if order.status == "refunded":
            assert abs(refunded - paid) <= Decimal("0.005")
