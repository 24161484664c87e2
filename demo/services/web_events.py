"""The website's event collector: what it received, as newline-delimited JSON over HTTP.

`python -m demo.services.web_events ROOT PORT [--token TOKEN]`

`GET /events?start=…&end=…` answers the lines of the files below ROOT that were received in `[start, end)`,
and no line from the future. There is one file per hour of receipt in UTC, `2026-11-19T05.ndjson`, ordered by
`received_at`. A line that does not say when it was received came with the one before it.
"""

from __future__ import annotations

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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from demo.services.ports import listen_address

RECEIVED = re.compile(rb'"received_at"\s*:\s*"([^"]+)"')
HOUR = timedelta(hours=1)
CHUNK = 1 << 16


@dataclass
class EventFault:
    """Something that goes wrong with the next `times` requests whose `start` begins with `start`.

    Attributes:
        status: answer this status with `headers` and `body` instead of the events.
        body: with the status 200 too, in place of the events.
        cut: end the connection after so many bytes of the body.
        delay: seconds to wait before the answer.
    """

    start: str = ""
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    delay: float = 0


@dataclass(frozen=True)
class Request:
    """What a client asked: the target as sent, and the header that authorises it."""

    target: str
    authorization: str | None


class EventCollector:
    """The collector on a port of the loopback interface; as a context manager it runs on a thread of its own.

    Args:
        root: the folder with a file per hour.
        port: 0 takes a free one.
        token: what clients must send; None asks for nothing.
        packed: answer in gzip whoever takes it.
        framing: how a client learns where the body ends: `chunked`, `length`, or `close` (it does not).

    `faults` may be appended to; `requests` lists what was asked, `bytes_sent` counts bytes of bodies.
    """

    def __init__(
        self,
        root: Path,
        port: int = 0,
        *,
        token: str | None = None,
        packed: bool = False,
        framing: str = "chunked",
    ) -> None:
        self.root, self.token, self.packed, self.framing = root, token, packed, framing
        self.faults: list[EventFault] = []
        self.requests: list[Request] = []
        self.bytes_sent = 0
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer((listen_address(), port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What a connection has as its host."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        """Answer requests until the process is told to stop."""
        self._server.serve_forever()

    def __enter__(self) -> EventCollector:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def events(self, start: datetime, end: datetime) -> Iterator[bytes]:
        """The lines received in `[start, end)`, each with its line feed."""
        end = min(end, datetime.now(UTC))
        hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while hour < end:
            with suppress(FileNotFoundError), (self.root / f"{hour:%Y-%m-%dT%H}.ndjson").open("rb") as lines:
                received = hour
                for line in lines:
                    received = _received(line) or received
                    if start <= received < end:
                        yield line
            hour += HOUR


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= CHUNK:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def _received(line: bytes) -> datetime | None:
    found = RECEIVED.search(line)
    with suppress(ValueError):
        moment = datetime.fromisoformat(found[1].decode()) if found else None
        return moment if moment and moment.tzinfo else None
    return None


def _handler(collector: EventCollector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body in one packet: otherwise every answer waits for a delayed ACK

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:  # the client went away
                self.close_connection = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
            fault = self._note(asked.get("start", ""))
            time.sleep(fault.delay)
            if fault.status:
                self._answer(fault.status, iter([fault.body]), fault.headers, fault.cut)
            elif collector.token and self.headers["Authorization"] != f"Bearer {collector.token}":
                self._answer(401, iter([b'{"error": "no valid token"}']))
            elif url.path != "/events":
                self._answer(404, iter([b'{"error": "there is only /events"}']))
            else:
                try:
                    start, end = (datetime.fromisoformat(asked[name]) for name in ("start", "end"))
                    body = _chunks(collector.events(start.astimezone(UTC), end.astimezone(UTC)))
                except (KeyError, ValueError):
                    self._answer(400, iter([b'{"error": "start and end must be like 2026-11-19T05:00:00Z"}']))
                    return
                headers = {"Content-Type": "application/x-ndjson"}
                if collector.packed and "gzip" in self.headers.get("Accept-Encoding", ""):
                    body = (gzip.compress(piece, 1) for piece in body)
                    headers["Content-Encoding"] = "gzip"
                self._answer(200, body, headers, fault.cut)

        def _note(self, start: str) -> EventFault:
            with collector.lock:
                collector.requests.append(Request(self.path, self.headers["Authorization"]))
                for fault in collector.faults:
                    if fault.times and start.startswith(fault.start):
                        fault.times -= 1
                        return fault
            return EventFault()

        def _answer(
            self,
            status: int,
            body: Iterator[bytes],
            headers: dict[str, str] | None = None,
            cut: int | None = None,
        ) -> None:
            framing = collector.framing
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if framing == "length":
                whole = b"".join(body)
                body = iter([whole])
                self.send_header("Content-Length", str(len(whole)))
            elif framing == "chunked":
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            left = sys.maxsize if cut is None else cut
            for piece in filter(None, body):
                head, tail = (b"%x\r\n" % len(piece), b"\r\n") if framing == "chunked" else (b"", b"")
                self.wfile.write(head + piece[:left] + (tail if len(piece) <= left else b""))
                with collector.lock:
                    collector.bytes_sent += len(piece[:left])
                if len(piece) > left:
                    self.close_connection = True
                    return
                left -= len(piece)
            if framing == "chunked":
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: `requests` lists what was asked."""

    return Handler


def main(arguments: list[str]) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m demo.services.web_events", description=__doc__)
    parser.add_argument("root", type=Path, help="folder with a file per hour of receipt")
    parser.add_argument("port", type=int)
    parser.add_argument("--token", help="what clients must send as a bearer token")
    options = parser.parse_args(arguments)
    EventCollector(options.root, options.port, token=options.token).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
