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
    SALES_DB,
    SHOPIFY,
    STOREFRONT,
    HeldFile,
    LateRefund,
    Ledger,
)
from demo.ledger.snapshots import Snapshot

FIRST = date(2026, 10, 28)
LEDGER = Ledger(FIRST, 12)
END = datetime(2026, 11, 30, tzinfo=UTC)
PAID = {
    "processing",
    "shipped",
    "delivered",
    "completed",
    "partially_refunded",
    "refunded",
}


def test_days_added_later_change_nothing_about_earlier_ones() -> None:
    longer = replace(LEDGER, days=20)
    assert longer.histories[: len(LEDGER.histories)] == LEDGER.histories
    instant = datetime(2026, 11, 5, 12, tzinfo=UTC)
    assert longer.as_of(instant).files == LEDGER.as_of(instant).files


def test_another_process_computes_the_same_facts() -> None:
    script = (
        "import datetime as d, hashlib; from demo.ledger import Ledger; "
        "books = Ledger(d.date(2026, 10, 28), 3).as_of(d.datetime(2026, 11, 30, tzinfo=d.UTC)); "
        "print(hashlib.sha256(repr(books).encode()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    snapshot = Ledger(FIRST, 3).as_of(END)
    assert other.stdout.strip() == hashlib.sha256(repr(snapshot).encode()).hexdigest()


def test_another_seed_is_another_company() -> None:
    assert replace(LEDGER, seed=2).as_of(END).orders != LEDGER.as_of(END).orders


def test_books_show_of_each_order_the_last_state_before_their_instant() -> None:
    instant = datetime(2026, 11, 4, 15, tzinfo=UTC)
    shown = {
        order.order_id: order
        for order in LEDGER.as_of(instant).orders
        if order.channel != PARTNER_FILES
    }
    later = 0
    for history in LEDGER.histories:
        if history.versions[0].channel == PARTNER_FILES:
            continue
        known = [
            version for version in history.versions if version.updated_at <= instant
        ]
        assert shown.get(history.versions[0].order_id) == (known[-1] if known else None)
        later += len(known) < len(history.versions)
    assert later > 10


def test_states_of_an_order_follow_each_other() -> None:
    for history in LEDGER.histories:
        updates = [version.updated_at for version in history.versions]
        assert updates == sorted(set(updates))
        assert {version.order_id for version in history.versions} == {
            history.versions[0].order_id
        }


def test_a_refund_is_in_the_books_from_its_booking_until_it_is_deleted() -> None:
    refund = next(
        r
        for h in LEDGER.histories
        for r in h.refunds
        if r.deleted_at and r.channel == STOREFRONT
    )
    blink = timedelta(microseconds=1)

    def is_shown(instant: datetime) -> bool:
        return refund in LEDGER.as_of(instant).refunds

    assert [is_shown(refund.updated_at - blink), is_shown(refund.updated_at)] == [
        False,
        True,
    ]
    assert [is_shown(refund.deleted_at - blink), is_shown(refund.deleted_at)] == [
        True,
        False,
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_gets_back_more_than_was_paid(seed: int) -> None:
    for history in replace(LEDGER, seed=seed).histories:
        order = history.versions[-1]
        paid = order.merchandise
        if order.channel in (STOREFRONT, SHOPIFY):
            paid += order.tax + order.shipping + order.fee
        given_back = sum(
            (r.amount for r in history.refunds if not r.deleted_at), Decimal(0)
        )
        assert given_back <= paid + Decimal("0.005")
        assert not (history.refunds and order.status == "cancelled")
        if order.status == "refunded":
            assert abs(given_back - paid) <= Decimal("0.005")


def test_a_day_has_its_first_and_last_second_and_both_hours_of_a_repeated_one() -> None:
    day = date(2026, 11, 1)  # 25 hours in New York
    ordered = {channel: [] for channel in CHANNELS}
    for history in Ledger(day, 1).histories:
        ordered[history.versions[0].channel].append(history.versions[0].ordered_at)
    for instants in ordered.values():
        assert min(instants) == datetime(2026, 11, 1, 4, tzinfo=UTC)
        assert max(instants) == datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC)
        local = (
            instant.astimezone(ZoneInfo("America/New_York")) for instant in instants
        )
        shown = Counter(f"{clock:%Y-%m-%d %H:%M}" for clock in local)
        assert shown["2026-11-01 01:17"] >= 2


def test_a_day_of_23_hours_ends_an_hour_early() -> None:
    instants = [
        history.versions[0].ordered_at
        for history in Ledger(date(2026, 3, 8), 1).histories
    ]
    assert max(instants) - min(instants) == timedelta(hours=23) - timedelta(seconds=1)


def test_one_person_is_known_by_one_address_in_every_channel() -> None:
    addresses = {
        channel: {
            order.email for order in _snapshot().orders_of(channel) if order.email
        }
        for channel in CHANNELS
    }
    plain = [
        {address.strip().lower() for address in known} for known in addresses.values()
    ]
    assert set.intersection(*plain)
    assert addresses[SALES_DB] & addresses[STOREFRONT] != plain[0] & plain[1]


def _snapshot() -> Snapshot:
    return replace(LEDGER, days=30).as_of(datetime(2026, 12, 20, tzinfo=UTC))


def test_the_company_has_everything_the_pipeline_must_cope_with() -> None:
    snapshot = _snapshot()
    orders, order_ids = (
        snapshot.orders,
        {(order.channel, order.order_id) for order in snapshot.orders},
    )
    have = {
        "a test order that is paid": any(
            o.is_test and o.status in PAID for o in orders
        ),
        "a cancelled order": any(o.status == "cancelled" for o in orders),
        "an unknown status in each channel that can have one": {
            o.channel for o in orders if o.status in {"packed", "in_transfer"}
        }
        | {o.channel for o in orders if o.status == "awaiting_customs"}
        == {*CHANNELS} - {SHOPIFY},
        "a status in another letter case": any(o.status == "Completed" for o in orders),
        "a trashed order": any(o.status == "trash" for o in orders),
        "an order entered after its day": any(
            h.versions[0].updated_at - h.versions[0].ordered_at > timedelta(hours=1)
            for h in LEDGER.histories
        ),
        "an order moved to another date": any(
            len({v.ordered_at for v in h.versions}) > 1 for h in LEDGER.histories
        ),
        "a line taken out": any(
            len(h.versions[-1].lines) < len(h.versions[0].lines)
            for h in LEDGER.histories
        ),
        "a currency without rate": {o.currency for o in orders}
        - {r.currency for r in snapshot.rates}
        - {"EUR"}
        != set(),
        "a currency without decimals": any(o.currency == "JPY" for o in orders),
        "a coupon": any(o.coupon_code for o in orders),
        "shipping and a fee": any(o.shipping and o.fee for o in orders),
        "a guest": any(o.customer_id is None for o in orders if o.channel == SALES_DB),
        "no country": any(o.country_code is None for o in orders),
        "a line to reject": any(line.reject_reason for o in orders for line in o.lines),
        "a fractional quantity": any(
            line.quantity % 1 for o in orders for line in o.lines
        ),
        "a price below a cent's half": any(
            line.unit_price == Decimal("0.0375") for o in orders for line in o.lines
        ),
        "a free product without category": any(
            not line.gross and line.category is None for o in orders for line in o.lines
        ),
        "a refund of a line": any(r.lines for r in snapshot.refunds),
        "a refund of a whole order": any(
            not r.lines and r.quantity for r in snapshot.refunds
        ),
        "goodwill": any(not r.lines and not r.quantity for r in snapshot.refunds),
        "a refund booked a day late": any(
            r.updated_at - r.refunded_at > timedelta(days=1) for r in snapshot.refunds
        ),
        "a refund without order": any(
            (r.channel, r.order_id) not in order_ids for r in snapshot.refunds
        ),
        "a day on which a partner sends nothing": len(snapshot.files) < 2 * 30,
        "a repeated row": any(file.repeated for file in snapshot.files),
        "bad rows": {bad.reason for file in snapshot.files for bad in file.bad_rows}
        == {
            "invalid_number",
            "invalid_quantity",
            "invalid_timestamp",
            "negative_price",
            "malformed_line",
        },
    }
    assert [what for what, present in have.items() if not present] == []


def test_rates_are_published_on_working_days_in_the_afternoon() -> None:
    friday = datetime(2026, 11, 6, 15, tzinfo=UTC)
    before = LEDGER.as_of(friday - timedelta(seconds=1)).rates
    assert max(rate.rate_date for rate in before) == date(2026, 11, 5)
    assert max(
        rate.rate_date for rate in LEDGER.as_of(friday + timedelta(days=2)).rates
    ) == date(2026, 11, 6)


def test_an_order_left_out_of_a_second_delivery_is_gone() -> None:
    ledger = replace(LEDGER, days=30)
    again = next(
        later
        for later in ledger.deliveries
        if any(
            file.name == later.name and file.received_at < later.received_at
            for file in ledger.deliveries
        )
    )
    before = ledger.as_of(again.received_at - timedelta(seconds=1))
    after = ledger.as_of(again.received_at)
    gone = {o.order_id for o in before.orders_of(PARTNER_FILES)} - {
        o.order_id for o in after.orders_of(PARTNER_FILES)
    }
    assert len(gone) == 1
    assert [file.received_at for file in after.files if file.name == again.name] == [
        again.received_at
    ]


def test_a_held_file_comes_when_it_is_released() -> None:
    day, released = FIRST + timedelta(days=2), datetime(2026, 11, 8, 9, tzinfo=UTC)
    name = f"alpenmarkt_{day}.csv"
    held = replace(LEDGER, held_files=(HeldFile("alpenmarkt", day, None),))
    assert name not in {file.name for file in held.as_of(END).files}
    late = replace(LEDGER, held_files=(HeldFile("alpenmarkt", day, released),))
    assert name not in {
        file.name for file in late.as_of(released - timedelta(seconds=1)).files
    }
    assert {
        file.received_at for file in late.as_of(released).files if file.name == name
    } == {released}
    assert late.as_of(END).orders == LEDGER.as_of(END).orders


def test_a_late_refund_touches_one_order_only() -> None:
    day, booked_at = FIRST + timedelta(days=3), datetime(2026, 11, 6, 16, tzinfo=UTC)
    late = replace(LEDGER, late_refunds=(LateRefund(day, booked_at),))
    different = [
        new
        for old, new in zip(LEDGER.histories, late.histories, strict=True)
        if old != new
    ]
    assert len(different) == 1
    (refund,) = different[0].refunds
    assert refund.updated_at == booked_at
    assert refund.refunded_at.astimezone(ZoneInfo("America/New_York")).date() == day
    bumped = next(
        order for order in different[0].versions if order.updated_at == booked_at
    )
    assert bumped.status == "partially_refunded"
