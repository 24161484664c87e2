"""The website's event collector: the events it received, as newline-delimited JSON over HTTP.

`python -m demo.services.web_events ROOT PORT [--token TOKEN]`

`GET /events?start=…&end=…` returns the lines of the files below ROOT that were received in `[start, end)` and
not in the future. There is one file per UTC hour of receipt, `2026-11-19T05.ndjson`, sorted by `received_at`.
A line without that field counts as received together with the line before it.
"""

import argparse
import gzip
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from demo.services.http_service import Handler, HttpService

RECEIVED_AT = re.compile(rb'"received_at"\s*:\s*"([^"]+)"')
HOUR = timedelta(hours=1)
CHUNK = 1 << 16


@dataclass
class EventFault:
    """A fault of the next `times` requests whose `start` parameter begins with `start`.

    Attributes:
        status: send this status with `headers` and `body` instead of the events.
        body: the body to send instead of the events.
        cut: close the connection after this many bytes of the body.
        delay: seconds to wait before the response.
    """

    start: str = ""
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    delay: float = 0


@dataclass(frozen=True)
class EventRequest:
    """A request: its target as sent, and its `Authorization` header."""

    target: str
    authorization: str | None


class EventCollector(HttpService):
    """The event collector.

    Append to `faults` to make requests fail. `requests` lists all requests; `bytes_sent` counts the bytes of
    all bodies.

    Args:
        root: the folder with a file per hour.
        port: 0 picks a free one.
        token: the bearer token that clients must send; None requires none.
        compress: use gzip for clients that accept it.
        framing: how the end of the body is marked: `chunked`, `length`, or `close` (not at all).
    """

    def __init__(
        self,
        root: Path,
        port: int = 0,
        *,
        token: str | None = None,
        compress: bool = False,
        framing: str = "chunked",
    ) -> None:
        super().__init__(port, _EventHandler)
        self.root, self.token, self.compress, self.framing = (
            root,
            token,
            compress,
            framing,
        )
        self.faults: list[EventFault] = []
        self.requests: list[EventRequest] = []
        self.bytes_sent = 0
        self.lock = threading.Lock()

    def events(self, start: datetime, end: datetime) -> Iterator[bytes]:
        """Yield the lines received in `[start, end)`, each with its line feed."""
        end = min(end, datetime.now(UTC))
        hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while hour < end:
            with (
                suppress(FileNotFoundError),
                (self.root / f"{hour:%Y-%m-%dT%H}.ndjson").open("rb") as lines,
            ):
                received_at = hour
                for line in lines:
                    received_at = _received_at(line) or received_at
                    if start <= received_at < end:
                        yield line
            hour += HOUR


class _EventHandler(Handler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        params = {name: values[-1] for name, values in parse_qs(url.query).items()}
        fault = self._record_request(params.get("start", ""))
        time.sleep(fault.delay)
        token = self.service.token
        if fault.status:
            self._stream(fault.status, iter([fault.body]), fault.headers, fault.cut)
        elif token and self.headers["Authorization"] != f"Bearer {token}":
            self._error(401, "no valid token")
        elif url.path != "/events":
            self._error(404, "the only path is /events")
        else:
            try:
                start, end = (
                    datetime.fromisoformat(params[name]) for name in ("start", "end")
                )
            except (KeyError, ValueError):
                self._error(400, "start and end must be like 2026-11-19T05:00:00Z")
                return
            body = _chunks(
                self.service.events(start.astimezone(UTC), end.astimezone(UTC))
            )
            headers = {"Content-Type": "application/x-ndjson"}
            if self.service.compress and "gzip" in self.headers.get(
                "Accept-Encoding", ""
            ):
                body = (gzip.compress(chunk, 1) for chunk in body)
                headers["Content-Encoding"] = "gzip"
            self._stream(200, body, headers, fault.cut)

    def _error(self, status: int, message: str) -> None:
        self._stream(status, iter([b'{"error": "%s"}' % message.encode()]), {}, None)

    def _record_request(self, start: str) -> EventFault:
        with self.service.lock:
            self.service.requests.append(
                EventRequest(self.path, self.headers["Authorization"])
            )
            for fault in self.service.faults:
                if fault.times and start.startswith(fault.start):
                    fault.times -= 1
                    return fault
        return EventFault()

    def _stream(
        self,
        status: int,
        body: Iterator[bytes],
        headers: dict[str, str],
        cut: int | None,
    ) -> None:
        framing = self.service.framing
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if framing == "length":
            content = b"".join(body)
            body = iter([content])
            self.send_header("Content-Length", str(len(content)))
        elif framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        left = sys.maxsize if cut is None else cut
        for chunk in filter(None, body):
            head, tail = (
                (b"%x\r\n" % len(chunk), b"\r\n")
                if framing == "chunked"
                else (b"", b"")
            )
            self.wfile.write(
                head + chunk[:left] + (tail if len(chunk) <= left else b"")
            )
            with self.service.lock:
                self.service.bytes_sent += len(chunk[:left])
            if len(chunk) > left:
                self.close_connection = True
                return
            left -= len(chunk)
        if framing == "chunked":
            self.wfile.write(b"0\r\n\r\n")


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _received_at(line: bytes) -> datetime | None:
    match = RECEIVED_AT.search(line)
    with suppress(ValueError):
        instant = datetime.fromisoformat(match[1].decode()) if match else None
        return instant if instant and instant.tzinfo else None
    return None


def main(arguments: list[str]) -> None:
    """Run the collector until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.services.web_events", description=__doc__
    )
    parser.add_argument(
        "root", type=Path, help="folder with a file per hour of receipt"
    )
    parser.add_argument("port", type=int)
    parser.add_argument("--token", help="bearer token that clients must send")
    options = parser.parse_args(arguments)
    EventCollector(options.root, options.port, token=options.token).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
