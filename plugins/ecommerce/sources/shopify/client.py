"""GraphQL client of Shopify's Admin API. docs/SOURCES.md describes the connection `shopify_api`.

A shop has a bucket of points that refills by the second. A request is admitted when the bucket has the points
that it may cost, and pays those that it did cost; each response reports both, so the client sends as soon as
the next request will be admitted.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ecommerce.core import errors
from ecommerce.core.connections import connection
from ecommerce.core.paths import read_sql
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

CONNECTION = "shopify_api"
VERSION = "2026-07"
"""The version of the API that the documents are written for; the connection's extra may name a later one."""
TIMEOUT = (10.0, 120.0)
ATTEMPTS = 5
LONGEST_THROTTLING = 600
"""Seconds that a request may wait for points. A shop's other apps do not share its bucket."""
RENEW_BEFORE = 300.0
"""Seconds before a token expires."""
PERSONAL = frozenset(
    {
        "email",
        "customer",
        "shippingAddress",
        "billingAddress",
        "retailLocation",
        "customerJourneySummary",
    }
)
"""Fields of an order without which it is still an order: they are null where the app may not see them."""
STATUSES = {
    402: "the shop is frozen: its owner has to settle the bill with Shopify",
    423: "Shopify has locked the shop: its owner has to contact Shopify",
}


class TooExpensiveError(errors.ContractError):
    """A request could cost more points than any request may."""


@cache
def document(name: str) -> str:
    """Return include/sql/extract/shopify/<name>.graphql with the fragments that it uses."""
    text = read_sql(f"extract/shopify/{name}.graphql")
    fragments = read_sql("extract/shopify/fragments.graphql")
    for fragment, fragment_name in re.findall(
        r"(?ms)^(fragment (\w+).*?^}\n)", fragments
    ):
        if f"...{fragment_name}" in text:
            text += fragment
    return re.sub(r"(?m)^#.*\n", "", text)


