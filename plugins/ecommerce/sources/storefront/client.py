"""HTTP client of the WooCommerce REST API v3, for several threads at once.

The connection `storefront_api` (type http): host = the shop's root, as in `https://shop.example.com` or,
where WordPress lives in a folder, `https://shop.example.com/blog` (everything before `/wp-json`; a port then
goes into the host); login and password = consumer key and secret of a key that may read. Extra may hold
`timeout` (seconds) and what else the http provider knows. WooCommerce takes keys openly over HTTPS only; with
the extra `{"auth": "oauth1"}` requests are signed instead (OAuth 1.0a), which it takes over plain http too.
Either way they travel in the `Authorization` header, never in the URL.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecommerce.core import errors
from ecommerce.core.connections import connection
from ecommerce.core.names import CONNECTION_STOREFRONT
from ecommerce.sources.http import (
    first_characters,
    is_unencrypted,
    network_errors,
    raise_for_status,
    request,
    retry_after,
)

if TYPE_CHECKING:
    from requests import Response, Session

CONNECTION = CONNECTION_STOREFRONT
API_ROOT = "/wp-json/wc/v3"
PER_PAGE = 100
"""Objects per page: the most WooCommerce gives."""
CONCURRENCY = 8
"""Requests under way at once; more gains nothing and annoys shops on small servers."""
ATTEMPTS = 5
FIRST_PAUSE = 1.0
"""Seconds; each further pause is twice as long."""
LONGEST_PAUSE = 120.0
"""A server that asks for more seconds is left to the task's own retry, which waits as long as asked."""
TIMEOUT = (10.0, 60.0)

log = logging.getLogger(__name__)


class NotFoundError(errors.ContractError):
    """404: this server has no such route."""


class MalformedAnswerError(errors.ContractError):
    """A page that is no JSON list."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: `body` is a JSON list of `size` objects as sent, `total` the server's count over all pages.
    `total` is None where the header is missing; on an empty page it means nothing (some servers say 0
    there)."""

    number: int
    body: bytes
    total: int | None
    size: int

    @property
    def empty(self) -> bool:
        """Whether the list has no element."""
        return not self.size


