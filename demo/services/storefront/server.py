"""The HTTP server around the API: authentication, paging links, and faults on demand."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from demo.services.ports import listen_address
from demo.services.storefront.api import Api
from demo.services.storefront.auth import Keys
from demo.services.storefront.query import RestError
from demo.services.storefront.store import WooStore
from demo.services.storefront.versions import VERSIONS

ROOT = "/wp-json/wc/v3"
KEY, SECRET = "ck_demo_storefront", "cs_demo_storefront"


@dataclass
class Fault:
    """Something that goes wrong with the next `times` requests whose path below the API root matches `path`.

    Attributes:
        path: regular expression for the whole of that path, as in `/orders/\\d+/refunds`.
        page: only this page; any page when None.
        status: answer this status with `headers` and `body` instead of the resource.
        delay: seconds to wait before answering.
        rewrite: changes the body of the real answer.
        before: changes the store before the request is answered.
    """

    path: str = ".*"
    page: int | None = None
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0
    rewrite: Callable[[bytes], bytes] | None = None
    before: Callable[[WooStore], None] | None = None


@dataclass
class Response:
    """What goes back to the client."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Storefront:
    """A storefront on a port of the loopback interface; as a context manager it runs on a thread of its own.

    Args:
        store: what it sells; filled from `data` when that is given.
        mode: a key of `versions.VERSIONS`.
        port: 0 takes a free one.
        timezone: the site's.
        data: a file in the layout of `store`; read again whenever it was replaced.
        https_only: refuse keys sent openly, as a server reached over plain http does. Otherwise this is taken
            for a server behind a proxy that ends TLS.
        latency: seconds every answer takes longer.
        hiccups: every so many requests one is answered 429 or 503 in turn; 0 = never.
        prefix: the path of the shop, as in `/shop`.
        plain_permalinks: the API has no address but `/?rest_route=`.

    `faults` may be appended to; `requests` lists what was asked, as method and target.
    """

    def __init__(
        self,
        store: WooStore | None = None,
        mode: str = "11",
        *,
        port: int = 0,
        timezone: str = "America/New_York",
        data: Path | None = None,
        https_only: bool = False,
        latency: float = 0,
        hiccups: int = 0,
        prefix: str = "",
        plain_permalinks: bool = False,
    ) -> None:
        self.store = WooStore() if store is None else store
        self.api = Api(self.store, VERSIONS[mode], ZoneInfo(timezone))
        self.keys = Keys(KEY, SECRET, https=not https_only)
        self.latency, self.hiccups, self.prefix = latency, hiccups, prefix
        self.plain_permalinks = plain_permalinks
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self._data, self._data_seen = data, (0, 0)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((listen_address(), port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The shop's address: what a connection has as its host."""
        return f"http://127.0.0.1:{self._server.server_port}{self.prefix}"

    def serve(self) -> None:
        """Answer requests until the process is told to stop."""
        self._server.serve_forever()

    def __enter__(self) -> Storefront:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, target: str, host: str, authorization: str) -> Response:
        """Answer one request."""
        path, _, query = target.partition("?")
        values = parse_qs(query, keep_blank_values=True)
        if self.plain_permalinks:
            path = (
                f"{self.prefix}/wp-json{values.pop('rest_route')[0]}"
                if "rest_route" in values
                else "/nowhere"
            )
        route = path.removeprefix(self.prefix + ROOT)
        fault, number = self._record_request(f"{method} {target}", route, values)
        time.sleep(self.latency + fault.delay)
        if self.hiccups and number % self.hiccups == 0:
            status = 429 if number // self.hiccups % 2 else 503
            return Response(status, b'{"code":"busy","message":"Try again."}', {"Retry-After": "1"})
        if fault.status:
            return Response(fault.status, fault.body, dict(fault.headers))
        with self.store.lock:
            if fault.before:
                fault.before(self.store)
            self._reload()
            try:
                if route == path:
                    raise RestError(
                        404, "rest_no_route", "No route was found matching the URL and request method."
                    )
                self.keys.check(method, host, target, authorization)
                if method != "GET":  # nothing here can be changed
                    raise RestError(400, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
                body, totals = self.api.get(route, values)
            except RestError as error:
                return Response(error.status, json.dumps(error.body).encode())
        headers = _paging_headers(f"http://{host}{path}", values, totals) if totals else {}
        return Response(200, fault.rewrite(body) if fault.rewrite else body, headers)

    def _record_request(self, request: str, route: str, values: dict[str, list[str]]) -> tuple[Fault, int]:
        page = values.get("page", ["1"])[-1]
        with self._lock:
            self.requests.append(request)
            for fault in self.faults:
                if fault.times and re.fullmatch(fault.path, route) and str(fault.page or page) == page:
                    fault.times -= 1
                    return fault, len(self.requests)
            return Fault(), len(self.requests)

    def _reload(self) -> None:
        if self._data and self._data.exists():
            status = self._data.stat()
            if self._data_seen != (status.st_mtime_ns, status.st_ino):
                self.store.reload(self._data)
                self._data_seen = (status.st_mtime_ns, status.st_ino)


def _paging_headers(url: str, values: dict[str, list[str]], totals: tuple[int, int]) -> dict[str, str]:
    total, pages = totals
    page = int(values.get("page", ["1"])[-1])

    def link(number: int, relation: str) -> str:
        # Everything asked is echoed, credentials in the query string too.
        asked = {name: given for name, given in values.items() if name != "page"}
        return f'<{url}?{urlencode(asked | {"page": [str(number)]}, doseq=True)}>; rel="{relation}"'

    links = [link(min(page - 1, pages), "prev")] if page > 1 else []
    links += [link(page + 1, "next")] if page < pages else []
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    return headers | ({"Link": ", ".join(links)} if links else {})


def _handler(storefront: Storefront) -> type[BaseHTTPRequestHandler]:
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
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = storefront.answer(
                self.command,
                self.path,
                self.headers.get("Host", ""),
                self.headers.get("Authorization", ""),
            )
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: `requests` lists what was asked."""

    return Handler
