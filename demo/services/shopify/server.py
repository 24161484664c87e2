"""The HTTP server of the shop: tokens, API versions, files of bulk results, and faults on demand."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from demo.services.http_service import Handler, HttpService
from demo.services.shopify.clock import Clock, system_clock
from demo.services.shopify.engine import Engine
from demo.services.shopify.faults import Fault, Request, insert_error
from demo.services.shopify.search import OrderSearch
from demo.services.shopify.store import Record, ShopifyStore

CLIENT_ID, CLIENT_SECRET = "demo-client-id", "shpss_demo_shopify"
TOKEN = "shpat_demo_shopify"
"""The token of an app made in the shop's admin; it never expires."""
VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07")
TOKEN_LIFETIME = 86399
_JSON = "application/json; charset=utf-8"
_GRAPHQL = re.compile(r"/admin/api/([^/]+)/graphql\.json")
_TOKEN_HEADER = "X-Shopify-Access-Token"
_UNAUTHORIZED = (
    "[API] Invalid API key or access token (unrecognized login or wrong password)"
)


@dataclass
class Response:
    """An HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class Shopify(HttpService):
    """The shop.

    Append to `faults` to make requests fail, and to `bulk.faults` for bulk operations. `requests` lists all
    requests.

    Attributes:
        versions: the live API versions; an older one is answered by the first of them.
        deprecated_reason: what `X-Shopify-API-Deprecated-Reason` reports.

    Args:
        store: its data; loaded from `data` where that is set. Its clock is the server's.
        port: 0 picks a free one.
        timezone: replaces the timezone of the data.
        data: a file in the layout of `store`; reloaded whenever it is replaced.
        lag: seconds until the search finds a change.
        token_lifetime: seconds until a token of the client-credentials grant expires.
        latency: seconds added to every response.
        hiccups: every n-th request gets 429 or 503 in turn; 0 = never.
    """

    def __init__(
        self,
        store: ShopifyStore | None = None,
        *,
        port: int = 0,
        timezone: str | None = None,
        data: Path | None = None,
        lag: float = 0,
        token_lifetime: int = TOKEN_LIFETIME,
        latency: float = 0,
        hiccups: int = 0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(port, _ShopifyHandler)
        self.store = (
            ShopifyStore(clock=clock or system_clock) if store is None else store
        )
        self.search = OrderSearch(self.store, timedelta(seconds=lag))
        self.engine = Engine(self.store, self.search)
        self.bulk, self.bucket = self.engine.bulk, self.engine.bucket
        self.latency, self.hiccups, self.timezone = latency, hiccups, timezone
        self.token_lifetime = token_lifetime
        self.tokens: dict[str, datetime | None] = {TOKEN: None}
        self.versions = VERSIONS
        self.deprecated_reason: str | None = None
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._data, self._data_stat = data, (0, 0)
        self._lock = threading.Lock()

    @property
    def leaks(self) -> list[str]:
        """The downloads of bulk results that carried an access token, which only the API may see."""
        return [
            each.path
            for each in self.requests
            if each.with_token and each.path.startswith("/bulk/")
        ]

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Response:
        """Return the response to one request.

        Args:
            method: the HTTP method.
            target: path and query of the request line.
            headers: the request's headers.
            body: the request's body.
        """
        payload = _payload(body, headers.get("Content-Type", ""))
        request = _request(method, target, headers, payload)
        fault, number = self._record_request(request)
        time.sleep(self.latency + fault.delay)
        if self.hiccups and number % self.hiccups == 0:
            status = 429 if number // self.hiccups % 2 else 503
            response = Response(
                status, b'{"errors":"Try again."}', {"Retry-After": "1.0"}
            )
        elif fault.status:
            response = Response(fault.status, fault.body, dict(fault.headers))
        else:
            with self.store.lock:
                if fault.before:
                    fault.before(self.store)
                self._reload()
                response = self._route(request, headers, payload, fault)
        request.status, response.cut = response.status, fault.cut
        if fault.rewrite:
            response.body = fault.rewrite(response.body)
        return response

    def _route(
        self,
        request: Request,
        headers: Mapping[str, str],
        payload: Record,
        fault: Fault,
    ) -> Response:
        path = request.path.partition("?")[0]
        if request.method == "GET" and path.startswith("/bulk/"):
            return self._download(path)
        if request.method == "POST" and path == "/admin/oauth/access_token":
            return self._grant_token(payload)
        match = _GRAPHQL.fullmatch(path)
        version = self._served_version(match[1]) if match else None
        if version is None or request.method != "POST":
            return _json(404, {"errors": "Not Found"})
        if not self._valid(headers.get(_TOKEN_HEADER, "")):
            return _json(401, {"errors": _UNAUTHORIZED})
        if not request.query:
            return _json(
                400, {"errors": {"query": "Required parameter missing or invalid"}}
            )
        answer = self.engine.execute(
            payload, f"http://{headers.get('Host', '')}", fault.throttled
        )
        request.requested_cost, request.actual_cost = (
            answer.requested_cost,
            answer.actual_cost,
        )
        body = insert_error(answer.body, fault.error) if fault.error else answer.body
        reason = (
            {"X-Shopify-API-Deprecated-Reason": self.deprecated_reason}
            if self.deprecated_reason
            else {}
        )
        return _json(200, body, {"X-Shopify-API-Version": version, **reason})

    def _download(self, path: str) -> Response:
        content = self.bulk.download(path.removeprefix("/bulk/"), self.store.clock())
        if content is None:
            return Response(400, b"<Error><Code>ExpiredToken</Code></Error>")
        return Response(200, content)

    def _served_version(self, requested: str) -> str | None:
        if requested in (*self.versions, "unstable"):
            return requested
        is_version = re.fullmatch(r"20\d\d-(01|04|07|10)", requested)
        return self.versions[0] if is_version and requested < self.versions[0] else None

    def _grant_token(self, payload: Record) -> Response:
        if payload.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        if (payload.get("client_id"), payload.get("client_secret")) != (
            CLIENT_ID,
            CLIENT_SECRET,
        ):
            return _json(401, {"error": "invalid_client"})
        token = f"shpat_{secrets.token_hex(16)}"
        self.tokens[token] = self.store.clock() + timedelta(seconds=self.token_lifetime)
        scope = ",".join(self.store.shop["accessScopes"])
        return _json(
            200,
            {"access_token": token, "scope": scope, "expires_in": self.token_lifetime},
        )

    def _valid(self, token: str) -> bool:
        expires_at = self.tokens.get(token, datetime.min.replace(tzinfo=UTC))
        return expires_at is None or self.store.clock() < expires_at

    def _record_request(self, request: Request) -> tuple[Fault, int]:
        with self._lock:
            self.requests.append(request)
            fault = next(
                (each for each in self.faults if request.matches(each)), Fault()
            )
            fault.times -= 1
            return fault, len(self.requests)

    def _reload(self) -> None:
        if self._data and self._data.exists():
            status = self._data.stat()
            if self._data_stat != (status.st_mtime_ns, status.st_ino):
                self.store.reload(self._data)
                self._data_stat = (status.st_mtime_ns, status.st_ino)
                if self.timezone:
                    self.store.shop = self.store.shop | {"ianaTimezone": self.timezone}


def _request(
    method: str, target: str, headers: Mapping[str, str], payload: Record
) -> Request:
    with_token = _TOKEN_HEADER in headers or "Authorization" in headers
    request = Request(method, target, with_token=with_token)
    if _GRAPHQL.fullmatch(target) and isinstance(payload.get("query"), str):
        request.query, request.variables = (
            payload["query"],
            payload.get("variables") or {},
        )
        name = re.search(r"(?:query|mutation)\s+(\w+)|(\w+)", request.query)
        request.operation = payload.get("operationName") or (
            name and (name[1] or name[2])
        )
    return request


def _payload(body: bytes, content_type: str) -> Record:
    """Return the JSON or form fields of a request, empty if they are invalid."""
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(body.decode()))
        payload = json.loads(body)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(
        status, json.dumps(body, ensure_ascii=False).encode(), headers or {}
    )


class _ShopifyHandler(Handler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        response = self.service.handle(self.command, self.path, self.headers, body)
        if response.cut:
            self.send_response(response.status)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body[: len(response.body) // 2])
            self.close_connection = True
            return
        content_type = "application/jsonl" if self.path.startswith("/bulk/") else _JSON
        self.respond(response.body, content_type, response.status, response.headers)

    do_GET = do_PUT = do_DELETE = do_POST