class StorefrontClient:
    """Reads lists, page by page; sends again what was refused for the moment. 429 and 503 hold back all
    threads until `Retry-After` is over."""

    def __init__(
        self,
        session: Session,
        root: str,
        timeout: float | tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session, self._root, self._timeout, self._sleep = session, root, timeout, sleep
        self._lock = threading.Lock()
        self._resume_at = 0.0

    @classmethod
    def connect(cls) -> StorefrontClient:
        """Return a client for the connection `storefront_api`.

        Raises:
            ConfigurationError: the connection is missing, has no login, or would send the key openly.
        """
        from airflow.providers.http.hooks.http import HttpHook
        from requests.adapters import HTTPAdapter

        shop = connection(CONNECTION)
        if not (shop.host and shop.login and shop.password):
            raise errors.ConfigurationError(
                f"the connection {CONNECTION} needs the shop's address as host, and consumer key and secret "
                "as login and password"
            )
        signed = shop.extra_dejson.get("auth") == "oauth1"
        adapter = HTTPAdapter(pool_maxsize=CONCURRENCY)
        hook = HttpHook("GET", CONNECTION, auth_type=_oauth1 if signed else None, adapter=adapter)
        # One session for all threads: nothing of it changes after this, and its pool is made for that.
        session = hook.get_conn()
        session.headers.pop("auth", None)  # the hook takes unknown extras for headers
        root = hook.base_url.rstrip("/").removesuffix(API_ROOT) + API_ROOT
        if is_unencrypted(root) and not signed:
            raise errors.ConfigurationError(
                f"the host of the connection {CONNECTION} does not begin with https://, and the key would "
                "travel without encryption: begin it with https://, or, if the shop has no certificate, set "
                'the extra {"auth": "oauth1"}'
            )
        return cls(session, root, hook.merged_extra.get("timeout") or TIMEOUT)

    def get(self, path: str, page: int = 1, parameters: Mapping[str, str] | None = None) -> Page:
        """Return one page of a list.

        Args:
            path: of the list below the API root, such as `/orders`.
            page: its number, from 1.
            parameters: of the query.

        Raises:
            ConfigurationError: the server redirects to another host.
            CredentialsError: 401, 403.
            NotFoundError: 404.
            RateLimitedError, TransientError: several attempts were refused, failed or timed out.
            ContractError: any other status, or an answer that is no JSON list.
        """
        what = f"{CONNECTION}: GET {path} (page {page})"
        query: dict[str, Any] = {**(parameters or {}), "per_page": PER_PAGE, "page": page}
        for attempt in range(1, ATTEMPTS + 1):
            response = None
            self._sleep_until_allowed()
            try:
                with network_errors(what):
                    response = self._answer("GET", self._root + path, query, what)
                _raise_for_status(response, what)
                return _page(response, page, what)
            except (errors.TransientError, MalformedAnswerError) as error:
                asked = retry_after(response) if response is not None else None
                wait = FIRST_PAUSE * 2 ** (attempt - 1) if asked is None else asked
                # What is no JSON may be a passing notice in the page; twice, it is the page.
                most = 2 if isinstance(error, MalformedAnswerError) else ATTEMPTS
                if attempt == most or wait > LONGEST_PAUSE:
                    raise
                log.info("%s; attempt %d of %d, again in %.1f s", error, attempt, most, wait)
                if isinstance(error, errors.RateLimitedError):
                    with self._lock:
                        self._resume_at = max(self._resume_at, time.monotonic() + wait)
                else:
                    self._sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    @property
    def is_unencrypted(self) -> bool:
        """Whether requests travel the internet without encryption."""
        return is_unencrypted(self._root)

    def has_plain_permalinks(self) -> bool:
        """Return whether the API answers to the parameter `rest_route`, as with plain permalinks."""
        shop = self._root.removesuffix(API_ROOT)
        what = f"{CONNECTION}: GET /?rest_route="
        with network_errors(what):
            answer = self._answer("GET", f"{shop}/", {"rest_route": "/wc/v3/orders", "per_page": 1}, what)
        return answer.ok and answer.content.strip().startswith(b"[")

    def may_write(self) -> bool:
        """Return whether the key may change orders, by an empty change of order 0, which does not exist."""
        what = f"{CONNECTION}: PUT /orders/0"
        with network_errors(what):
            return self._answer("PUT", f"{self._root}/orders/0", None, what).status_code not in (401, 403)

    def dates_all_changes(self) -> bool | None:
        """Return whether every change of an order moves its modified date, as with order tables (HPOS); None
        where the key may not read that."""
        what = f"{CONNECTION}: GET /system_status"
        with network_errors(what):
            answer = self._answer("GET", f"{self._root}/system_status", {"_fields": "settings"}, what)
        try:
            return bool(answer.json()["settings"].get("HPOS_enabled")) if answer.ok else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _answer(self, method: str, url: str, query: dict[str, Any] | None, what: str) -> Response:
        return request(self._session, method, url, query, what, timeout=self._timeout)

    def _sleep_until_allowed(self) -> None:
        if (wait := self._resume_at - time.monotonic()) > 0:
            self._sleep(wait)


def _oauth1(key: str, secret: str) -> Any:
    from requests_oauthlib import OAuth1  # type: ignore[import-untyped] # it has no type hints

    for name in ("oauthlib", "requests_oauthlib"):  # both would log the header that authorises each request
        logging.getLogger(name).setLevel(logging.INFO)
    return OAuth1(key, client_secret=secret, signature_method="HMAC-SHA256")


def _raise_for_status(response: Response, what: str) -> None:
    """Raise as `http.raise_for_status`, with the meaning of WooCommerce's answers."""
    answer = f"{what} answered {response.status_code}"
    if response.status_code in (401, 403):
        raise errors.CredentialsError(
            f"{answer} {first_characters(response)}: check that login and password are a consumer key that "
            "may read and its secret, and that the host begins with https:// (over plain http, set the extra "
            '{"auth": "oauth1"})'
        )
    if response.status_code == 404:
        raise NotFoundError(
            f"{answer} {first_characters(response)}: is the host of the connection the root of a WooCommerce "
            f"shop, the part before {API_ROOT}?"
        )
    raise_for_status(response, what)


def _page(response: Response, number: int, what: str) -> Page:
    body = response.content.removeprefix(b"\xef\xbb\xbf").strip()
    if not body.startswith(b"["):
        raise MalformedAnswerError(f"{what} is no JSON list; it begins with {first_characters(response)}")
    try:
        size = len(json.loads(body))
    except json.JSONDecodeError as error:  # not quoted: these are customers
        raise MalformedAnswerError(
            f"{what} is no JSON list: it breaks off, or is wrong, at byte {error.pos} of {len(body)}"
        ) from None
    except UnicodeDecodeError as error:
        raise MalformedAnswerError(f"{what} is no JSON list: byte {error.start} is not UTF-8") from None
    total = response.headers.get("X-WP-Total", "")
    return Page(number, body, int(total) if total.isascii() and total.isdigit() else None, size)
