"""GraphQL client of Shopify's Admin API. docs/SOURCES.md describes the connection.

A shop has a bucket of points that refills by the second. A request that may cost more than the bucket holds
is refused, and repeated as soon as the bucket has these points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ecommerce.core.connections import connection
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
)
from ecommerce.core.paths import INCLUDE, read_sql
from ecommerce.core.templates import cached_environment
from ecommerce.core.text import utc_text
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
    from airflow.sdk import Connection
    from requests import Session

VERSION = "2026-07"
"""The version of the API that the documents are written for; the connection's extra may name a later one."""
TIMEOUT = (10.0, 120.0)
PERSONAL = {
    "email",
    "customer",
    "shippingAddress",
    "billingAddress",
    "retailLocation",
    "customerJourneySummary",
}
"""Fields of an order without which it is still an order: they are null where the app may not see them."""
COSTS = {"inventoryItem", "unitCost"}
"""The same, of a product's cost."""


class ThrottledError(RateLimitedError):
    """The bucket does not have the points of a request."""


ATTEMPTS = {ThrottledError: 600, TransientError: 5}
"""Of a request; a shop's other apps do not share its bucket, so that it refills in a minute at most."""


@cache
def document(name: str, searches: int = 0) -> str:
    """Return include/sql/extract/shopify/<name>.graphql with the fragments that it uses; one of several
    searches has their number."""
    path = f"extract/shopify/{name}.graphql"
    text = read_sql(path)
    if searches:
        template = cached_environment(INCLUDE / "sql").get_template(path)
        text = template.render(searches=searches)
    fragments = read_sql("extract/shopify/fragments.graphql")
    for fragment, fragment_name in re.findall(
        r"(?ms)^(fragment (\w+).*?^}\n)", fragments
    ):
        if f"...{fragment_name}" in text:
            text += fragment
    return re.sub(r"(?m)^#.*\n", "", text)


