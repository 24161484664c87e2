"""The website's figures of a day, which the report's queries return, are those of plain Python."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

import pytest

from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import at, days_from
from tests.oracle_customers import rounded

STEPS = ("session", "view_item", "add_to_cart", "begin_checkout", "purchase")
CONVERSION = dict(
    zip(
        STEPS,
        ("sessions", "viewed", "added", "checkout", "purchased"),
        strict=True,
    )
)
"""The column of `daily_conversion` with the sessions that reached a step."""
DEVICES = ("desktop", "mobile", "unknown")
SOURCES = ("sales_db", "storefront")
NOON = at("2026-03-02 17:00")
DAYS = days_from(MONDAY, 55)


@dataclass
class History:
    """Random web events and orders: `sessions` and `bots` by day, step and device; of each order its day, its
    source, and the day of its purchase event, if any."""

    read: set[date] = field(default_factory=set)
    sessions: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    bots: Counter[date] = field(default_factory=Counter)
    orders: list[tuple[date, str, date | None]] = field(default_factory=list)


def random_history(chance):
    """A history with days that were not read, 35 of them in a row, and days without a person's session."""
    history = History()
    for number, day in enumerate(DAYS):
        if not 3 <= number < 38 and chance.random() < 0.7:
            history.read.add(day)
        for device in DEVICES:
            count = chance.choice((0, 0, 3, 20, 40))
            for step in STEPS:
                if not count:
                    break
                history.sessions[day, step, device] = count
                count = chance.randint(0, count)
        history.bots[day] = chance.choice((0, 2, 5))
        for source in SOURCES:
            for _ in range(chance.randint(0, 4)):
                purchased = None
                if chance.random() < (0.2 if source == "sales_db" else 0.8):
                    purchased = day + timedelta(days=chance.choice((-1, 0, 1)))
                history.orders.append((day, source, purchased))
    return history


def store(shop, history):
    """Insert what the loads of web events and orders leave."""
    funnel = []
    for (day, step, device), count in history.sessions.items():
        row = {
            "business_date": day,
            "step": step,
            "device": device,
        }
        for referrer, part in (
            ("a", count // 2),
            ("b", count - count // 2),
        ):
            funnel.append({**row, "referrer": referrer, "sessions": part})
    for day, count in history.bots.items():
        row = {"business_date": day, "step": "session", "device": "bot"}
        funnel.append({**row, "referrer": "c", "bot_sessions": count})
    shop.insert("daily_funnel", funnel)
    shop.ran(sorted(history.read), ["web_events"])
    orders = []
    purchases = []
    for number, (day, source, purchased) in enumerate(history.orders):
        order = {
            "business_date": day,
            "source": source,
            "order_id": number,
        }
        orders.append({**order, "is_sale": True})
        if purchased:
            event = {"business_date": purchased, "order_id": number}
            # Browsers send some events twice.
            purchases += [event] * (1 + number % 2)
    # A test order, and an order that does not count.
    other = {
        "business_date": DAYS[-1],
        "source": "storefront",
    }
    orders.append({**other, "order_id": "test", "is_sale": True, "is_test": True})
    orders.append({**other, "order_id": "cancelled"})
    noon = dict.fromkeys(("ordered_at", "read_at"), NOON)
    shop.insert(
        "orders",
        orders,
        currency="USD",
        **noon,
    )
    noon = dict.fromkeys(("occurred_at", "received_at", "read_at"), NOON)
    shop.insert(
        "user_events",
        purchases,
        event_type="purchase",
        **noon,
    )


def expected_steps(history, day):
    """The rows of `website_steps.sql`: step, sessions, those of both compared days, sessions of bots."""
    recent = days_from(day - timedelta(days=28), 29)
    if not history.read.intersection(recent):
        return []
    if day not in history.read:
        return [(None, None, None, None, None)]
    sums = Counter()
    for (of_day, step, _), count in history.sessions.items():
        sums[of_day, step] += count
    rows = []
    for step in STEPS:
        is_reached = any((day, step, device) in history.sessions for device in DEVICES)
        if step != "session" and not is_reached:
            continue
        compared = []
        for back in (1, 7):
            then = day - timedelta(days=back)
            compared.append(sums[then, step] if then in history.read else None)
        rows.append((step, sums[day, step], *compared, history.bots[day]))
    return rows


def expected_devices(history, day):
    """The rows of `website_devices.sql`: device, sessions, purchases."""
    rows = []
    if day not in history.read:
        return rows
    for device in DEVICES:
        sessions = history.sessions[day, "session", device]
        if sessions:
            rows.append((device, sessions, history.sessions[day, "purchase", device]))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def expected_matches(history, day):
    """The rows of `matched_orders.sql`: source, orders, those with an event, their usual share."""
    rows = []
    for source in SOURCES:
        orders = {True: 0, False: 0}
        seen = {True: 0, False: 0}
        for of_day, of_source, purchased in history.orders:
            age = (day - of_day).days
            if of_source != source or of_day not in history.read or not 0 <= age <= 28:
                continue
            is_today = age == 0
            orders[is_today] += 1
            # No event after the next day is of an order of the 28 days before.
            if purchased and purchased <= day + timedelta(days=1):
                seen[is_today] += 1
        if not orders[True] and not orders[False]:
            continue
        usual = None
        share = Fraction(seen[True], orders[True] or 1)
        if orders[False]:
            share = Fraction(seen[False], orders[False])
            usual = rounded(share)
        if share >= Fraction(1, 2):
            rows.append((source, orders[True], seen[True], usual))
    return rows


def rows_of(shop, name, day):
    rows = shop.warehouse.query(f"report/daily_sales/{name}.sql", report_day=day)
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_steps_devices_and_matched_orders_of_random_days(shop, seed):
    history = random_history(random.Random(seed))
    store(shop, history)
    sessions = Counter()
    for row in shop.rows("daily_conversion"):
        for step, column in CONVERSION.items():
            sessions[row["business_date"], step, row["device"]] += row[column]
    assert +sessions == +history.sessions
    kinds = Counter()
    for day in [*DAYS[:3], *DAYS[30:]]:
        steps = rows_of(shop, "website_steps", day)
        assert steps == expected_steps(history, day), day
        devices = rows_of(shop, "website_devices", day)
        assert devices == expected_devices(history, day), day
        matches = rows_of(shop, "matched_orders", day)
        assert matches == expected_matches(history, day), day
        kinds["not loaded"] += not steps
        kinds["not read"] += steps == [(None,) * 5]
        kinds["read"] += len(steps) > 1
        kinds["matched"] += bool(matches)
    assert min(kinds.values()) >= 2, kinds
