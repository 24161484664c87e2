"""The base of the two shops' servers: a data file, faults on demand, and pauses like those of real shops."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.services.http_service import Handler, HttpService


@dataclass
class Response:
    """An HTTP response; with `cut`, the connection is closed after half of the body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    cut: bool = False


@dataclass
class ShopFault:
    """A fault of the next `times` requests that `match` is found in.

    Attributes:
        match: a regular expression; the shop defines what it must match.
        status: send this status with `headers` and `body` instead of the result, as for a redirect.
        rewrite: changes the body of the real response.
        cut: close the connection after half of the body.
        before: changes the shop's store before the request is handled.
    """

    match: str = ""
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    rewrite: Callable[[bytes], bytes] | None = None
    cut: bool = False
    before: Callable[[Any], None] | None = None


class ShopServer(HttpService):
    """A shop's server.

    Append to `faults` to make requests fail.

    Args:
        store: the shop's data, with a `lock` and the method `reload`.
        port: 0 picks a free one.
        data: the file of the store's data; reloaded whenever it is replaced.
        latency: seconds added to every response.
        hiccups: one of n requests, chosen at random, gets 429 or 503; 0 = never. A fixed interval could
            refuse a client's repeated requests each time.
    """

    def __init__(
        self,
        store: Any,
        *,
        port: int = 0,
        data: Path | None = None,
        latency: float = 0,
        hiccups: int = 0,
    ) -> None:
        super().__init__(port, _ShopHandler)
        self.store = store
        self.faults: list[Any] = []
        self._data = data
        self._loaded_version = (0, 0)
        self._latency = latency
        self._hiccups = hiccups
        self._chance = random.Random(0)
        self._lock = threading.Lock()

    def respond(self, request: Any) -> Response:
        """Return the response to one request, or what a fault makes of it."""
        with self._lock:
            is_busy = self._hiccups and self._chance.randrange(self._hiccups) == 0
            status = self._chance.choice([429, 503])
            fault = self._next_fault(request)
        time.sleep(self._latency)
        if is_busy:
            return Response(status, b'{"message": "Busy"}', {"Retry-After": "1"})
        if fault and fault.status:
            return Response(fault.status, fault.body, fault.headers)
        with self.store.lock:
            if fault and fault.before:
                fault.before(self.store)
            self._reload_data()
            response = self.route(request, fault)
        if fault:
            response.cut = fault.cut
        if fault and fault.rewrite:
            response.body = fault.rewrite(response.body)
        return response

    def route(self, request: Any, fault: Any | None) -> Response:
        """Return the real response to a request."""
        raise NotImplementedError

    def concerns(self, fault: Any, request: Any) -> bool:
        """Whether a fault concerns a request."""
        raise NotImplementedError

    def _next_fault(self, request: Any) -> Any | None:
        for fault in self.faults:
            if fault.times > 0 and self.concerns(fault, request):
                fault.times -= 1
                return fault
        return None

    def _reload_data(self) -> None:
        if self._data is None or not self._data.exists():
            return
        status = self._data.stat()
        file_version = (status.st_mtime_ns, status.st_ino)
        if file_version != self._loaded_version:
            self.store.reload(self._data)
            self._loaded_version = file_version


class _ShopHandler(Handler):
    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers.items())
        response = self.service.handle(self.command, self.path, headers, body)
        cut = None
        if response.cut:
            cut = len(response.body) // 2
        self.respond(
            response.body,
            response.content_type,
            response.status,
            response.headers,
            cut,
        )

    do_POST = do_GET


def serve_shop(shop: type[ShopServer]) -> None:
    """Run a shop in the foreground, with the arguments `DATA PORT TIMEZONE`.

    It is busy now and then, like real shops.
    """
    data, port, timezone = sys.argv[1:]
    shop(data=Path(data), port=int(port), timezone=timezone, hiccups=40).serve()
