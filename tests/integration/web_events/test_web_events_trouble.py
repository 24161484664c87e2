"""What the extract of the web events makes of broken connections, busy servers, and answers that are no
events."""

import gzip
import json
import logging
import tracemalloc
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from demo.services.ports import free_port
from demo.services.web_events import EventCollector, EventFault
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.sources import http
from ecommerce.sources.web_events import client, extraction
from ecommerce.storage.staging import Manifest, exists
from tests.integration.web_events.reading import (
    Serve,
    at,
    connect,
    event,
    ids,
    keep,
    newest,
)

HOUR = f"{at(1):%Y-%m-%dT%H}"
WHAT = "web_events_api: GET /events of 2026-03-10T05:00:00Z to 2026-03-10T06:00:00Z"
Read = Callable[[], Manifest]
FRAMINGS = ("chunked", "length", "close")
BUSY = {"Retry-After": "0"}
NAMES = [f"e{number:03}" for number in range(400)]


@pytest.fixture
def received(root: Path) -> list[str]:
    """The ids of the events of three hours; the second hour's answer is some 100 KB."""
    keep(root, event("first", at(0)), event("last", at(2)))
    keep(
        root, *(event(name, at(1 + number / 500)) for number, name in enumerate(NAMES))
    )
    return ["first", *NAMES, "last"]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read these hours."""
    return lambda: newest(tmp_path, at(0), at(3), monkeypatch)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds between attempts, without waiting for them."""
    waited: list[float] = []
    send = http.with_retries
    monkeypatch.setattr(
        http, "with_retries", lambda *arguments: send(*arguments, pause=waited.append)
    )
    return waited


def starts(collector: EventCollector) -> Counter[str]:
    """How often each slice was asked for."""
    return Counter(
        parse_qs(urlsplit(one.target).query)["start"][0] for one in collector.requests
    )


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_connection_that_breaks_repeats_its_slice_and_no_other(
    serve: Serve, received: list[str], framing: str, packed: bool, read: Read
) -> None:
    collector = serve(framing=framing, compress=packed)
    whole = read().control_totals["bytes_read"]
    collector.requests.clear()
    cut = 2_000 if packed else 50_001  # in the middle of a line
    collector.faults += [EventFault(HOUR, cut=cut), EventFault(HOUR, cut=cut + 10)]
    manifest = read()
    assert ids(manifest) == received
    asked = starts(collector)
    assert asked.pop(f"{HOUR}:00:00Z") == 3
    assert set(asked.values()) == {1}
    assert manifest.control_totals["requests"] == sum(asked.values()) + 3
    assert manifest.control_totals["bytes_read"] == whole


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_packed_answer_that_is_cut_is_requested_again_whatever_its_length(
    serve: Serve, tmp_path: Path, framing: str
) -> None:
    collector = serve(framing=framing)
    line = json.dumps(event("one", at(1))).encode() + b"\n"
    body = gzip.compress(b"".join(line for _ in range(500)))
    packed = {"Content-Encoding": "gzip"}
    for size in (
        1,
        9,
        30,
        len(body) // 2,
        len(body) - 8,
        len(body) - 1,
        *([0] if framing == "close" else []),
    ):
        collector.faults.append(
            EventFault(HOUR, status=200, body=body[:size], headers=packed)
        )
        collector.faults.append(EventFault(HOUR, status=200, body=body, headers=packed))
        reader = client.EventsClient()
        reader.download(client.Slice(at(1), at(2)), tmp_path / "answer.ndjson")
        assert reader.requests == 2, size
        assert (tmp_path / "answer.ndjson").read_bytes() == line * 500


@pytest.mark.parametrize("framing", FRAMINGS)
def test_one_that_breaks_again_and_again_fails_and_leaves_nothing(
    serve: Serve, received: list[str], tmp_path: Path, framing: str, read: Read
) -> None:
    collector = serve(framing=framing)
    cuts = (
        EventFault(HOUR, cut=50_001 + 10 * number) for number in range(client.ATTEMPTS)
    )
    collector.faults += cuts
    with pytest.raises(TransientError) as failure:
        read()
    assert str(failure.value).startswith(
        (f"{WHAT} broke off", f"{WHAT} failed: the server closed the connection")
    )
    assert not exists(f"file://{tmp_path}/staging/newest")
    assert starts(collector)[f"{HOUR}:00:00Z"] == client.ATTEMPTS


PASSING = {
    "500": [EventFault(HOUR, status=500)],
    "502 with a page": [
        EventFault(HOUR, status=502, body=b"<html>Bad gateway</html>", times=3)
    ],
    "408": [EventFault(HOUR, status=408)],
    "429": [EventFault(HOUR, status=429, headers=BUSY, times=5)],
    "503 in the first slice": [
        EventFault("2026-03-10T04", status=503, headers=BUSY, times=2)
    ],
    "503 without Retry-After": [EventFault(HOUR, status=503)],
    "every slice fails once": [
        EventFault(f"2026-03-{day}T{hour:02}", status=503)
        for day in (10,)
        for hour in (4, 5, 6)
    ],
    "a redirect within the server": [
        EventFault(
            HOUR,
            status=307,
            headers={
                "Location": f"/events?start={HOUR}:00:00Z&end=2026-03-10T06:00:00Z"
            },
        )
    ],
}


