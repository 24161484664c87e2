"""The HTTP server of the storefront: authentication, paging headers, and faults on demand."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from demo.services.http_service import Handler, HttpService
from demo.services.storefront.api import Api
from demo.services.storefront.auth import Keys
from demo.services.storefront.query import RestError
from demo.services.storefront.store import WooStore
from demo.services.storefront.versions import VERSIONS

ROOT = "/wp-json/wc/v3"
KEY, SECRET = "ck_demo_storefront", "cs_demo_storefront"
_JSON = "application/json; charset=UTF-8"


@dataclass
class Fault:
    """A fault of the next `times` requests whose path below the API root matches `path`.

    Attributes:
        path: regular expression for the whole path, as in `/orders/\\d+/refunds`.
        page: only this page; None matches any page.
        status: send this status with `headers` and `body` instead of the resource.
        delay: seconds to wait before the response.
        rewrite: changes the body of the real response.
        before: changes the store before the request is handled.
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
    """An HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Storefront(HttpService):
    """The storefront.

    Append to `faults` to make requests fail. `requests` lists all requests, as method and target.

    Args:
        store: its orders and products; loaded from `data` where that is set.
        mode: a key of `versions.VERSIONS`.
        port: 0 picks a free one.
        timezone: the site's timezone.
        data: a file in the layout of `store`; reloaded whenever it is replaced.
        https_only: refuse keys sent in clear, like a server reached over plain http. By default, it is a
            server behind a proxy that ends TLS.
        latency: seconds added to every response.
        hiccups: every n-th request gets 429 or 503 in turn; 0 = never.
        prefix: the shop's path, as in `/shop`.
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
    ) -> None:
        super().__init__(port, _StorefrontHandler)
        self.store = WooStore() if store is None else store
        self.api = Api(self.store, VERSIONS[mode], ZoneInfo(timezone))
        self.keys = Keys(KEY, SECRET, https=not https_only)
        self.latency, self.hiccups, self.prefix = latency, hiccups, prefix
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self._data, self._data_stat = data, (0, 0)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The shop's address, as the host of a connection."""
        return super().url + self.prefix

    def handle(
        self, method: str, target: str, host: str, authorization: str
    ) -> Response:
        """Return the response to one request.

        Args:
            method: the HTTP method.
            target: path and query of the request line.
            host: the `Host` header.
            authorization: the `Authorization` header.
        """
        path, _, query = target.partition("?")
        values = parse_qs(query, keep_blank_values=True)
        route = path.removeprefix(self.prefix + ROOT)
        fault, number = self._record_request(f"{method} {target}", route, values)
        time.sleep(self.latency + fault.delay)
        if self.hiccups and number % self.hiccups == 0:
            status = 429 if number // self.hiccups % 2 else 503
            return Response(
                status, b'{"code":"busy","message":"Try again."}', {"Retry-After": "1"}
            )
        if fault.status:
            return Response(fault.status, fault.body, dict(fault.headers))
        with self.store.lock:
            if fault.before:
                fault.before(self.store)
            self._reload()
            try:
                if route == path:
                    raise RestError(
                        404,
                        "rest_no_route",
                        "No route was found matching the URL and request method.",
                    )
                self.keys.check(method, target, authorization)
                if method != "GET":  # the API is read-only
                    raise RestError(
                        400, "woocommerce_rest_shop_order_invalid_id", "Invalid ID."
                    )
                body, totals = self.api.get(route, values)
            except RestError as error:
                return Response(error.status, json.dumps(error.body).encode())
        headers = (
            _paging_headers(f"http://{host}{path}", values, totals) if totals else {}
        )
        return Response(200, fault.rewrite(body) if fault.rewrite else body, headers)

    def _record_request(
        self, request: str, route: str, values: dict[str, list[str]]
    ) -> tuple[Fault, int]:
        page = values.get("page", ["1"])[-1]
        with self._lock:
            self.requests.append(request)
            for fault in self.faults:
                if (
                    fault.times
                    and re.fullmatch(fault.path, route)
                    and str(fault.page or page) == page
                ):
                    fault.times -= 1
                    return fault, len(self.requests)
            return Fault(), len(self.requests)

    def _reload(self) -> None:
        if self._data and self._data.exists():
            status = self._data.stat()
            if self._data_stat != (status.st_mtime_ns, status.st_ino):
                self.store.reload(self._data)
                self._data_stat = (status.st_mtime_ns, status.st_ino)


def _paging_headers(
    url: str, values: dict[str, list[str]], totals: tuple[int, int]
) -> dict[str, str]:
    total, pages = totals
    page = int(values.get("page", ["1"])[-1])

    def link(number: int, relation: str) -> str:
        # The link repeats all parameters, including credentials in the query string.
        others = {name: texts for name, texts in values.items() if name != "page"}
        query = urlencode(others | {"page": [str(number)]}, doseq=True)
        return f'<{url}?{query}>; rel="{relation}"'

    links = [link(min(page - 1, pages), "prev")] if page > 1 else []
    links += [link(page + 1, "next")] if page < pages else []
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    return headers | ({"Link": ", ".join(links)} if links else {})


class _StorefrontHandler(Handler):
    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        host, authorization = (
            self.headers.get("Host", ""),
            self.headers.get("Authorization", ""),
        )
        response = self.service.handle(self.command, self.path, host, authorization)
        self.respond(response.body, _JSON, response.status, response.headers)

    do_POST = do_PUT = do_DELETE = do_GET
