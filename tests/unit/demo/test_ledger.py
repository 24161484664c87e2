"""The ledger adds up, is the same everywhere, and has what the pipeline must cope with."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from demo.ledger import (
    CHANNELS,
    PARTNER_FILES,
    SHOPIFY,
    STOREFRONT,
    Ledger,
)

FIRST = date(2026, 10, 28)
LEDGER = Ledger(FIRST, 12)
END = datetime(2026, 11, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)


def test_days_added_later_and_other_processes_change_nothing():
    longer = replace(LEDGER, days=20)
    assert longer.histories[: len(LEDGER.histories)] == LEDGER.histories
    instant = datetime(2026, 11, 5, 12, tzinfo=UTC)
    assert longer.as_of(instant).files == LEDGER.as_of(instant).files
    assert replace(LEDGER, seed=2).as_of(END).orders != LEDGER.as_of(END).orders
    script = (
        "import datetime as d, hashlib; from demo.ledger import Ledger; "
        "books = Ledger(d.date(2026, 10, 28), 3).as_of("
        "d.datetime(2026, 11, 30, tzinfo=d.UTC)); "
        "print(hashlib.sha256(repr(books).encode()).hexdigest())"
    )
    printed = subprocess.check_output(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": "7"}
    )
    snapshot = repr(Ledger(FIRST, 3).as_of(END))
    digest = hashlib.sha256(snapshot.encode()).hexdigest()
    assert printed.decode().strip() == digest


def test_a_snapshot_has_the_last_state_of_each_order_before_its_instant():
    instant = datetime(2026, 11, 4, 15, tzinfo=UTC)
    orders = {order.order_id: order for order in LEDGER.as_of(instant).orders}
    changed_later = 0
    for history in LEDGER.histories:
        first = history.versions[0]
        updates = [version.updated_at for version in history.versions]
        assert updates == sorted(set(updates))
        if first.channel != PARTNER_FILES:
            known = [each for each in history.versions if each.updated_at <= instant]
            assert orders.get(first.order_id) == (known[-1] if known else None)
            changed_later += len(known) < len(history.versions)
    assert changed_later > 10


def test_a_refund_is_shown_from_its_booking_until_it_is_deleted():
    refunds = [refund for history in LEDGER.histories for refund in history.refunds]
    deleted = [r for r in refunds if r.deleted_at and r.channel == STOREFRONT]
    refund = deleted[0]
    for instant, is_shown in (
        (refund.updated_at - SECOND, False),
        (refund.updated_at, True),
        (refund.deleted_at - SECOND, True),
        (refund.deleted_at, False),
    ):
        assert (refund in LEDGER.as_of(instant).refunds) is is_shown


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_gets_back_more_than_was_paid(seed):
    for history in replace(LEDGER, seed=seed).histories:
        order = history.versions[-1]
        paid = order.merchandise
        if order.channel in (STOREFRONT, SHOPIFY):
            paid += order.tax + order.shipping + order.fee
        refunds = [refund for refund in history.refunds if not refund.deleted_at]
        refunded = sum((refund.amount for refund in refunds), Decimal(0))
        assert refunded <= paid + Decimal("0.005")
        assert not (history.refunds and order.status == "cancelled")
        if order.status == "refunded":
            assert abs(refunded - paid) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        (date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
    ],
)
def test_a_day_has_its_first_and_last_second_in_every_channel(day, start, hours):
    ordered = {channel: [] for channel in CHANNELS}
    for history in Ledger(day, 1).histories:
        order = history.versions[0]
        ordered[order.channel].append(order.ordered_at)
    for instants in ordered.values():
        assert min(instants) == start
        assert max(instants) == start + timedelta(hours=hours) - SECOND
        local = [instant.astimezone(NEW_YORK) for instant in instants]
        minutes = Counter(f"{clock:%H:%M}" for clock in local)
        assert hours == 23 or minutes["01:17"] >= 2  # in both hours of this name


def test_the_company_has_what_the_pipeline_must_reject_or_treat_specially():
    snapshot = replace(LEDGER, days=30).as_of(datetime(2026, 12, 20, tzinfo=UTC))
    statuses = {order.status for order in snapshot.orders}
    assert statuses >= {"cancelled", "packed", "in_transfer", "Completed", "trash"}
    currencies = {order.currency for order in snapshot.orders}
    assert currencies - {rate.currency for rate in snapshot.rates} > {"EUR"}
    assert any(order.is_test for order in snapshot.orders)
    assert any(file.repeated for file in snapshot.files)
    bad_rows = [row for file in snapshot.files for row in file.bad_rows]
    assert {row.reason for row in bad_rows} == {
        "invalid_number",
        "invalid_quantity",
        "invalid_timestamp",
        "negative_price",
        "malformed_line",
    }
