"""The demo's collector of web events keeps the contract that the pipeline reads by."""

import gzip
import json
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from demo.services.ports import free_port, wait_for
from demo.services.web_events import EventCollector

HOUR = datetime(2026, 3, 10, 5, tzinfo=UTC)


def line(name: str, received: datetime) -> bytes:
    return (
        json.dumps({"event_id": name, "received_at": received.isoformat()}).encode()
        + b"\n"
    )


def keep(root: Path, *lines: tuple[str, datetime]) -> None:
    for name, received in lines:
        with (root / f"{received:%Y-%m-%dT%H}.ndjson").open("ab") as file:
            file.write(line(name, received))


def get(url: str, start: object, end: object, **headers: str) -> bytes:
    query = urlencode({"start": start, "end": end})
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/events?{query}", headers=headers)
    ) as answer:
        body: bytes = answer.read()
        return (
            gzip.decompress(body)
            if answer.headers["Content-Encoding"] == "gzip"
            else body
        )


def ids(body: bytes) -> list[str]:
    return [json.loads(each)["event_id"] for each in body.splitlines()]


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("packed", [False, True])
def test_it_answers_what_was_received_from_start_to_before_end(
    tmp_path: Path, framing: str, packed: bool
) -> None:
    moments = [HOUR + timedelta(minutes=30 * number) for number in range(6)]
    keep(tmp_path, *((str(number), moment) for number, moment in enumerate(moments)))
    with EventCollector(tmp_path, framing=framing, compress=packed) as collector:
        options = {"Accept-Encoding": "gzip"} if packed else {}

        def between(start: str, end: str, year: int = 2026) -> list[str]:
            return ids(
                get(
                    collector.url,
                    f"{year}-03-10T{start}",
                    f"{year}-03-10T{end}",
                    **options,
                )
            )

        assert between("05:30:00Z", "07:00:00Z") == ["1", "2", "3"]
        assert between("06:30:00+01:00", "06:00:00Z") == ["1"]
        assert between("05:10:00Z", "05:20:00Z") == []
        assert between("05:10:00Z", "05:20:00Z", 2020) == []


def test_nothing_is_shown_before_it_was_received(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    keep(
        tmp_path,
        ("past", now - timedelta(hours=1)),
        ("future", now + timedelta(hours=1)),
    )
    with EventCollector(tmp_path) as collector:
        start, end = ((now + timedelta(hours=hours)).isoformat() for hours in (-5, 5))
        assert ids(get(collector.url, start, end)) == ["past"]


def test_it_asks_for_its_token_and_for_instants(tmp_path: Path) -> None:
    with EventCollector(tmp_path, token="a-secret") as collector:
        for status, start, token in ((401, HOUR, "other"), (400, "today", "a-secret")):
            with pytest.raises(HTTPError) as refusal:
                get(
                    collector.url,
                    start,
                    "2026-03-10T07:00:00Z",
                    Authorization=f"Bearer {token}",
                )
            assert refusal.value.code == status
        assert (
            get(
                collector.url,
                HOUR.isoformat(),
                HOUR.isoformat(),
                Authorization="Bearer a-secret",
            )
            == b""
        )


def test_as_a_program_it_serves_its_folder(tmp_path: Path) -> None:
    keep(tmp_path, ("one", HOUR))
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "demo.services.web_events",
        str(tmp_path),
        str(port),
    ]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port, process=process)
            url = f"http://127.0.0.1:{port}"
            assert ids(get(url, "2026-03-10T05:00:00Z", "2026-03-10T06:00:00Z")) == [
                "one"
            ]
        finally:
            process.terminate()
