"""The HTTP server of the shop: tokens, API versions, files of bulk results, and faults on demand."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from demo.services.shop_server import Response, ShopFault, ShopServer
from demo.services.shopify.engine import Engine
from demo.services.shopify.store import Record, ShopifyStore

CLIENT_ID = "demo-client-id"
CLIENT_SECRET = "shpss_demo_shopify"
TOKEN = "shpat_demo_shopify"
"""The token of an app made in the shop's admin."""
_GRAPHQL = re.compile(r"/admin/api/([^/]+)/graphql\.json")
_OPERATION = re.compile(r"(?:query|mutation)\s+(\w+)")
_TOKEN_HEADER = "X-Shopify-Access-Token"


@dataclass
class Fault(ShopFault):
    """A fault; its `match` is searched in the path, operation name and query of a request.

    Attributes:
        throttled: respond THROTTLED.
        error: add this error to the result, and make the value at its `path` null; without a path, all data.
    """

    throttled: bool = False
    error: Record | None = None


@dataclass
class Request:
    """A request that the server received.

    Attributes:
        path: path and query of the request line.
        operation: the operation name in the query, if it has one.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    operation: str | None = None
    query: str = ""
    variables: Record = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """The server as the client sees it."""
        return f"http://{self.headers['Host']}"


class Shopify(ShopServer):
    """The shop.

    Append to `faults` to make requests fail, and to `bulk.faults` for bulk operations. `requests` lists all
    requests.

    Attributes:
        oldest_version: the oldest live version of the API, which answers requests for an older one.
        deprecated: why queries will no longer be answered as they are; the address of Shopify's text.
        tokens: the access tokens that are valid.

    Args:
        store: its data; loaded from `data` where that is set.
        timezone: the shop's timezone, without a store.
        options: those of `ShopServer`.
    """

    def __init__(
        self,
        store: ShopifyStore | None = None,
        *,
        timezone: str = "America/New_York",
        **options: Any,
    ) -> None:
        store = store or ShopifyStore(shop={"ianaTimezone": timezone})
        super().__init__(store, **options)
        self.engine = Engine(self.store)
        self.bulk = self.engine.bulk
        self.oldest_version = "2025-10"
        self.deprecated = ""
        self.tokens = {TOKEN}
        self.requests: list[Request] = []

    @property
    def leaks(self) -> list[str]:
        """The downloads of bulk results that carried an access token, which only the API may see."""
        leaks = []
        for request in self.requests:
            has_token = {_TOKEN_HEADER, "Authorization"} & request.headers.keys()
            if has_token and request.path.startswith("/bulk/"):
                leaks.append(request.path)
        return leaks

    def handle(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
    ) -> Response:
        """Record a request and return its response."""
        request = Request(method, target, headers, body)
        if _GRAPHQL.fullmatch(target):
            payload = json.loads(body)
            request.query = payload["query"]
            request.variables = payload["variables"]
            name = _OPERATION.search(request.query)
            request.operation = name[1] if name else None
        self.requests.append(request)
        return self.respond(request)

    def concerns(self, fault: Fault, request: Request) -> bool:
        """Whether a fault concerns a request."""
        text = f"{request.path}\n{request.operation}\n{request.query}"
        return re.search(fault.match, text) is not None

    def route(self, request: Request, fault: Fault | None) -> Response:
        """Return the real response to a request."""
        path = request.path.partition("?")[0]
        if path in self.bulk.files:
            return Response(200, self.bulk.files[path], {}, "application/jsonl")
        if path == "/admin/oauth/access_token":
            return self._grant_token(request.body)
        match = _GRAPHQL.fullmatch(path)
        if match is None:
            return _json(404, {"errors": "Not Found"})
        if request.headers.get(_TOKEN_HEADER) not in self.tokens:
            return _json(401, {"errors": "[API] Invalid API key or access token"})
        is_throttled = fault is not None and fault.throttled
        body = self.engine.execute(
            request.query,
            request.variables,
            request.base_url,
            is_throttled,
        )
        if fault and fault.error:
            body = _with_error(body, fault.error)
        version = max(match[1], self.oldest_version)
        answered = {"X-Shopify-API-Version": version}
        if self.deprecated:
            answered["X-Shopify-API-Deprecated-Reason"] = self.deprecated
        return _json(200, body, answered)

    def _grant_token(self, body: bytes) -> Response:
        fields = parse_qs(body.decode())
        if fields.get("grant_type") != ["client_credentials"]:
            return _json(400, {"error": "unsupported_grant_type"})
        client = (fields.get("client_id"), fields.get("client_secret"))
        if client != ([CLIENT_ID], [CLIENT_SECRET]):
            return _json(401, {"error": "invalid_client"})
        token = f"shpat_{secrets.token_hex(16)}"
        self.tokens.add(token)
        return _json(200, {"access_token": token})


def _with_error(body: Record, error: Record) -> Record:
    """Return the body of a result with an additional error, and null at its `path`."""
    body = body | {"errors": [error]}
    value = body
    path = ["data", *error.get("path", ())]
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = None
    return body


def _json(status: int, body: Record, headers: dict[str, str] | None = None) -> Response:
    return Response(status, json.dumps(body).encode(), headers or {})
