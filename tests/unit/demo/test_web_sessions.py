import json
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import crawleruseragents
import pytest

from demo.ledger import STOREFRONT, Ledger
from demo.ledger.web_sessions import (
    ADD,
    CHECKOUT,
    MOST_LATE,
    OUTAGE_AFTER,
    PURCHASE,
    VIEW,
)
from demo.seeders import web_events

MOVED_ON = date(2026, 11, 9)
LEDGER = Ledger(MOVED_ON, 13, old_months=1)
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
OUTAGE = MOVED_ON + OUTAGE_AFTER


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was received until `NOW`."""
    folder = tmp_path_factory.mktemp("events")
    web_events.fill(folder, LEDGER, NOW)
    return folder


@pytest.fixture(scope="module")
def received(folder: Path) -> list[dict[str, Any]]:
    """The sound events, in the order of their receipt."""
    lines = [
        line
        for file in sorted(folder.iterdir())
        for line in file.read_text().splitlines()
    ]
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in found if event.get("received_at")]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def sold_on(day: date) -> set[str]:
    """The ids of the storefront's orders of a day."""
    start, end = LEDGER.shop.window(day)
    orders = (history.versions[0] for history in LEDGER.histories)
    return {
        o.order_id
        for o in orders
        if o.channel == STOREFRONT and start <= o.ordered_at < end
    }


def test_a_file_holds_an_hour_in_order_of_receipt(folder: Path) -> None:
    files = sorted(folder.iterdir())
    assert (files[0].name, files[-1].name) == (
        "2026-11-09T05.ndjson",
        "2026-11-21T07.ndjson",
    )
    assert len(files) == 12 * 24 + 3
    for file in files:
        times = re.findall(r'"received_at":"([^"]+)"', file.read_text())
        assert times == sorted(times)
        assert all(time.startswith(file.stem) for time in times)
    assert max(map(instant, times)) <= NOW


def test_hours_that_are_over_are_left_alone_and_it_ends_in_the_same_files(
    folder: Path, tmp_path: Path
) -> None:
    for at in (NOW - timedelta(days=2, minutes=17), NOW - timedelta(minutes=40), NOW):
        web_events.fill(tmp_path, LEDGER, at)
    untouched = tmp_path / "2026-11-12T10.ndjson"
    assert (
        untouched.stat().st_mtime == (NOW - timedelta(days=2, minutes=17)).timestamp()
    )
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in folder.iterdir()
    }


def test_some_visits_leave_before_they_look_at_a_product(received) -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for event in received:
        if event.get("session_id"):
            kinds[event["session_id"]].add(event["event_type"])
    viewed = sum(VIEW in each for each in kinds.values()) / len(kinds)
    assert 0.65 < viewed < 0.8


def test_nearly_every_order_is_seen_but_where_tracking_broke(received) -> None:
    bought = {
        event["order_id"] for event in received if event["event_type"] == PURCHASE
    }
    for day in LEDGER.business_days[:-1]:
        share = len(sold_on(day) & bought) / len(sold_on(day))
        assert share < 0.8 if day == OUTAGE else share > 0.85, day
    assert bought <= {
        order_id for day in LEDGER.business_days for order_id in sold_on(day)
    }


def test_a_day_has_some_thousand_events(received) -> None:
    for day in LEDGER.business_days[1:-1]:
        start, end = LEDGER.shop.window(day)
        events = sum(start <= instant(event["occurred_at"]) < end for event in received)
        assert 1500 < events < 6000


def test_a_purchase_comes_after_cart_and_checkout_of_its_session(received) -> None:
    sessions = defaultdict(list)
    for event in received:
        sessions[event["session_id"]].append(event)
    for session_id, events in sessions.items():
        kinds = [
            event["event_type"]
            for event in sorted(events, key=lambda event: event["occurred_at"])
        ]
        if session_id and {ADD, CHECKOUT, PURCHASE} <= set(
            kinds
        ):  # an event may have lost its session
            assert kinds.index(ADD) < kinds.index(CHECKOUT) < kinds.index(PURCHASE)


def test_the_website_has_everything_the_pipeline_must_cope_with(
    folder: Path, received
) -> None:
    by_session, by_id = defaultdict(list), defaultdict(list)
    for event in received:
        by_session[event["session_id"]].append(event)
        by_id[event["event_id"]].append(event)
    kinds = [
        {event["event_type"] for event in events} for events in by_session.values()
    ]
    delays = [
        instant(event["received_at"]) - instant(event["occurred_at"])
        for event in received
    ]
    start, end = LEDGER.shop.window(MOVED_ON + timedelta(days=2))
    day = [event for event in received if start <= instant(event["occurred_at"]) < end]
    viewed, bought = (
        {event["sku"] for event in day if event["event_type"] == kind}
        for kind in (VIEW, PURCHASE)
    )
    texts = "".join(file.read_text() for file in folder.iterdir())
    midnights = [
        LEDGER.shop.window(day)[0].isoformat() for day in LEDGER.business_days[1:]
    ]
    have = {
        "abandoned carts": sum(ADD in each and PURCHASE not in each for each in kinds)
        > 50,
        "a session of a purchase": sum(PURCHASE in each for each in kinds) > 200,
        "products viewed and not bought": bool(viewed - bought),
        "crawlers": any(
            crawleruseragents.is_crawler(event["user_agent"] or "")
            for event in received
        ),
        "somebody too quick for a person": max(map(len, by_session.values())) > 100,
        "late events": max(delays) > timedelta(days=1),
        "none too late but by a wrong clock": all(
            delay < MOST_LATE or delay > timedelta(days=300) for delay in delays
        ),
        "a clock that is fast": min(delays) < -timedelta(hours=1),
        "duplicates": any(len(events) > 1 for events in by_id.values()),
        "other kinds": "search" in {kind for each in kinds for kind in each},
        "a sku the catalogue has not": "RETIRED-07"
        in viewed | {event["sku"] for event in received},
        "no ids": any(
            not event["session_id"] and not event["visitor_id"] for event in received
        ),
        "no visitor": any(
            event["session_id"] and not event["visitor_id"] for event in received
        ),
        "no referrer": any(not event["referrer"] for event in received),
        "devices": {event["device"] for event in received}
        >= {"desktop", "mobile", "tablet", None},
        "lines that are no events": all(
            text in texts for text in ("<html>", "\n[]\n", "\nnull\n", "cut-off")
        ),
        "a line that is too long": max(map(len, texts.splitlines())) > 256 * 1024,
        "a session across midnight": any(
            events[0]["occurred_at"] < midnight < events[-1]["occurred_at"]
            for events in by_session.values()
            for midnight in midnights
            if len(events) < 20
        ),
    }
    assert [what for what, present in have.items() if not present] == []


def test_a_visitor_comes_back(received) -> None:
    days = defaultdict(set)
    for event in received:
        days[event["visitor_id"]].add(event["occurred_at"][:10])
    del days[None]
    assert any(
        (date.fromisoformat(later) - date.fromisoformat(earlier)).days > 1
        for known in days.values()
        for earlier, later in pairwise(sorted(known))
    )
