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


PASSING = [
    EventFault(status=500),
    EventFault(status=502, body=b"<html>Bad gateway</html>", times=3),
    EventFault(status=408),
    EventFault(status=429, headers={"Retry-After": "0"}, times=5),
    EventFault(status=503, headers={"Retry-After": "0"}, times=2),
    EventFault(status=503),
    EventFault(delay=2),
]
"""Of one hour each."""


def test_passing_trouble_changes_nothing(
    serve,
    root,
    tmp_path,
    monkeypatch,
):
    collector = serve()
    connect(
        monkeypatch,
        collector.url,
        extra={"timeout": 1},
    )
    for number, fault in enumerate(PASSING):
        start = f"{at(number):%Y-%m-%dT%H}"
        keep(root, event(f"{number}", at(number)))
        collector.faults.append(EventFault(**vars(fault) | {"start": start}))
    hours = len(PASSING)
    keep(root, event("behind a redirect", at(hours)))
    start, end = [f"{at(hours + more):%Y-%m-%dT%H:00:00Z}" for more in (0, 1)]
    location = {"Location": f"/events?start={start}&end={end}"}
    collector.faults.append(EventFault(start, status=307, headers=location))
    manifest = newest(
        tmp_path,
        at(0),
        at(hours + 1),
    )
    assert ids(manifest) == [*map(str, range(hours)), "behind a redirect"]
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
