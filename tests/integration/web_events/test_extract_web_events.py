"""Web events over HTTP: which lines a read has, and what becomes of each value."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from demo.services.web_events import EventFault
from ecommerce.core.business_day import BusinessDay, day_window
from tests.explained import findings
from tests.integration.web_events.reading import (
    DAY,
    NEW_YORK,
    Serve,
    at,
    connect,
    event,
    ids,
    keep,
    keep_raw,
    newest,
    older,
    rows,
    z,
)

VALUES = (
    "event_id",
    "occurred_at",
    "received_at",
    "session_id",
    "visitor_id",
    "event_type",
    "sku",
    "order_id",
)
VALUES += ("device", "referrer", "user_agent")


def test_a_newest_day_reads_all_that_was_received_since_to_the_second(
    serve: Serve, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = serve()
    since, now = at(6.5), at(30)
    second = timedelta(seconds=1)
    keep(
        root,
        event("before", since - second),
        event("first", since),
        event("of an old day", at(7), at(-50)),
        event("of another day", at(28), at(28)),
        event("last", now - second),
        event("after", now),
    )
    manifest = newest(tmp_path, since, now, monkeypatch)
    assert ids(manifest) == ["first", "of an old day", "of another day", "last"]
    assert [row["line_number"] for row in rows(manifest)] == [1, 2, 3, 4]
    assert (manifest.window_start, manifest.window_end, manifest.read_at) == (
        since,
        now,
        now,
    )
    assert manifest.control_totals == {
        "lines": 4,
        "other_days": 0,
        "bytes_read": collector.bytes_sent,
        "requests": len(collector.requests),
        "kept_day": None,
        "warnings": [],
    }
    assert manifest.rows == 4
    assert sorted(manifest.columns) == [
        f"events-{number:05}.parquet" for number in (1, 2, 3, 4)
    ]
    assert manifest.columns["events-00001.parquet"] == [
        "line_number",
        *VALUES,
        "fault",
        "raw",
    ]
    asked = [
        [parse_qs(urlsplit(one.target).query)[name][0] for name in ("start", "end")]
        for one in collector.requests
    ]
    assert asked[0] == ["2026-03-10T10:30:00Z", "2026-03-10T11:00:00Z"]
    assert asked[-1] == ["2026-03-11T09:00:00Z", "2026-03-11T10:00:00Z"]
    assert [end for _, end in asked[:-1]] == [start for start, _ in asked[1:]]


def test_an_older_day_keeps_what_occurred_on_it_and_what_cannot_be_dated(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    serve()
    last = timedelta(milliseconds=1)
    keep(
        root,
        event("received before the day", DAY.start - last, DAY.start),
        event("at its start", DAY.start),
        event("of the day before", DAY.start, DAY.start - last),
        event("in another zone", at(3), occurred_at="2026-03-11T09:29:59+05:30"),
        event("without instant", at(4), occurred_at=None),
        event("without offset", at(5), occurred_at="2026-03-10T12:00:00"),
        event("of another age", at(6), occurred_at="1970-01-01T00:00:00Z"),
        event(
            "received and dated by nobody knows whom",
            at(7),
            received_at=z(at(7)),
            occurred_at="soon",
        ),
        event("at its end", DAY.end, DAY.end - last),
        event("of the next day", DAY.end, DAY.end),
        event("without instant, received after the day", at(25), occurred_at=None),
        event("three days late", DAY.shifted(3).end - last, at(12)),
        event("later than that", DAY.shifted(3).end, at(12)),
    )
    keep_raw(root, at(9), b"no JSON, received on the day\n")
    keep_raw(root, at(26), b"no JSON, received after it\n")
    manifest = older(tmp_path)
    assert ids(manifest) == [
        "at its start",
        "in another zone",
        "without instant",
        "without offset",
        "of another age",
        "received and dated by nobody knows whom",
        None,
        "at its end",
        "three days late",
    ]
    assert manifest.control_totals["kept_day"] == "2026-03-10"
    assert (
        manifest.control_totals["lines"],
        manifest.control_totals["other_days"],
    ) == (9, 4)
    assert (manifest.window_start, manifest.window_end) == (
        DAY.start,
        DAY.shifted(3).end,
    )


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        (day_window(date(2026, 3, 8), NEW_YORK), 23),
        (day_window(date(2026, 11, 1), NEW_YORK), 25),
        (
            day_window(date(2026, 3, 10), "Asia/Kathmandu"),
            24,
        ),  # midnight is a quarter past the hour
    ],
    ids=str,
)
def test_a_day_is_the_shops_whatever_the_clocks_do(
    serve: Serve, root: Path, tmp_path: Path, window: BusinessDay, hours: int
) -> None:
    collector = serve()
    assert (window.end - window.start) / timedelta(hours=1) == hours
    moments = [
        window.start + timedelta(minutes=15 * number)
        for number in range(-8, hours * 4 + 8)
    ]
    keep(root, *(event(z(moment), moment) for moment in moments))
    # A line without any instant tells nothing but the slice it came in: none may be on both sides of
    # midnight.
    keep_raw(root, window.end - timedelta(minutes=1), b"at the end\n")
    manifest = older(tmp_path, window)
    assert [one for one in ids(manifest) if one] == [
        z(moment) for moment in moments if window.start <= moment < window.end
    ]
    asked = [parse_qs(urlsplit(one.target).query) for one in collector.requests]
    assert z(window.end).replace(".000", "") in {one["start"][0] for one in asked}


def test_a_day_that_is_not_over_at_the_server_is_not_asked_for_what_is_to_come(
    serve: Serve, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = serve()
    now = DAY.end + timedelta(hours=30)
    monkeypatch.setattr("ecommerce.sources.web_events.extraction.now", lambda: now)
    manifest = older(tmp_path)
    assert manifest.window_end == DAY.shifted(3).end
    assert manifest.read_at == now
    assert len(collector.requests) == 24 + 30


def test_a_day_without_events_is_an_empty_part_and_a_warning(
    serve: Serve, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve()
    keep(root, event("of another day", at(30)))
    manifest = older(tmp_path)
    assert rows(manifest) == []
    assert list(manifest.columns) == ["events-00001.parquet"]
    assert findings(manifest.control_totals["warnings"]) == [
        "the server has no web event of 2026-03-10"
    ]
    manifest = newest(tmp_path, at(1), at(2), monkeypatch)
    assert rows(manifest) == []
    assert findings(manifest.control_totals["warnings"]) == [
        "the server has no web event that was received from 2026-03-10T05:00:00Z to 2026-03-10T06:00:00Z"
    ]


def line(text: str, received: datetime) -> bytes:
    """A line with the two instants, and what the test is about."""
    instants = f'"occurred_at": "{z(received)}", "received_at": "{z(received)}"'
    return ("{" + instants + ", " + text + "}").encode()


ODD = {
    '"event_id": 12345678901234567890123': {"event_id": "12345678901234567890123"},
    '"event_id": "9007199254740993", "order_id": 9007199254740993': {
        "event_id": "9007199254740993",
        "order_id": "9007199254740993",
    },
    '"event_id": 1.10, "visitor_id" : 12345678901234567890.123456789012345678901': {
        "event_id": "1.10",
        "visitor_id": "12345678901234567890.123456789012345678901",
    },
    '"event_id": "1.10", "visitor_id": "1234567890.1741589999", "order_id": 1e3, "sku": -2.50E-1': {
        "event_id": "1.10",
        "visitor_id": "1234567890.1741589999",
        "order_id": "1e3",
        "sku": "-2.50E-1",
    },
    '"event_id": "a\\nb\\r\\n\\t\\"c\\" \\\\d\\u0000e"': {
        "event_id": 'a\nb\r\n\t"c" \\d\x00e'
    },
    '"event_id": "\U0001f600 \\ud83d\\ude00 \u00e9\u2028"': {
        "event_id": "\U0001f600 \U0001f600 \u00e9\u2028"
    },
    '"event_id": "half", "user_agent": "cut \\ud83d", "referrer": "\\\\ud83d \\ude00\\ud83d\\ude00"': {
        "event_id": "half",
        "user_agent": "cut ",
        "referrer": "\\ud83d \U0001f600",
    },
    '"event_id": "twice", "sku": "one", "sku": "two"': {
        "event_id": "twice",
        "sku": "one",
    },
    '"event_id": "other", "device": {"os": ["a", {"b": 1}]}, "sku": ["x"], "more": {"event_id": "no"}': {
        "event_id": "other",
        "device": '{"os":["a",{"b":1}]}',
        "sku": '["x"]',
    },
    '"event_id": true, "sku": null, "device": ""': {"event_id": "true", "device": ""},
    '"event\\u005fid": "escaped"': {"event_id": "escaped"},
}


@pytest.mark.parametrize("packed", [False, True])
def test_every_value_is_the_text_that_was_sent(
    serve: Serve, root: Path, tmp_path: Path, packed: bool
) -> None:
    serve(compress=packed)
    keep(root, event("usual", at(1)))
    for text in ODD:
        keep_raw(root, at(2), line(text, at(2)) + b"\n")
    usual, *odd = rows(older(tmp_path))
    assert usual == event("usual", at(1)) | {
        "line_number": 1,
        "fault": None,
        "raw": None,
    }
    same = {
        "occurred_at": z(at(2)),
        "received_at": z(at(2)),
        "fault": None,
        "raw": None,
    }
    expected = [dict.fromkeys(VALUES) | same | values for values in ODD.values()]
    assert [{name: row[name] for name in expected[0]} for row in odd] == expected
    assert [row["line_number"] for row in odd] == list(range(2, len(ODD) + 2))


USELESS = {
    b"{": "{",
    b"garbage": "garbage",
    b'{"event_id": "half", "occurr': '{"event_id": "half", "occurr',
    b'["a list"]': '["a list"]',
    b'"a text"': '"a text"',
    b"17": "17",
    b"null": "null",
    b'{"event_id": "one"}{"event_id": "two"}': '{"event_id": "one"}{"event_id": "two"}',
    b'{"event_id": "tab\there"}': '{"event_id": "tab\there"}',
    b'{"event_id": "no UTF-8: \xff\xfe"}': '{"event_id": "no UTF-8: \ufffd\ufffd"}',
    b"zero \x00 byte": "zero \x00 byte",
    "é".encode() * 2000: "é" * 1000,
    "{}".encode("utf-16"): "\ufffd\ufffd{\x00}\x00",
}


def test_a_line_that_is_no_event_keeps_its_beginning_and_costs_no_other(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    serve()
    for number, text in enumerate(USELESS):
        keep(root, event(f"before {number}", at(1)))
        keep_raw(root, at(1), text + b"\n")
    found = rows(older(tmp_path))
    assert [row["event_id"] for row in found[::2]] == [
        f"before {number}" for number in range(len(USELESS))
    ]
    assert [(row["fault"], row["raw"]) for row in found[1::2]] == [
        ("not_json", text) for text in USELESS.values()
    ]
    assert all(row[name] is None for row in found[1::2] for name in VALUES)


def test_lines_of_any_length_are_bounded(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    serve()
    longest, mega = 256 * 1024, 1024 * 1024

    def of(size: int, name: str) -> bytes:
        text = json.dumps(event(name, at(1), user_agent="")).encode()
        return text.replace(
            b'"user_agent": ""', b'"user_agent": "%s"' % (b"x" * (size - len(text)))
        )

    assert len(of(longest, "fits")) == longest
    for size, name in (
        (longest, "fits"),
        (longest + 1, "over"),
        (mega, "mega"),
        (9 * mega, "more than a block"),
    ):
        keep_raw(root, at(1), of(size, name) + b"\n")
        keep(root, event(f"after {name}", at(1)))
    keep_raw(root, at(1), b"y" * 6 * mega)  # and no line feed at all
    found = rows(older(tmp_path))
    assert [(row["event_id"], row["fault"]) for row in found] == [
        ("fits", None),
        ("after fits", None),
        (None, "too_long"),
        ("after over", None),
        (None, "too_long"),
        ("after mega", None),
        (None, "too_long"),
        ("after more than a block", None),
        (None, "too_long"),
    ]
    assert {len(row["raw"]) for row in found if row["fault"]} == {1000}
    assert found[4]["raw"] == of(mega, "mega")[:1000].decode()
    assert len(found[0]["user_agent"]) > longest - 1000


def test_blank_lines_line_ends_of_windows_and_a_byte_order_mark_are_nothing(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    serve()
    first, second = (
        json.dumps(event(name, at(1))).encode() for name in ("first", "second")
    )
    keep_raw(
        root,
        at(1),
        b"\xef\xbb\xbf" + first + b"\r\n\r\n\n   \t\r\n  " + second + b" \r\n\t\n",
    )
    keep_raw(
        root, at(2), b"\n\n" + json.dumps(event("third", at(2))).encode()
    )  # no line feed at the end
    manifest = older(tmp_path)
    assert [(row["event_id"], row["fault"]) for row in rows(manifest)] == [
        ("first", None),
        ("second", None),
        ("third", None),
    ]
    assert [row["line_number"] for row in rows(manifest)] == [1, 5, 9]
    assert (
        manifest.control_totals["lines"],
        manifest.control_totals["other_days"],
    ) == (3, 0)


def test_lines_out_of_order_and_keys_in_any_order_are_fine(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    serve()
    moments = [at(1.9), at(1.1), at(1.5)]
    lines = [event(str(number), moment) for number, moment in enumerate(moments)]
    lines[1] = dict(reversed(lines[1].items()))
    del lines[2]["order_id"], lines[2]["referrer"]
    keep_raw(root, at(1), b"".join(json.dumps(one).encode() + b"\n" for one in lines))
    found = rows(older(tmp_path))
    assert [row["event_id"] for row in found] == ["0", "1", "2"]
    assert [row["visitor_id"] for row in found] == ["v-0", "v-1", "v-2"]


def test_a_server_that_rounds_gives_some_lines_twice_and_both_are_kept(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    collector = serve()
    edge = event("on the edge", at(2))
    keep(root, edge)
    text = json.dumps(edge).encode() + b"\n"
    collector.faults.append(EventFault(f"{at(1):%Y-%m-%dT%H}", status=200, body=text))
    assert ids(older(tmp_path)) == ["on the edge", "on the edge"]


def test_the_password_is_a_bearer_token_and_a_login_is_nothing(
    serve: Serve, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = serve(token="a-secret")
    keep(root, event("one", at(1)))
    assert ids(older(tmp_path)) == ["one"]
    connect(monkeypatch, f"{collector.url}/events/", login="me", password=" a-secret\n")
    assert ids(older(tmp_path)) == ["one"]
    assert {one.authorization for one in collector.requests} == {"Bearer a-secret"}
    assert not [one for one in collector.requests if "a-secret" in one.target]


def test_without_a_password_nothing_is_sent_not_even_what_netrc_has(
    serve: Serve, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password of-something-else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    collector = serve()
    older(tmp_path)
    assert {one.authorization for one in collector.requests} == {None}


def test_a_day_costs_as_much_after_a_month_as_on_the_first(
    serve: Serve, root: Path, tmp_path: Path
) -> None:
    collector = serve()
    first = DAY.shifted(-30)
    late = timedelta(days=2)
    for number in range(34):
        day = first.shifted(number)
        keep(
            root,
            *(
                event(f"{day} {n}", day.start + timedelta(hours=4 * n))
                for n in range(6)
            ),
        )
        keep(root, event(f"{day} late", day.end + late, day.end - timedelta(minutes=1)))
    costs = []
    for number in (0, 29):
        sent, asked = collector.bytes_sent, len(collector.requests)
        manifest = older(tmp_path, first.shifted(number))
        assert manifest.rows == 7
        costs.append((collector.bytes_sent - sent, len(collector.requests) - asked))
        assert costs[-1] == (
            manifest.control_totals["bytes_read"],
            manifest.control_totals["requests"],
        )
    (bytes_first, requests_first), (bytes_last, requests_last) = costs
    # The events that were late before the first day are not there yet.
    assert bytes_first <= bytes_last <= bytes_first * 1.2
    assert requests_first == requests_last == 4 * 24
