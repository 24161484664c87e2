"""Web events over HTTP: which lines a read has, and what becomes of each value."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import time_machine

from tests.explained import findings
from tests.integration.web_events.reading import (
    DAY,
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
from tests.rows import column_of, columns_of

VALUES = tuple(event("any", DAY.start))


def asked(collector):
    """(start, end) of each request."""
    windows = []
    for request in collector.requests:
        parameters = parse_qs(urlsplit(request.target).query)
        windows.append((parameters["start"][0], parameters["end"][0]))
    return windows


def test_a_newest_day_reads_all_that_was_received_since_to_the_second(
    serve, root, tmp_path
):
    collector = serve()
    since = at(6.5)
    now = at(30)
    second = timedelta(seconds=1)
    keep(
        root,
        event("before", since - second),
        event("first", since),
        event(
            "of an old day",
            at(7),
            at(-50),
        ),
        event("of another day", at(28), at(28)),
        event("last", now - second),
        event("after", now),
    )
    manifest = newest(tmp_path, since, now)
    assert ids(manifest) == ["first", "of an old day", "of another day", "last"]
    assert column_of(rows(manifest), "line_number") == [1, 2, 3, 4]
    assert manifest.window_start == since
    assert manifest.window_end == now
    assert manifest.read_at == now
    assert manifest.rows == 4
    assert manifest.control_totals == {
        "lines": 4,
        "other_days": 0,
        "bytes_read": collector.bytes_sent,
        "requests": len(collector.requests),
        "kept_day": None,
        "warnings": [],
    }
    # The events were received in four hours.
    files = [f"events-{number:05}.parquet" for number in (1, 2, 3, 4)]
    assert sorted(manifest.columns) == files
    columns = ["line_number", *VALUES, "fault", "raw"]
    assert manifest.columns["events-00001.parquet"] == columns
    windows = asked(collector)
    assert windows[0] == ("2026-03-10T10:30:00Z", "2026-03-10T11:00:00Z")
    assert windows[-1] == ("2026-03-11T09:00:00Z", "2026-03-11T10:00:00Z")
    starts = [start for start, _ in windows]
    assert starts[1:] == [end for _, end in windows[:-1]]


def test_an_older_day_keeps_what_occurred_on_it_and_what_cannot_be_dated(
    serve, root, tmp_path
):
    """A day of 23 hours."""
    serve()
    day = DAY.shifted(-2)
    last = timedelta(milliseconds=1)
    keep(
        root,
        event("received before the day", day.start - last, day.start),
        event("at its start", day.start),
        event("of the day before", day.start, day.start - last),
        event("in another zone", at(3, day), occurred_at="2026-03-09T09:29:59+05:30"),
        event("without instant", at(4, day), occurred_at=None),
        event("without offset", at(5, day), occurred_at="2026-03-08T12:00:00"),
        event("of another age", at(6, day), occurred_at="1970-01-01T00:00:00Z"),
        event("without a valid instant", at(7, day), occurred_at="soon"),
        event("at its end", day.end, day.end - last),
        event("of the next day", day.end, day.end),
        event("without instant, received after the day", at(25, day), occurred_at=None),
        event("three days late", day.shifted(3).end - last, at(12, day)),
        event("later than that", day.shifted(3).end, at(12, day)),
    )
    keep_raw(root, at(9, day), b"no JSON, received on the day\n")
    keep_raw(root, at(26, day), b"no JSON, received after it\n")
    manifest = older(tmp_path, day)
    assert ids(manifest) == [
        "at its start",
        "in another zone",
        "without instant",
        "without offset",
        "of another age",
        "without a valid instant",
        None,
        "at its end",
        "three days late",
    ]
    totals = manifest.control_totals
    assert totals["kept_day"] == "2026-03-08"
    assert totals["lines"] == 9
    assert totals["other_days"] == 4
    window = (manifest.window_start, manifest.window_end)
    assert window == (day.start, day.shifted(3).end)


def test_a_day_is_not_read_beyond_now_and_may_have_no_event(serve, root, tmp_path):
    collector = serve()
    keep(root, event("of another day", at(30)))
    now = DAY.end + timedelta(hours=30)
    with time_machine.travel(now, tick=False):
        manifest = older(tmp_path)
    assert manifest.window_end == DAY.shifted(3).end
    assert manifest.read_at == now
    assert len(collector.requests) == 24 + 30
    assert list(manifest.columns) == ["events-00001.parquet"]
    hour = newest(
        tmp_path,
        at(1),
        at(2),
    )
    for empty, missing in (
        (manifest, "of 2026-03-10"),
        (hour, "received from 2026-03-10T05:00:00Z to 2026-03-10T06:00:00Z"),
    ):
        assert rows(empty) == []
        [warning] = findings(empty.control_totals["warnings"])
        assert warning.startswith("the server has no web event")
        assert warning.endswith(missing)


def line(text, received):
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


USELESS = {
    b"{": "{",
    b"garbage": "garbage",
    b'{"event_id": "half", "occurr': '{"event_id": "half", "occurr',
    b'["a list"]': '["a list"]',
    b"null": "null",
    b'{"event_id": "one"}{"event_id": "two"}': '{"event_id": "one"}{"event_id": "two"}',
    b'{"event_id": "tab\there"}': '{"event_id": "tab\there"}',
    b'{"event_id": "no UTF-8: \xff\xfe"}': '{"event_id": "no UTF-8: \ufffd\ufffd"}',
    "é".encode() * 2000: "é" * 1000,
}


OTHERS = [
    b"{}",
    b"",
    b"  ",
    b'"a text"',
    b'{"event_id": "indented", "sku":\r"1"}\r',
    b'  {"event_id": "indented"}',
    b'{"event_id": "a"} {"event_id": "b"}',
    b'{"event_id": "a",}',
    b'{"event_id": "a"} trailing',
    b'{"event_id": NaN, "sku": -0.0, "order_id": 1E400}',
    b'{"event_id": "zero \x00"}',
    b'{"event_id": "long", "more": "' + b"x" * 150_000 + b'"}',
    b'{"event_id": "too long", "more": "' + b"x" * 300_000 + b'"}',
]
NOTHING = dict.fromkeys(["line_number", *VALUES, "fault", "raw"])


def test_each_line_is_read_as_it_was_sent_by_duckdb_itself_and_line_by_line(
    serve, root, tmp_path
):
    """Each among plain lines, in an hour of its own, which DuckDB reads if it can."""
    serve(compress=True)
    odd = [line(text, at(hour)) for hour, text in enumerate(ODD)]
    lines = [*odd, *USELESS, *OTHERS]
    for hour, text in enumerate(lines):
        keep(root, event(f"before {hour}", at(hour)))
        keep_raw(root, at(hour), text + b"\n")
        keep(root, event(f"after {hour}", at(hour)))
    until = at(len(lines))
    read = unnumbered(newest(tmp_path, at(0), until))
    assert len(read) == 3 * len(lines) - 2, "two of the lines are blank"
    assert read[0] == NOTHING | event("before 0", at(0))
    between = read[1::3]
    for hour, values in enumerate(ODD.values()):
        instant = z(at(hour))
        expected = NOTHING | {"occurred_at": instant, "received_at": instant}
        assert between[hour] == expected | values
    for place, shown in enumerate(USELESS.values(), len(ODD)):
        assert between[place] == NOTHING | {"fault": "not_json", "raw": shown}
    # Lines beside one that DuckDB cannot read are read one by one.
    for hour in range(len(lines)):
        keep_raw(root, at(hour), b"no JSON\n")
    line_by_line = unnumbered(newest(tmp_path, at(0), until))
    assert [row for row in line_by_line if row["raw"] != "no JSON"] == read


def unnumbered(manifest):
    return [row | {"line_number": None} for row in rows(manifest)]


def long_event(size, name):
    text = json.dumps(event(name, at(1), user_agent="")).encode()
    agent = b"x" * (size - len(text))
    return text.replace(b'"user_agent": ""', b'"user_agent": "' + agent + b'"')


def test_lines_of_any_length_are_bounded(serve, root, tmp_path):
    serve()
    longest = 256 * 1024
    mega = 1024 * 1024
    for size, name in (
        (longest, "fits"),
        (longest + 1, "over"),
        (9 * mega, "more than a block"),
    ):
        keep_raw(
            root,
            at(1),
            long_event(size, name) + b"\n",
        )
        keep(root, event(f"after {name}", at(1)))
    keep_raw(
        root,
        at(1),
        b"y" * 6 * mega,
    )  # without a line feed
    lines = rows(
        newest(
            tmp_path,
            at(1),
            at(2),
        )
    )
    assert columns_of(lines, "event_id", "fault") == [
        ("fits", None),
        ("after fits", None),
        (None, "too_long"),
        ("after over", None),
        (None, "too_long"),
        ("after more than a block", None),
        (None, "too_long"),
    ]
    assert lines[2]["raw"] == long_event(longest + 1, "over")[:1000].decode()
    assert len(lines[-1]["raw"]) == 1000


def test_the_password_is_a_bearer_token_and_without_one_nothing_is_sent(
    serve, root, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password of-something-else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    collector = serve(token="a-secret")
    keep(root, event("one", at(1)))
    for path, fields, token in (
        ("", {"password": "a-secret"}, "a-secret"),
        ("/events/", {"login": "me", "password": " a-secret\n"}, "a-secret"),
        ("", {}, None),
    ):
        collector.token = token
        connect(
            monkeypatch,
            collector.url + path,
            **fields,
        )
        assert ids(
            newest(
                tmp_path,
                at(1),
                at(2),
            )
        ) == ["one"]
    sent = [request.authorization for request in collector.requests]
    assert sent == ["Bearer a-secret", "Bearer a-secret", None]
    assert "a-secret" not in str([request.target for request in collector.requests])
