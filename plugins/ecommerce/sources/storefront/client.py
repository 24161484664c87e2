"""HTTP client of the WooCommerce REST API v3, for several threads at once. docs/SOURCES.md describes the
connection `storefront_api`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ecommerce.core import errors
from ecommerce.core.connections import connection
from ecommerce.sources.http import (
    NotFoundError,
    network_errors,
    quoted,
    raise_for_status,
    refuse_other_site,
    refuse_unencrypted,
    with_retries,
)

if TYPE_CHECKING:
    from requests import Response, Session

CONNECTION = "storefront_api"
API_ROOT = "/wp-json/wc/v3"
PER_PAGE = 100
"""Objects per page: the most WooCommerce gives."""
CONCURRENCY = 8
"""Requests under way at once; more gains nothing and annoys shops on small servers."""
ATTEMPTS = 5
TIMEOUT = (10.0, 60.0)


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
    """Reads lists, page by page, and sends again what failed for the moment. A failure holds back all threads
    until its pause is over."""

    def __init__(
        self,
        session: Session,
        root: str,
        timeout: float | tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session, self._root, self._timeout, self._sleep = (
            session,
            root,
            timeout,
            sleep,
        )
        self._resume_at, self._lock = 0.0, threading.Lock()

    @classmethod
    def connect(cls) -> StorefrontClient:
        """Return a client for the connection `storefront_api`; ConfigurationError where it is missing, has no
        login, or would send the key openly."""
        from airflow.providers.http.hooks.http import HttpHook
        from requests.adapters import HTTPAdapter

        shop = connection(CONNECTION)
        if not (shop.host and shop.login and shop.password):
            raise errors.ConfigurationError(
                f"the connection {CONNECTION} needs the shop's address as host, and consumer key and secret "
                "as login and password"
            )
        hook = HttpHook(
            "GET", CONNECTION, adapter=HTTPAdapter(pool_maxsize=CONCURRENCY)
        )
        # One session for all threads: nothing of it changes after this, and its pool is made for that.
        session = hook.get_conn()
        root = hook.base_url.rstrip("/").removesuffix(API_ROOT) + API_ROOT
        refuse_unencrypted(CONNECTION, root, "key")
        return cls(session, root, hook.merged_extra.get("timeout") or TIMEOUT)

    def get(
        self, path: str, page: int = 1, parameters: Mapping[str, str] | None = None
    ) -> Page:
        """Return one page of a list.

        Args:
            path: of the list below the API root, such as `/orders`.
            page: its number, from 1.
            parameters: of the query.

        Raises:
            PipelineError: as `http`; NotFoundError for 404, MalformedAnswerError for no JSON list.
        """
        what = f"{CONNECTION}: GET {path} (page {page})"
        query: dict[str, Any] = {
            **(parameters or {}),
            "per_page": PER_PAGE,
            "page": page,
        }

        def send() -> Page:
            if (wait := self._resume_at - time.monotonic()) > 0:
                self._sleep(wait)
            with network_errors(what):
                response = self._session.get(
                    f"{self._root}{path}",
                    params=query,
                    timeout=self._timeout,
                    hooks={"response": partial(refuse_other_site, what)},
                )
            _raise_for_status(response, what)
            return _page(response, page, what)

        # What is no JSON may be a passing notice in the page; twice, it is the page.
        return with_retries(
            send,
            {errors.TransientError: ATTEMPTS, MalformedAnswerError: 2},
            self._hold_back,
        )

    def dates_all_changes(self) -> bool | None:
        """Return whether every change of an order moves its modified date, as with order tables (HPOS); None
        where the key may not read that."""
        url, parameters = f"{self._root}/system_status", {"_fields": "settings"}
        with network_errors(f"{CONNECTION}: GET /system_status"):
            answer = self._session.get(
                url, params=parameters, timeout=self._timeout, allow_redirects=False
            )
        try:
            return (
                bool(answer.json()["settings"].get("HPOS_enabled"))
                if answer.ok
                else None
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _hold_back(self, seconds: float) -> None:
        with self._lock:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)


def _raise_for_status(response: Response, what: str) -> None:
    """Raise as `http.raise_for_status`, with the meaning of WooCommerce's answers."""
    answer = f"{what} answered {response.status_code} {quoted(response.content)}"
    if response.status_code in (401, 403):
        raise errors.CredentialsError(
            f"{answer}: check that login and password are a consumer key that may read and its secret, and "
            "that WordPress knows that it is visited over https://"
        )
    if response.status_code == 404:
        raise NotFoundError(
            f"{answer}: is the host of the connection the root of a WooCommerce shop, the part before "
            f"{API_ROOT}? Does it use plain permalinks, which hide the API?"
        )
    raise_for_status(response, what)


def _page(response: Response, number: int, what: str) -> Page:
    import msgspec

    body = response.content.removeprefix(b"\xef\xbb\xbf").strip()
    if not body.startswith(b"["):
        raise MalformedAnswerError(
            f"{what} is no JSON list; it begins with {quoted(response.content)}"
        )
    try:
        body.decode()
        # Counts the objects without building them: 8 times as fast as `json`, whose lock all threads need.
        size = len(msgspec.json.decode(body, type=list[msgspec.Raw]))
    except UnicodeDecodeError as error:
        raise MalformedAnswerError(
            f"{what} is no JSON list: byte {error.start} is not UTF-8"
        ) from None
    except msgspec.DecodeError as error:  # its text quotes nothing: these are customers
        raise MalformedAnswerError(
            f"{what} is no JSON list of {len(body)} bytes: {error}"
        ) from None
    total = response.headers.get("X-WP-Total", "")
    return Page(
        number, body, int(total) if total.isascii() and total.isdigit() else None, size
    )
