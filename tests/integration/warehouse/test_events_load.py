"""Web events → sessions and funnel: as the contract says, whatever order the loads come in."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import yaml

from ecommerce.warehouse.client import connect
from tests.integration.conftest import FULL_MATRIX
from tests.integration.warehouse.conftest import open_shop
from tests.integration.warehouse.loadable import at, days_from
from tests.integration.warehouse.random_events import fill
from tests.integration.warehouse.web_events import FIREFOX, STATE, Website

MONDAY = date(2026, 11, 16)
TUESDAY = date(2026, 11, 17)
WEDNESDAY = date(2026, 11, 18)
AN_OLDER_DAY = date(2026, 11, 12)
LATER = at("2026-12-10 10:30")
AWKWARD = Path(__file__).with_name("awkward_events.yaml")


def morning_after(day, zone="America/New_York"):
    """When the scheduled run of `day` begins."""
    next_day = day + timedelta(days=1)
    local = datetime.combine(next_day, time(5, 30), ZoneInfo(zone))
    return local.astimezone(UTC)


@pytest.fixture
def website(shop):
    return Website(shop)


@pytest.fixture
def website_in_berlin(bigquery_emulator, monkeypatch, tmp_path, lend_dataset):
    with lend_dataset() as dataset:
        shop = open_shop(
            bigquery_emulator,
            monkeypatch,
            tmp_path,
            dataset,
        )
        shop.sql("DELETE FROM sales.warehouse_settings WHERE TRUE")
        monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Berlin")
        shop.warehouse = connect()
        yield Website(shop)


def awkward(website):
    """Three days of awkward_events.yaml, bots by rate, and somebody who never sleeps."""
    for event in yaml.safe_load(AWKWARD.read_text()):
        event["at"] = at(event["at"])
        if "received" in event:
            event["received"] = at(event["received"])
        website.add(**event)
    evening = at("2026-11-18 22:00")
    morning = at("2026-11-16 06:00")
    for number in range(100):
        moment = evening + timedelta(seconds=2 * number)
        website.add(
            f"j{number}",
            moment,
            "scroll",
            visitor_id="quick",
        )
        moment += timedelta(seconds=number * 0.1)
        website.add(
            f"k{number}",
            moment,
            "scroll",
            visitor_id="human",
        )
        awake = morning + timedelta(minutes=29 * number)
        website.add(
            f"l{number}",
            awake,
            visitor_id="owl",
        )


def test_three_days_are_those_of_the_oracle_and_stay_so_when_they_are_run_again(
    website,
):
    awkward(website)
    since = None
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        morning = morning_after(day)
        website.run(day, morning, since)
        since = morning - timedelta(minutes=30)
    assert website.differences() == ""
    sessions = website.shop.rows("sessions", "is_bot")
    assert sum(row["is_bot"] for row in sessions) == 2
    counts = website.shop.rows("daily_events", "bot_events")
    assert sum(row["bot_events"] for row in counts) == 1
    before = website.state()
    website.run(MONDAY, LATER)  # a backfill
    hour_later = morning_after(WEDNESDAY) + timedelta(hours=1)
    website.run(
        WEDNESDAY,
        hour_later,
        since - timedelta(days=1),
    )
    assert website.state() == before
    rejected = website.shop.tuples("rejected_rows", "reason")
    assert rejected == [("from_the_future",), ("too_late",)]


def shown(website):
    """The days whose website figures a report shows."""
    days = []
    for day in (AN_OLDER_DAY, MONDAY, TUESDAY, WEDNESDAY):
        path = "report/daily_sales/website_steps.sql"
        rows = website.shop.warehouse.query(path, report_day=day)
        if rows and rows[0]["step"]:
            days.append(day)
    return days


def test_a_day_of_which_only_the_end_was_read_is_not_shown(website):
    awkward(website)
    noon = at("2026-11-16 17:00")
    website.run(WEDNESDAY, morning_after(WEDNESDAY), noon)
    assert shown(website) == [TUESDAY, WEDNESDAY]


def test_the_report_shows_days_that_were_read_and_not_what_their_neighbours_brought(
    website,
):
    awkward(website)
    # An older day, without events: nothing around it.
    website.run(AN_OLDER_DAY, at("2026-11-16 12:00"))
    # It brings the first events of Tuesday, whose own run fails.
    website.run(MONDAY, morning_after(MONDAY))
    assert (TUESDAY,) in website.shop.tuples("daily_funnel", "business_date")
    assert shown(website) == [AN_OLDER_DAY, MONDAY]
    since = morning_after(MONDAY) - timedelta(minutes=30)
    website.run(WEDNESDAY, morning_after(WEDNESDAY), since)
    assert shown(website) == [AN_OLDER_DAY, MONDAY, TUESDAY, WEDNESDAY]


ZONES = {
    "new_york": [
        date(2026, 3, 6),
        date(2026, 10, 30),
    ],
    "berlin": [
        date(2026, 3, 27),
        date(2026, 10, 23),
    ],
}
"""The first of five days of which the third has 23 or 25 hours."""
SEEDS = [0, 3, 4, 7] if FULL_MATRIX else [3, 4]
"""All of them: both clock changes in both zones."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_random_histories_in_random_order_are_those_of_the_oracle(seed, request):
    random = Random(seed)
    zone = random.choice(sorted(ZONES))
    site = request.getfixturevalue(
        "website_in_berlin" if zone == "berlin" else "website"
    )
    first = random.choice(ZONES[zone])
    left_out = fill(
        site,
        random,
        first,
        days=5,
    )
    # The step counts in the sessions of the first three days, and no longer in those of the next one.
    old_day = first - timedelta(days=25)
    site.add("old", at(f"{old_day} 17:00"), left_out, visitor_id="old")
    days = [old_day, *days_from(first - timedelta(days=1), 7)]
    shuffled = random.sample(days, len(days))
    if seed % 3 == 0:  # day by day, as the schedule does, some days twice
        since = None
        for number in range(-1, 11):
            day = first + timedelta(days=number)
            morning = morning_after(day, site.timezone)
            site.run(day, morning, since)
            since = morning - timedelta(minutes=30)
        shuffled = [old_day, *shuffled[:2]]
    for day in shuffled:
        site.run(day, at("2026-12-10 10:30"))
    assert site.differences() == ""