class ShopifyClient:
    """Sends one document after the other. `hidden` are the fields that the app was not allowed to read."""

    def __init__(
        self,
        session: Session,
        shop: str,
        token: Token,
        *,
        version: str = VERSION,
        timeout: float | tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session, self._token, self._timeout = session, token, timeout
        self._url, self.version = f"{shop}/admin/api/{version}/graphql.json", version
        self.pause, self._clock = sleep, clock
        self._costs: dict[str, float] = {}
        self._points, self._rate, self._counted_at = float("inf"), 1.0, 0.0
        self.hidden: set[str] = set()

    @classmethod
    def connect(cls) -> ShopifyClient:
        """Return a client for the connection `shopify_api`; ConfigurationError where it is missing or
        incomplete, or would send the token openly."""
        import requests

        found = connection(CONNECTION)
        host = found.host or ""
        if not (host and found.password):
            raise errors.ConfigurationError(
                f"the connection {CONNECTION} needs https://<shop>.myshopify.com as host, and as password an "
                "access token, or login and password with client id and secret of a custom app"
            )
        shop = (host if "://" in host else f"https://{host}").rstrip("/")
        if found.port:
            shop = f"{shop}:{found.port}"
        refuse_unencrypted(CONNECTION, shop, "token")
        session = requests.Session()
        session.auth = lambda request: (
            request
        )  # `requests` would look for a password in ~/.netrc
        token = Token(session, shop, found.login or "", found.password)
        extra = found.extra_dejson
        return cls(
            session,
            shop,
            token,
            version=extra.get("api_version") or VERSION,
            timeout=extra.get("timeout") or TIMEOUT,
        )

    def ask(self, name: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a document of include/sql/extract/shopify.

        Raises:
            PipelineError: as `http`; CredentialsError also where the app may not read a field that the
                figures need; TooExpensiveError where the document asks for too much at once; ContractError
                for what is no answer of this API, and for a search that Shopify understood otherwise.
        """
        body = {"query": document(name), "variables": variables}
        what = f"{CONNECTION}: {name}"

        def send() -> dict[str, Any]:
            for _ in range(LONGEST_THROTTLING):
                self._await_points(self._costs.get(name, 0))
                answer = self._post(body, what)
                self._count(name, answer)
                if not _is_throttled(answer):
                    return self._data(answer, what)
                self.pause(1)
            raise errors.RateLimitedError(
                f"{what}: Shopify throttles every request", LONGEST_THROTTLING
            )

        return with_retries(send, {errors.TransientError: ATTEMPTS}, self.pause)

    def _await_points(self, needed: float) -> None:
        available = self._points + (self._clock() - self._counted_at) * self._rate
        if available < needed:
            self.pause((needed - available) / self._rate)

    def _count(self, name: str, answer: Mapping[str, Any]) -> None:
        cost = _object(_object(answer.get("extensions")).get("cost"))
        status = cost.get("throttleStatus")
        if status:
            self._points = float(status["currentlyAvailable"])
            self._rate = float(status["restoreRate"])
            requested = float(cost.get("requestedQueryCost") or 0)
            self._costs[name] = min(requested, float(status["maximumAvailable"]))
            self._counted_at = self._clock()

    def _post(self, body: Mapping[str, Any], what: str) -> dict[str, Any]:
        response = self._request(body, what)
        if response.status_code == 401 and self._token.renewable:
            self._token.renew()
            response = self._request(body, what)
        if response.status_code in (401, 403):
            raise errors.CredentialsError(
                f"{what} answered {response.status_code} {quoted(response.content)}: check the access token, "
                f"or client id and secret, of the connection {CONNECTION}, and that the app is installed"
            )
        if response.status_code in STATUSES:
            raise errors.CredentialsError(
                f"{what} answered {response.status_code}: {STATUSES[response.status_code]}"
            )
        try:
            raise_for_status(response, what)
        except NotFoundError as error:
            raise NotFoundError(
                f"{error}: is the host of the connection the shop's own address, https://<shop>.myshopify.com?"
            ) from None
        answered = response.headers.get("X-Shopify-API-Version", self.version)
        if answered != self.version:
            raise errors.ContractError(
                f"{what} was answered by version {answered} of the API in place of {self.version}, which no "
                f"longer exists: upgrade this repository, or name {answered} as api_version in the extra of "
                f"the connection {CONNECTION} after a look at Shopify's list of changes"
            )
        return _parsed(response, what)

    def _request(self, body: Mapping[str, Any], what: str) -> Response:
        with network_errors(what):
            return self._session.post(
                self._url,
                json=body,
                headers={"X-Shopify-Access-Token": self._token.value()},
                timeout=self._timeout,
                hooks={"response": partial(refuse_other_site, what)},
            )

    def _data(self, answer: Mapping[str, Any], what: str) -> dict[str, Any]:
        for error in _errors(answer):
            self._raise_unless_personal(error, what)
        for search in _object(answer.get("extensions")).get("search") or ():
            for warning in search.get("warnings") or ():
                raise errors.ContractError(
                    f"{what}: Shopify does not understand the search {search.get('query')!r} "
                    f"({warning.get('message')}), and would answer with all orders"
                )
        if not isinstance(answer.get("data"), dict):
            raise errors.ContractError(f"{what}: the answer has no data")
        data: dict[str, Any] = answer["data"]
        return data

    def _raise_unless_personal(self, error: Mapping[str, Any], what: str) -> None:
        more = _object(error.get("extensions"))
        code = more.get("code")
        text = quoted(str(error["message"]).encode())
        path = error.get("path")
        personal = (
            PERSONAL.intersection(map(str, path)) if isinstance(path, list) else set()
        )
        if personal and (code == "ACCESS_DENIED" or "not approved" in text):
            self.hidden |= personal
        elif more.get("maxCost"):
            raise TooExpensiveError(
                f"{what} costs {more.get('cost')} of at most {more['maxCost']} points"
            )
        elif code == "ACCESS_DENIED" or "not approved to access" in text:
            needed = more.get("requiredAccess") or "see docs/SOURCES.md"
            raise errors.CredentialsError(
                f"{what}: {text}: the app lacks an access scope: {needed}"
            )
        elif code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
            raise errors.TransientError(f"{what}: {text}")
        else:
            raise errors.ContractError(f"{what}: {text}")


class Token:
    """The access token: the connection's password, or one that client id and secret (`login` and `password`)
    are exchanged for, which expires."""

    def __init__(
        self,
        session: Session,
        shop: str,
        login: str,
        password: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session, self._shop, self._login, self._password = (
            session,
            shop,
            login,
            password,
        )
        self._clock = clock
        self._token, self._expires_at = ("", 0.0) if login else (password, float("inf"))

    @property
    def renewable(self) -> bool:
        """Whether another token can be had."""
        return bool(self._login)

    def value(self) -> str:
        """Return a token that is valid for some minutes."""
        if self._clock() > self._expires_at - RENEW_BEFORE:
            self.renew()
        return self._token

    def renew(self) -> None:
        """Exchange client id and secret for a new token."""
        what = f"{CONNECTION}: the token of the app"
        grant = {
            "grant_type": "client_credentials",
            "client_id": self._login,
            "client_secret": self._password,
        }

        def send() -> Response:
            with network_errors(what):
                response = self._session.post(
                    f"{self._shop}/admin/oauth/access_token",
                    data=grant,
                    timeout=TIMEOUT,
                    hooks={"response": partial(refuse_other_site, what)},
                )
            if response.status_code in (
                400,
                401,
                403,
            ):  # not quoted: it may repeat what was sent
                raise errors.CredentialsError(
                    f"{what} was refused with {response.status_code}: check login and password (client id "
                    f"and secret) of the connection {CONNECTION}, and that the app is installed in the shop"
                )
            raise_for_status(response, what)
            return response

        answer = _parsed(with_retries(send, {errors.TransientError: ATTEMPTS}), what)
        if not isinstance(answer.get("access_token"), str):
            raise errors.ContractError(f"{what}: the answer has no access_token")
        self._token = answer["access_token"]
        self._expires_at = self._clock() + float(answer.get("expires_in") or 86_400)


def _parsed(response: Response, what: str) -> dict[str, Any]:
    import json

    try:
        answer = json.loads(response.content, parse_float=str)  # text keeps every digit
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise errors.TransientError(
            f"{what} is no JSON object; it begins with {quoted(response.content)}"
        )
    return answer


def _object(value: Any) -> dict[str, Any]:
    """Return what should be a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _errors(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the errors of an answer, which may also be a single text or object; each has a message."""
    listed = answer.get("errors") or []
    if not isinstance(listed, list):
        listed = [listed]
    return [
        error if "message" in _object(error) else {"message": error} for error in listed
    ]


def _is_throttled(answer: Mapping[str, Any]) -> bool:
    codes = [_object(error.get("extensions")).get("code") for error in _errors(answer)]
    return "THROTTLED" in codes