@pytest.mark.parametrize("trouble", PASSING)
def test_passing_trouble_changes_nothing(
    serve: Serve, received: list[str], trouble: str, read: Read
) -> None:
    collector = serve()
    collector.faults += [EventFault(**vars(fault)) for fault in PASSING[trouble]]
    assert ids(read()) == received
    assert not [fault for fault in collector.faults if fault.times]


def test_a_server_that_is_silent_is_left_and_asked_again(
    serve: Serve, received: list[str], monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    collector = serve()
    connect(monkeypatch, collector.url, extra={"timeout": 0.5})
    collector.faults.append(EventFault(HOUR, delay=2))
    assert ids(read()) == received


def test_pauses_grow_and_what_the_server_asks_for_is_obeyed(
    serve: Serve,
    received: list[str],
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
    read: Read,
) -> None:
    collector = serve()
    monkeypatch.setattr(http, "FIRST_PAUSE", 1.0)
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    collector.faults += [
        EventFault(HOUR, status=500, times=2),
        EventFault(HOUR, status=429, headers={"Retry-After": "7"}),
        EventFault(HOUR, status=503, headers={"Retry-After": moment}),
        EventFault(HOUR, status=500),
    ]
    assert ids(read()) == received
    assert pauses[:3] == [1, 2, 7]
    assert 50 < pauses[3] <= 100
    assert pauses[4:] == [16]


def test_a_long_pause_is_left_to_the_task(
    serve: Serve, received: list[str], read: Read
) -> None:
    collector = serve()
    collector.faults.append(
        EventFault(HOUR, status=429, headers={"Retry-After": "600"})
    )
    with pytest.raises(RateLimitedError) as failure:
        read()
    assert failure.value.retry_after == 600
    assert starts(collector)[f"{HOUR}:00:00Z"] == 1


PAGE = b"<!DOCTYPE html>\n<html>\n<title>Sign in</title>\n" + b"<p>line</p>\n" * 1000
EVENTS = [
    event("secret-event", at(1), visitor_id="secret-visitor", user_agent="secret-agent")
]
REFUSED = {
    "a login page": (
        EventFault(status=200, body=PAGE),
        "answer begins with '<' in place of one JSON",
    ),
    "an error as JSON": (
        EventFault(
            status=200, body=b'{"error": "secret-visitor is not known", "code": 17}\n'
        ),
        "the answer begins with the keys error, code in place of one JSON object per line",
    ),
    "an error as JSON in lines": (
        EventFault(
            status=200, body=json.dumps({"error": "secret-visitor"}, indent=1).encode()
        ),
        "in place of one JSON object per line",
    ),
    "a list": (
        EventFault(status=200, body=json.dumps(EVENTS).encode()),
        "in place of one JSON object per line",
    ),
    "no events": (
        EventFault(status=200, body=b"[]"),
        "in place of one JSON object per line",
    ),
    "events in an object": (
        EventFault(
            status=200, body=json.dumps({"data": EVENTS, "next": None}).encode()
        ),
        "the answer begins with the keys data, next in place of one JSON object per line",
    ),
    "another time": (
        EventFault(
            status=200,
            body=json.dumps(
                EVENTS[0] | {"received_at": "2026-03-10T06:01:00Z"}
            ).encode(),
        ),
        "1 of 1 events say that they were received more than 60 s before or after that: does the server know",
    ),
    "an earlier time": (
        EventFault(
            status=200,
            body=json.dumps(
                EVENTS[0] | {"received_at": "2026-03-10T04:58:59Z"}
            ).encode(),
        ),
        "1 of 1 events say that they were received more than 60 s before or after that",
    ),
    "nothing there": (
        EventFault(status=404, body=b"<html>no</html>"),
        "answered 404 Not Found: '<html>no</html>'",
    ),
    "a part of it": (
        EventFault(status=206, body=b"secret-visitor"),
        "a complete answer has the status 200",
    ),
    "a promise": (
        EventFault(status=202),
        "answered 202 Accepted: a complete answer has the status 200",
    ),
    "a bad request": (
        EventFault(status=400, body=b"bad start"),
        "answered 400 Bad Request: 'bad start'",
    ),
}


@pytest.mark.usefixtures("received")
@pytest.mark.parametrize("case", REFUSED)
def test_an_answer_that_is_no_events_is_refused_at_once_and_not_quoted(
    serve: Serve,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    case: str,
    read: Read,
) -> None:
    fault, said = REFUSED[case]
    collector = serve()
    collector.faults.append(EventFault(**vars(fault) | {"start": HOUR}))
    with caplog.at_level(logging.DEBUG), pytest.raises(ContractError) as failure:
        read()
    assert str(failure.value).startswith(WHAT)
    assert said in str(failure.value)
    assert "secret" not in str(failure.value) + caplog.text
    assert starts(collector)[f"{HOUR}:00:00Z"] == 1
    assert not exists(f"file://{tmp_path}/staging/newest")


def test_a_few_lines_that_are_no_events_are_no_reason_to_refuse_a_quiet_hour(
    serve: Serve, received: list[str], read: Read
) -> None:
    collector = serve()
    for text in (
        b"garbage",
        b'{"event_id": "half", "occ',
        b"{}",
        b'{"event_id": null}',
        b"\n\n",
        b"",
    ):
        collector.faults.append(EventFault(HOUR, status=200, body=text))
        manifest = read()
        assert [one for one in ids(manifest) if one] == ["first", "last"]
        assert manifest.rows == 2 + bool(text.strip())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_named_and_not_tried_again(
    serve: Serve,
    received: list[str],
    caplog: pytest.LogCaptureFixture,
    status: int,
    read: Read,
) -> None:
    collector = serve(token="a-secret")
    collector.faults.append(
        EventFault(HOUR, status=status, body=b"a-secret is no token")
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(CredentialsError) as failure:
        read()
    assert str(failure.value).startswith(f"{WHAT} answered {status}")
    assert "a-secret" not in str(failure.value) + caplog.text
    assert starts(collector)[f"{HOUR}:00:00Z"] == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/events",
        "https://127.0.0.1:{port}/events",
        "//other.example/",
    ],
)
def test_a_redirect_to_elsewhere_is_not_followed_and_takes_no_token_along(
    serve: Serve, received: list[str], tmp_path: Path, target: str, read: Read
) -> None:
    collector = serve(token="a-secret")
    with EventCollector(tmp_path / "other") as other:
        location = target.format(port=urlsplit(other.url).port)
        collector.faults.append(
            EventFault(HOUR, status=302, headers={"Location": location})
        )
        with pytest.raises(ConfigurationError) as failure:
            read()
        assert other.requests == []
    assert str(failure.value).startswith(
        f"{WHAT} answered 302: {collector.url} redirects to "
    )
    assert "make it the host of the connection web_events_api" in str(failure.value)
    assert "a-secret" not in str(failure.value)


