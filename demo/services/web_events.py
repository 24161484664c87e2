"""The website's event collector: the events it received, as newline-delimited JSON over HTTP.

`python -m demo.services.web_events ROOT PORT`

`GET /events?start=…&end=…` returns the lines of the files below ROOT that were received in `[start, end)` and
not in the future. There is one file per UTC hour of receipt, `2026-11-19T05.ndjson`, sorted by `received_at`.
A line without that field counts as received together with the line before it.
"""

import gzip
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from demo.services.http_service import Handler, HttpService

RECEIVED_AT = re.compile(
    rb'"received_at"\s*:\s*"(\d{4}-\d\d-\d\dT[^"]+(?:Z|[+-]\d\d:\d\d))"'
)
HOUR = timedelta(hours=1)


@dataclass
class EventFault:
    """A fault of the next `times` requests whose `start` parameter begins with `start`.

    Attributes:
        status: send this status with `headers` and `body` instead of the events.
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
        compress: use gzip.
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
        self.root = root
        self.token = token
        self.compress = compress
        self.framing = framing
        self.faults: list[EventFault] = []
        self.requests: list[EventRequest] = []
        self.bytes_sent = 0
        self.lock = threading.Lock()

    def events(self, start: datetime, end: datetime) -> bytes:
        """Return the lines received in `[start, end)`, each with its line feed."""
        end = min(end, datetime.now(UTC))
        events = []
        hour = start.replace(minute=0, second=0, microsecond=0)
        while hour < end:
            file = self.root / f"{hour:%Y-%m-%dT%H}.ndjson"
            received_at = hour
            for line in _lines(file):
                received_at = _received_at(line) or received_at
                if start <= received_at < end:
                    events.append(line)
            hour += HOUR
        return b"".join(events)

    def next_fault(self, start: str) -> EventFault:
        """Return the fault of a request with the parameter `start`, which may be none."""
        with self.lock:
            for fault in self.faults:
                if fault.times and start.startswith(fault.start):
                    fault.times -= 1
                    return fault
        return EventFault()


class _EventHandler(Handler):
    def do_GET(self) -> None:
        service: EventCollector = self.service
        authorization = self.headers["Authorization"]
        service.requests.append(EventRequest(self.path, authorization))
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query))
        fault = service.next_fault(parameters.get("start", ""))
        time.sleep(fault.delay)
        if fault.status:
            self._send(fault.status, fault.body, fault.headers, fault.cut)
            return
        if service.token and authorization != f"Bearer {service.token}":
            self._send(401, b'{"error": "no valid token"}', {})
            return
        if url.path != "/events":
            self._send(404, b'{"error": "the only path is /events"}', {})
            return
        start = datetime.fromisoformat(parameters["start"]).astimezone(UTC)
        end = datetime.fromisoformat(parameters["end"]).astimezone(UTC)
        body = service.events(start, end)
        headers = {"Content-Type": "application/x-ndjson"}
        if service.compress:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        self._send(200, body, headers, fault.cut)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        cut: int | None = None,
    ) -> None:
        """Send a response; with `cut`, only so many bytes of its body."""
        framing = self.service.framing
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if framing == "length":
            self.send_header("Content-Length", str(len(body)))
        elif framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        sent = body[:cut]
        with self.service.lock:
            self.service.bytes_sent += len(sent)
        if framing == "chunked" and body:
            self.wfile.write(b"%x\r\n" % len(body))
        self.wfile.write(sent)
        if cut is not None:
            self.close_connection = True
        elif framing == "chunked":
            self.wfile.write(b"\r\n0\r\n\r\n" if body else b"0\r\n\r\n")


def _lines(file: Path) -> list[bytes]:
    """Return the lines of a file, with their line feeds; none if it does not exist."""
    if not file.exists():
        return []
    with file.open("rb") as stream:
        return stream.readlines()


def _received_at(line: bytes) -> datetime | None:
    """Return when an event was received, or None where the line has no valid instant."""
    match = RECEIVED_AT.search(line)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1].decode())
    except ValueError:
        return None


if __name__ == "__main__":
    EventCollector(Path(sys.argv[1]), int(sys.argv[2])).serve()
