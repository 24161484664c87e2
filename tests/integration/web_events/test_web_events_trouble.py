"""What the extract of the web events makes of broken connections and busy servers; `source_failures` has its
errors and their sentences."""

from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from demo.services.web_events import EventFault
from tests.integration.web_events.reading import (
    at,
    connect,
    event,
    ids,
    keep,
    newest,
)

HOUR = f"{at(1):%Y-%m-%dT%H}"
START = f"{HOUR}:00:00Z"
NAMES = [f"e{number:03}" for number in range(400)]


@pytest.fixture
def received(root):
    """The ids of the events of three hours; the second hour's answer is some 100 KB."""
    keep(
        root,
        event("first", at(0)),
        event("last", at(2)),
    )
    for number, name in enumerate(NAMES):
        keep(root, event(name, at(1 + number / 500)))
    return ["first", *NAMES, "last"]


@pytest.fixture
def read(tmp_path):
    """Read these hours."""
    return lambda: newest(
        tmp_path,
        at(0),
        at(3),
    )


def starts(collector):
    """How often each slice was asked for."""
    queries = [parse_qs(urlsplit(each.target).query) for each in collector.requests]
    return Counter(query["start"][0] for query in queries)


@pytest.mark.parametrize(
    ("framing", "packed"),
    [
        ("chunked", False),
        ("length", True),
        ("close", False),
        ("close", True),
    ],
)
def test_a_connection_that_breaks_repeats_its_slice_and_no_other(
    serve, received, framing, packed, read
):
    collector = serve(framing=framing, compress=packed)
    whole = read().control_totals["bytes_read"]
    collector.requests.clear()
    cut = 2_000 if packed else 50_001  # in the middle of a line
    collector.faults += [
        EventFault(HOUR, cut=cut),
        EventFault(HOUR, cut=cut + 10),
    ]
    manifest = read()
    assert ids(manifest) == received
    requests = starts(collector)
    assert requests.pop(START) == 3
    assert set(requests.values()) == {1}
    assert manifest.control_totals["requests"] == 5
    assert manifest.control_totals["bytes_read"] == whole


def test_passing_trouble_changes_nothing(serve, received, read, monkeypatch):
    collector = serve()
    connect(monkeypatch, collector.url, extra={"timeout": 1})
    end = f"{at(2):%Y-%m-%dT%H:%M:%SZ}"
    location = {"Location": f"/events?start={START}&end={end}"}
    collector.faults += [
        EventFault(HOUR, status=502, body=b"<html>Bad gateway</html>"),
        EventFault(HOUR, status=429, headers={"Retry-After": "0"}, times=2),
        EventFault(HOUR, delay=2),
        EventFault(HOUR, status=307, headers=location),
    ]
    assert ids(read()) == received
    assert not [fault for fault in collector.faults if fault.times]


def test_a_few_lines_that_are_no_events_are_no_reason_to_refuse_a_quiet_hour(
    serve, root, tmp_path
):
    collector = serve()
    beginnings = [
        b"garbage",
        b'{"event_id": "half", "occ',
        b"{}",
        b'{"event_id": null}',
        b"\n\n",
        b"",
        b'{"type": "ping"}\n{"event_id": "a"}',
        b'[]\n<html>502 Bad Gateway</html>\n{"event_id": "a"}',
    ]
    for number, text in enumerate(beginnings):
        start = f"{at(number):%Y-%m-%dT%H}"
        collector.faults.append(EventFault(start, status=200, body=text))
    keep(root, event("last", at(len(beginnings))))
    manifest = newest(
        tmp_path,
        at(0),
        at(len(beginnings) + 1),
    )
    assert [name for name in ids(manifest) if name] == ["a", "a", "last"]
    assert manifest.rows == 4 + 2 + 3 + 1