def test_a_small_answer_that_is_large_when_unpacked_is_refused(
    serve: Serve, received: list[str], monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 20_000)
    collector = serve()
    with pytest.raises(
        ContractError, match=f"^{WHAT}: the answer has more than 20,000 bytes$"
    ):
        read()
    assert starts(collector)[f"{HOUR}:00:00Z"] == 1


def test_a_token_never_travels_the_internet_unencrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch, "http://events.shop.example.com", password="a-secret")
    with pytest.raises(
        ConfigurationError, match="the token would travel without encryption"
    ):
        client.EventsClient()
    connect(monkeypatch, "http://events.shop.example.com")
    client.EventsClient()


def test_a_server_that_is_not_there(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    port = free_port()
    connect(monkeypatch, f"http://127.0.0.1:{port}")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setattr(http, "FIRST_PAUSE", 0)
    with pytest.raises(TransientError, match=f"nothing answers at 127.0.0.1:{port}"):
        read()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "is not defined"),
        ({"host": ""}, "has no host: set it to the server's URL, without /events"),
    ],
)
def test_a_connection_that_is_not_filled_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    said: str,
    read: Read,
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_WEB_EVENTS_API", raising=False)
    if fields:
        connect(monkeypatch, **fields)
    with pytest.raises(
        ConfigurationError, match=f"the connection web_events_api {said}"
    ):
        read()


def test_a_gzip_stream_may_hold_far_more_than_it_weighs(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blank lines weigh nothing: what is unpacked goes to the disk piece by piece."""
    collector = serve()
    text = (
        json.dumps(event("one", at(1))).encode()
        + b"\n" * (16 << 20)
        + json.dumps(event("two", at(1))).encode()
    )
    body = gzip.compress(text, 9) + b"\0" * 512
    collector.faults.append(
        EventFault(HOUR, status=200, body=body, headers={"Content-Encoding": "gzip"})
    )
    tracemalloc.start()
    client.EventsClient().download(
        client.Slice(at(1), at(2)), tmp_path / "packed.ndjson"
    )
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    collector.faults.append(
        EventFault(HOUR, status=200, body=body, headers={"Content-Encoding": "gzip"})
    )
    manifest = newest(tmp_path, at(1), at(2), monkeypatch)
    assert ids(manifest) == ["one", "two"]
    assert manifest.control_totals["bytes_read"] == len(text)


def test_a_failed_conversion_stops_the_download_that_is_ahead(
    serve: Serve, received: list[str], monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    collector = serve()
    monkeypatch.setattr(extraction._Writer, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read()
    assert len(collector.requests) <= 2
