"""What becomes of each event: typed, flagged, superseded, or rejected with a reason."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError
from ecommerce.events.loading import (
    refuse_expired,
    transform,
)
from tests.explained import findings
from tests.integration.raw_events import write_raw
from tests.rows import column_by, column_of

DAY = date(2026, 11, 18)
READ_AT = datetime(2026, 11, 19, 10, 30, tzinfo=UTC)
START = datetime(2026, 11, 18, 5, tzinfo=UTC)
NOON = "2026-11-18T17:00:00Z"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("SHOP_TIMEZONE", "EVENTS_RETENTION_DAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")


def transformed(folder, *events, end=READ_AT):
    """The loadable folder of a read of these events; what they do not say is said for them."""
    usual = {"event_id": "1", "occurred_at": NOON, "received_at": NOON}
    events = [event if "fault" in event else usual | event for event in events]
    raw = write_raw(
        folder,
        events,
        day=DAY,
        start=START,
        end=end,
        at=READ_AT,
    )
    return transform(raw, run_id="run")


def rows(manifest, table):
    if f"{table}.parquet" not in manifest.columns:
        return []
    return pq.read_table(manifest.file(f"{table}.parquet")).to_pylist()


REJECTED = {
    "missing_value": [
        {"event_id": ""},
        {"occurred_at": None},
        {"received_at": ""},
    ],
    "invalid_timestamp": [
        {"occurred_at": "yesterday", "order_id": "O-1"},
        {"occurred_at": "2026-11-18T17:00:00"},
        {"received_at": "2026-13-18T17:00:00Z"},
    ],
    "timestamp_out_of_range": [
        {"occurred_at": "1999-12-31T23:59:59Z"},
        {"occurred_at": "0001-01-01T00:00:00Z"},
        {"received_at": "1999-12-31T23:59:59Z"},
    ],
    "from_the_future": [
        {"occurred_at": "2026-11-18T18:00:00.000001Z"},
        {"occurred_at": "9999-12-31T23:59:59Z"},
    ],
    # 14 November ends at 05:00 on the 15th in UTC; the 18th begins at 05:00.
    "too_late": [{"occurred_at": "2026-11-15T04:59:59Z"}],
    "outside_window": [
        {"received_at": "2026-11-18T04:59:59Z", "occurred_at": "2026-11-18T04:00:00Z"},
        {"received_at": "2026-11-20T05:00:00Z"},
    ],
    "too_long": [
        {"event_id": "x" * 201},
        {"fault": "too_long", "raw": "{" * 1000},
    ],
    "not_json": [
        {"fault": "not_json", "raw": "<html>Zoë 07, ann@example.com"},
        {"fault": "not_json"},
    ],
}


def test_every_unusable_event_is_rejected_with_its_reason(tmp_path):
    events = []
    reasons = []
    for reason, examples in REJECTED.items():
        events += examples
        reasons += [reason] * len(examples)
    manifest = transformed(tmp_path, *events)
    assert rows(manifest, "user_events") == []
    found = sorted(
        rows(manifest, "rejected_rows"),
        key=lambda row: row["row_number"],
    )
    assert column_of(found, "reason") == reasons
    totals = manifest.control_totals
    assert totals["rejected"] == Counter(reasons)
    counts = (totals["rows_read"], totals["rows_accepted"], totals["user_events"])
    assert counts == (len(events), 0, 0)
    assert json.loads(found[-2]["raw"]) == {"shape": "<xxxx>xxx xx, <e-mail>"}
    assert set(column_of(found, "order_id")) == {None, "O-1"}
    details = set(column_of(found, "detail"))
    assert {"event_id is empty", "occurred_at = yesterday"} <= details


KEPT = [
    (
        {"occurred_at": "2026-11-18T18:00:00+00:00"},
        {"business_date": DAY, "is_skewed": True},
    ),
    (
        {
            "occurred_at": "2026-11-15T05:00:00Z",
            "received_at": "2026-11-19T04:59:59.9Z",
        },
        {"business_date": date(2026, 11, 15), "is_skewed": False},
    ),
    ({"occurred_at": "2026-11-19T02:00:00+09:00"}, {"business_date": DAY}),
    ({"event_type": "VIEW_ITEM"}, {"event_type": "VIEW_ITEM"}),
    ({"event_type": None}, {"event_type": None}),
    ({"sku": "", "device": ""}, {"sku": None, "device": None}),
    (
        {"sku": " MUG-01\u00a0", "order_id": "\ufeff'1001"},
        {"sku": "MUG-01", "order_id": "1001"},
    ),
    ({"event_type": "for ann@example.com"}, {"event_type": "for <e-mail>"}),
    ({"device": "ann@example.com"}, {"device": "<e-mail>"}),
]
HOSTS = {
    "https://www.Google.com/search?q=ann@example.com": "www.google.com",
    "http://ann:secret@Shop.example:8080/x": "shop.example",
    "android-app://com.google.android.gm/": "com.google.android.gm",
    "m.example.com/path": "m.example.com",
    "direct": "direct",
    "https://x.example?ref=https://y.example": "x.example",
    "//Cdn.example/x": "cdn.example",
    "": None,
    "ann@example.com": None,
    "ann%40example.com": None,
    "https://ann%40example.com/": None,
    "somebody told me": None,
}
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
AGENTS = {
    PHONE: ("Mobile Safari", False),
    "Googlebot/2.1 (+http://www.google.com/bot.html)": ("Googlebot", True),
    None: (None, False),
    "(" * 200_000: ("Other", False),
    "a " * 100_000: ("Other", False),
}


def test_an_event_is_kept_without_personal_data(tmp_path):
    cases = list(KEPT)
    for referrer, host in HOSTS.items():
        cases.append(({"referrer": referrer}, {"referrer_host": host}))
    for agent, (family, is_bot) in AGENTS.items():
        kept = {"browser_family": family, "is_bot": is_bot}
        cases.append(({"user_agent": agent}, kept))
    events = [case | {"event_id": str(place)} for place, (case, _) in enumerate(cases)]
    manifest = transformed(tmp_path, *events)
    assert rows(manifest, "rejected_rows") == []
    found = {int(row["event_id"]): row for row in rows(manifest, "user_events")}
    assert len(found) == len(cases)
    for place, (case, expected) in enumerate(cases):
        kept = {name: found[place][name] for name in expected}
        assert kept == expected, case
    (warning,) = findings(manifest.control_totals["warnings"])
    assert warning.startswith("1 event occurred after it was received")


def test_a_visitor_is_no_session_of_the_same_name_and_comes_first(tmp_path):
    manifest = transformed(
        tmp_path,
        {"event_id": "1", "visitor_id": "x"},
        {"event_id": "2", "visitor_id": "x", "session_id": "y"},
        {"event_id": "3", "visitor_id": "", "session_id": "x"},
        {"event_id": "4", "visitor_id": "", "session_id": None},
    )
    visitors = {}
    for row in rows(manifest, "user_events"):
        visitors[row["event_id"]] = row["visitor_hash"]
    assert visitors["1"] == visitors["2"] != visitors["3"]
    assert visitors["3"]
    assert visitors["4"] is None


def test_the_first_of_several_counts(tmp_path):
    later = "2026-11-18T18:30:00Z"
    manifest = transformed(
        tmp_path,
        {"received_at": later, "sku": "received later"},
        {"sku": "first"},
        {"occurred_at": "2026-11-18T16:59:59Z", "sku": "sent later"},
        {
            "occurred_at": "2026-11-18T19:00:00Z",
            "received_at": "2026-11-18T16:00:00Z",
            "sku": "impossible",
        },
        {"event_id": "2", "sku": "b"},
        {"event_id": "2", "sku": "a"},
    )
    kept = column_by(rows(manifest, "user_events"), "event_id", "sku")
    assert kept == {"1": "first", "2": "b"}
    totals = manifest.control_totals
    assert totals["rows_superseded"] == 3
    assert totals["rejected"] == {"from_the_future": 1}


def test_the_read_of_an_older_day_keeps_that_day_only(tmp_path):
    manifest = transformed(
        tmp_path,
        {"event_id": "of the day"},
        {
            "event_id": "of the next",
            "occurred_at": "2026-11-19T05:00:00Z",
            "received_at": "2026-11-19T05:00:00Z",
        },
        end=START + timedelta(days=4),
    )
    assert column_of(rows(manifest, "user_events"), "event_id") == ["of the day"]
    assert manifest.control_totals["rejected"] == {"other_day": 1}
    nothing = transformed(tmp_path / "nothing")
    assert rows(nothing, "user_events") == []
    assert nothing.control_totals["rows_read"] == 0


def test_a_day_whose_events_would_expire_at_once_is_refused(monkeypatch):
    monkeypatch.setenv("EVENTS_RETENTION_DAYS", "30")
    refuse_expired(day_window(date(2026, 10, 22), "America/New_York"), READ_AT)
    with pytest.raises(
        ConfigurationError, match="2026-10-22 is the first day that can be run"
    ):
        refuse_expired(day_window(date(2026, 10, 21), "America/New_York"), READ_AT)