@dataclass(frozen=True)
class ShopifyClient:
    """Sends one document after the other."""

    conn_id: str
    session: Session
    shop: str
    """The address of the shop, such as `https://agora.myshopify.com`."""
    token: str
    version: str = VERSION
    timeout: Timeout = TIMEOUT
    hidden: set[str] = field(default_factory=set)
    """The fields of `PERSONAL` and `COSTS` that the app was not allowed to read."""
    deprecated: set[str] = field(default_factory=set)
    """Why Shopify will no longer answer a document as it is: its addresses of documentation."""

    @classmethod
    def connect(cls, conn_id: str) -> ShopifyClient:
        """Return a client for a connection; ConfigurationError where it is missing or incomplete, or would
        send the token openly."""
        import requests

        server = connection(conn_id)
        if not (server.host and server.password):
            raise ConfigurationError(
                f"the connection {conn_id} needs https://<shop>.myshopify.com as host, and as password an "
                "access token, or login and password with client id and secret of a custom app"
            )
        shop = server.host.rstrip("/")
        if "://" not in shop:
            shop = f"https://{shop}"
        refuse_unencrypted(conn_id, shop, "token")
        session = requests.Session()
        # Proxies and certificates, read once: `requests` would search the environment for each request, and
        # ~/.netrc for a password.
        found = session.merge_environment_settings(shop, {}, None, None, None)
        session.proxies = found["proxies"]
        session.verify = found["verify"]
        session.trust_env = False
        token = server.password
        if server.login:
            token = _exchanged_token(server, session, shop)
        extra = server.extra_dejson
        return cls(
            conn_id,
            session,
            shop,
            token,
            version=extra.get("api_version") or VERSION,
            timeout=extra.get("timeout") or TIMEOUT,
        )

    def ask(self, name: str, searches: int = 0, /, **variables: Any) -> Json:
        """Return the data of a document of include/sql/extract/shopify; `searches` as for `document`.

        Raises:
            PipelineError: as `http`; CredentialsError also where the app may not read a field that the
                figures need; ContractError for what is no answer of this API, and for a search that Shopify
                understood otherwise.
        """
        body = {"query": document(name, searches), "variables": variables}
        what = f"{self.conn_id}: {name}"

        def send() -> Json:
            return self._data(self._post(body, what), what)

        return with_retries(send, ATTEMPTS)

    def pages(
        self,
        page: Json,
        name: str,
        search: str,
        *path: str,
    ) -> Iterator[list[Json]]:
        """Yield the pages of what a search finds, of which `page` is the first; in the data of the document
        `name`, the connection is at `path`. Errors are those of `ask`."""
        while True:
            yield page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            page = self.ask(name, search=search, after=page["pageInfo"]["endCursor"])
            for key in path:
                page = page[key]

    def _post(
        self,
        body: Json,
        what: str,
    ) -> Json:
        with request(
            self.session.post,
            f"{self.shop}/admin/api/{self.version}/graphql.json",
            what,
            json=body,
            headers={"X-Shopify-Access-Token": self.token},
            timeout=self.timeout,
        ) as response:
            if response.status_code == 404:
                raise NotFoundError(
                    f"{what} answered 404: is the host of the connection the shop's own address, "
                    "https://<shop>.myshopify.com?"
                )
            raise_for_status(response, what)
        answered = response.headers.get("X-Shopify-API-Version", self.version)
        if answered != self.version:
            raise ContractError(
                f"{what} was answered by version {answered} of the API in place of {self.version}, which no "
                f"longer exists: upgrade this repository, or name {answered} as api_version in the extra of "
                f"the connection {self.conn_id} after a look at Shopify's list of changes"
            )
        if reason := response.headers.get("X-Shopify-API-Deprecated-Reason"):
            self.deprecated.add(f"{what}: {reason}")
        return json_object(response, what)

    def _data(
        self,
        answer: Json,
        what: str,
    ) -> Json:
        """Return the data of an answer; raise an error for its errors and warnings."""
        extensions = answer.get("extensions") or {}
        listed = answer.get("errors") or []
        if not isinstance(listed, list):
            raise ContractError(f"{what}: {quoted(str(listed).encode())}")
        for error in listed:
            self._raise_unless_personal(error, extensions, what)
        for search in extensions.get("search") or []:
            for warning in search["warnings"] or []:
                raise ContractError(
                    f"{what}: Shopify does not understand the search {search['query']!r} "
                    f"({warning['message']}), and would answer with all orders"
                )
        data = answer.get("data")
        if data is None:
            raise ContractError(f"{what}: the answer has no data")
        return data

    def _raise_unless_personal(
        self,
        error: Json,
        extensions: Json,
        what: str,
    ) -> None:
        """Note the field of an error that hides a personal field or a cost; raise any other error.
        `extensions` of the answer show what the request would cost."""
        details = error.get("extensions", {})
        code = details.get("code")
        if code == "THROTTLED":
            raise ThrottledError(
                f"{what}: Shopify throttles the request",
                _seconds_to_wait(extensions),
            )
        text = quoted(error["message"].encode())
        is_hidden = code == "ACCESS_DENIED" or "not approved to access" in text
        optional = (PERSONAL | COSTS).intersection(map(str, error.get("path") or []))
        if is_hidden and optional:
            self.hidden.update(optional)
        elif is_hidden:
            needed = details.get("requiredAccess") or "see docs/SOURCES.md"
            raise CredentialsError(
                f"{what}: {text}: the app lacks an access scope: {needed}"
            )
        elif code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
            raise TransientError(f"{what}: {text}")
        else:
            raise ContractError(f"{what}: {text}")


def between(name: str, start: datetime, end: datetime | None) -> str:
    """Return a search for instants from `start` to `end`, or without end. Without quotes, Shopify cuts an
    instant at its colons and finds something else."""
    search = f"{name}:>='{utc_text(start)}Z'"
    if end:
        search += f" {name}:<='{utc_text(end)}Z'"
    return search


def _seconds_to_wait(extensions: Json) -> float | None:
    """Return after how many seconds the bucket has the points of a refused request; None if the answer does
    not say: the pauses are then those of `with_retries`."""
    try:
        cost = extensions["cost"]
        status = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(
            status["currentlyAvailable"]
        )
        return max(1.0, missing / float(status["restoreRate"]))
    except (KeyError, TypeError):
        return None


def _exchanged_token(
    server: Connection,
    session: Session,
    shop: str,
) -> str:
    """Exchange client id and secret for a token, which lasts for 24 hours: longer than any task."""
    what = f"{server.conn_id}: the token of the app"
    grant = {
        "grant_type": "client_credentials",
        "client_id": server.login,
        "client_secret": server.password,
    }
    url = f"{shop}/admin/oauth/access_token"
    with request(session.post, url, what, data=grant, timeout=TIMEOUT) as response:
        if response.status_code in (400, 401, 403):
            # Not quoted: it may repeat what was sent.
            raise CredentialsError(
                f"{what} was refused with {response.status_code}: check login and password (client id and "
                f"secret) of the connection {server.conn_id}, and that the app is installed in the shop"
            )
        raise_for_status(response, what)
    token = json_object(response, what).get("access_token")
    if token is None:
        raise ContractError(f"{what}: the answer has no access_token")
    return token
