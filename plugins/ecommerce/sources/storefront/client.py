"""HTTP client of the WooCommerce REST API v3, for several threads at once. docs/SOURCES.md describes the
connection."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from ecommerce.core.connections import connection
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from ecommerce.core.values import Json
from ecommerce.sources.http import (
    NotFoundError,
    Timeout,
    json_object,
    quoted,
    raise_for_status,
    refuse_unencrypted,
    request,
    with_retries,
)

if TYPE_CHECKING:
    from requests import Response, Session

API_ROOT = "/wp-json/wc/v3"
PER_PAGE = 100
"""Objects per page: the most WooCommerce gives."""
CONCURRENCY = 8
"""Requests under way at once; more are no faster, and overload small servers."""
ATTEMPTS = 5
TIMEOUT = (10.0, 60.0)
LISTS = (
    "categories",
    "coupon_lines",
    "fee_lines",
    "line_items",
    "meta_data",
    "refunds",
    "shipping_lines",
)
OBJECTS = ("billing", "shipping")
MEANINGS = {
    CredentialsError: " (a consumer key that may read, and its secret), and that WordPress knows that "
    "it is visited over https://",
    NotFoundError: ": is the host of the connection the root of a WooCommerce shop, the part before "
    f"{API_ROOT}? Does it use plain permalinks, which hide the API?",
}
"""What an error of an answer means for WooCommerce."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: `body` is a JSON list of `size` objects, `total` the server's count over all pages.
    `total` is None where the header is missing; on an empty page it means nothing (some servers send 0
    there)."""

    number: int
    body: bytes
    total: int | None
    size: int


@dataclass(frozen=True)
class StorefrontClient:
    """Reads lists, page by page, and repeats requests that failed for the moment."""

    conn_id: str
    session: Session
    root: str
    """The address of the API: that of the shop and `API_ROOT`."""
    timeout: Timeout = TIMEOUT

    @classmethod
    def connect(cls, conn_id: str) -> StorefrontClient:
        """Return a client for a connection; ConfigurationError where it is missing, has no login, or would
        send the key openly. (WooCommerce's OAuth 1.0a for plain HTTP is not supported.)"""
        from airflow.providers.http.hooks.http import HttpHook
        from requests.adapters import HTTPAdapter

        shop = connection(conn_id)
        if not (shop.host and shop.login and shop.password):
            raise ConfigurationError(
                f"the connection {conn_id} needs the shop's address as host, and consumer key and secret "
                "as login and password"
            )
        adapter = HTTPAdapter(pool_maxsize=CONCURRENCY)
        hook = HttpHook("GET", conn_id, adapter=adapter)
        # One session for all threads: nothing of it changes after this, and its pool is made for that.
        session = hook.get_conn()
        root = hook.base_url.rstrip("/").removesuffix(API_ROOT) + API_ROOT
        refuse_unencrypted(conn_id, root, "key")
        timeout = hook.merged_extra.get("timeout") or TIMEOUT
        return cls(conn_id, session, root, timeout)

    def get(
        self,
        path: str,
        page: int = 1,
        parameters: Mapping[str, str] = {},
    ) -> Page:
        """Return one page of a list.

        Args:
            path: of the list below the API root, such as `/orders`.
            page: its number, from 1.
            parameters: of the query.

        Raises:
            ConfigurationError: the shop redirects to another site.
            CredentialsError: the key may not read, or WordPress does not know it.
            NotFoundError: the shop has no such path.
            RateLimitedError, TransientError: the last attempt failed too, or had no JSON list of objects.
            ContractError: any other answer or failure.
        """
        what = f"{self.conn_id}: GET {path} (page {page})"
        query = {**parameters, "per_page": str(PER_PAGE), "page": str(page)}

        def read_page() -> Page:
            with self._get(path, query, what) as response:
                try:
                    raise_for_status(response, what)
                except tuple(MEANINGS) as error:
                    kind = type(error)
                    raise kind(f"{error}{MEANINGS[kind]}") from None
                return _page(response, page, what)

        return with_retries(read_page, {TransientError: ATTEMPTS})

    def dates_all_changes(self) -> bool:
        """Return whether every change of an order moves its modified date, as with order tables (HPOS), and
        the key may read that. Raise ContractError where the answer lacks the settings, TransientError where
        it is no JSON object."""
        what = f"{self.conn_id}: GET /system_status"
        with self._get("/system_status", {"_fields": "settings"}, what) as response:
            if not response.ok:
                return False
            settings = json_object(response, what).get("settings")
        if not isinstance(settings, dict):
            raise ContractError(f"{what}: the answer has no object `settings`")
        return bool(settings.get("HPOS_enabled"))

    def timezone(self) -> str:
        """Return the IANA name of the site's timezone; empty where it has a fixed offset, or does not say."""
        # WordPress's own index, above that of WooCommerce. Some sites hide it.
        index, query = "/../../", {"_fields": "timezone_string"}
        what = f"{self.conn_id}: GET /wp-json/"
        with suppress(PipelineError), self._get(index, query, what) as response:
            return str(json_object(response, what).get("timezone_string") or "")
        return ""

    def _get(
        self,
        path: str,
        query: Mapping[str, str],
        what: str,
    ) -> AbstractContextManager[Response]:
        return request(
            self.session.get,
            f"{self.root}{path}",
            what,
            params=query,
            timeout=self.timeout,
        )


def _page(
    response: Response,
    number: int,
    what: str,
) -> Page:
    """Return the page of an answer; TransientError where it is not a JSON list of objects, which may be a
    passing notice in the page."""
    body = response.content.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        body.decode()
        body, size = _in_shape(body)
    except ValueError:
        beginning = quoted(body)
        if body.startswith(b"["):
            # These are customers.
            beginning = "[, and is cut off or damaged"
        raise TransientError(
            f"{what} is not a JSON list; it begins with {beginning}"
        ) from None
    # A proxy may repeat the header: `250, 250`.
    totals = set(response.headers.get("X-WP-Total", "").split(", "))
    total = totals.pop()
    count = int(total) if total.isdecimal() and not totals else None
    return Page(number, body, count, size)


class _Object(msgspec.Struct):
    """Any JSON object. Its content is not built: `json` would hold up the other threads."""


_ENTITY = msgspec.defstruct(
    "_Entity",
    [(name, list[_Object] | None, None) for name in LISTS]
    + [(name, _Object | None, None) for name in OBJECTS],
)


def _in_shape(body: bytes) -> tuple[bytes, int]:
    """Return a JSON list of objects and their number; ValueError where `body` is none.

    After a plugin has removed an entry, PHP writes a list as the object {"1": …}, and an empty object as [].
    Any other value in place of an object becomes an empty one, which the transform rejects.
    """
    try:
        entities = msgspec.json.decode(body, type=list[_ENTITY])  # type: ignore[valid-type]
        return body, len(entities)
    except msgspec.ValidationError:
        # Numbers as text keep every digit.
        decoder = msgspec.json.Decoder(list[Any], float_hook=str)
    entities = _objects(decoder.decode(body))
    for entity in entities:
        for name in entity.keys() & set(LISTS):
            entity[name] = _objects(entity[name] or [])
        for name in entity.keys() & set(OBJECTS):
            [entity[name]] = _objects([entity[name]])
    return msgspec.json.encode(entities), len(entities)


def _objects(entries: Any) -> list[Json]:
    if isinstance(entries, dict):
        entries = entries.values()
    elif not isinstance(entries, list):
        entries = [entries]
    return [entry if isinstance(entry, dict) else {} for entry in entries]
