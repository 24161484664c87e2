"""The HTTP server of the storefront: authentication, the total of a list, and faults on demand."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from demo.services.shop_server import Response, ShopFault, ShopServer
from demo.services.storefront.api import Api, RestError
from demo.services.storefront.store import WooStore
from demo.services.storefront.versions import VERSIONS

ROOT = "/wp-json/wc/v3"
KEY = "ck_demo_storefront"
SECRET = "cs_demo_storefront"


@dataclass
class Fault(ShopFault):
    """A fault; its `match` is the pattern of a whole path below the API's root, as in `/orders/\\d+/refunds`.

    Attributes:
        page: only this page; None matches any page.
    """

    match: str = ".*"
    page: int | None = None


@dataclass(frozen=True)
class Request:
    """A request; `route` is its path below the API's root."""

    method: str
    route: str
    parameters: dict[str, str]
    authorization: str


class Storefront(ShopServer):
    """The storefront, behind a proxy that ends TLS.

    Append to `faults` to make requests fail. `requests` lists all requests, as method and target.

    Attributes:
        secret: the secret of the key `KEY`.

    Args:
        store: its orders and products; loaded from `data` where that is set.
        mode: a key of `versions.VERSIONS`.
        timezone: the site's timezone.
        options: those of `ShopServer`.
    """

    def __init__(
        self,
        store: WooStore | None = None,
        mode: str = "11",
        *,
        timezone: str = "America/New_York",
        **options: Any,
    ) -> None:
        super().__init__(store or WooStore(), **options)
        self.api = Api(self.store, VERSIONS[mode], ZoneInfo(timezone))
        self.secret = SECRET
        self.requests: list[str] = []

    def handle(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes,
    ) -> Response:
        """Record a request and return its response."""
        self.requests.append(f"{method} {target}")
        path, _, query = target.partition("?")
        authorization = headers.get("Authorization", "")
        route = path.removeprefix(ROOT)
        return self.respond(
            Request(method, route, dict(parse_qsl(query)), authorization)
        )

    def concerns(self, fault: Fault, request: Request) -> bool:
        """Whether a fault concerns a request."""
        if fault.page and str(fault.page) != request.parameters.get("page"):
            return False
        return re.fullmatch(fault.match, request.route) is not None

    def route(self, request: Request, fault: Fault | None) -> Response:
        """Return the real response to a request."""
        try:
            self._authenticate(request)
            result = self.api.get(request.route, request.parameters)
        except RestError as error:
            return Response(error.status, json.dumps(error.body).encode())
        headers = {}
        if result.total is not None:
            headers["X-WP-Total"] = str(result.total)
        return Response(200, json.dumps(result.body).encode(), headers)

    def _authenticate(self, request: Request) -> None:
        expected = b64encode(f"{KEY}:{self.secret}".encode()).decode()
        if request.authorization != f"Basic {expected}" or request.method != "GET":
            raise RestError(
                401,
                "woocommerce_rest_cannot_view",
                "Sorry, you cannot list resources.",
            )