def test_nothing_that_names_a_person_is_in_any_table(website):
    secrets = [
        "visitor-7f3a",
        "session-91bc",
        "ann@example.com",
        FIREFOX,
        "rv:140.0",
        "/private/path",
    ]
    website.add(
        "ann@example.com",
        at("2026-11-16 15:00"),
        visitor_id="visitor-7f3a",
        session_id="session-91bc",
        sku="for ann@example.com",
        device="of ann@example.com",
        referrer="https://ann@example.com/private/path?mail=ann@example.com",
        order_id="ann@example.com",
    )
    invalid = {
        "event_id": "1",
        "occurred_at": "by ann@example.com",
        "received_at": "2026-11-16T15:00:00Z",
        "visitor_id": "visitor-7f3a",
        "session_id": "session-91bc",
        "user_agent": FIREFOX,
        "sku": "ann@example.com",
    }
    raw = f'{{"visitor_id": visitor-7f3a, {FIREFOX} ann@example.com'
    not_json = {"fault": "not_json", "raw": raw}
    too_long = {"fault": "too_long", "raw": '{"session_id": "session-91bc"}'}
    website.events += [invalid, not_json, too_long]
    website.run(MONDAY, morning_after(MONDAY))
    assert len(website.shop.rows("sessions")) == 1
    for table in (*STATE, "rejected_rows", "load_audit"):
        rows = repr(website.shop.rows(table))
        assert not [secret for secret in secrets if secret in rows], table
    assert website.shop.by("rejected_rows", "reason", "detail") == {
        "invalid_timestamp": "occurred_at = by <e-mail>",
        "not_json": "line",
        "too_long": "line",
    }
