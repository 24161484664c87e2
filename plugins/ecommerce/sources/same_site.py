"""Requests that stay at the site they were sent to, the same way for every HTTP source."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ecommerce.core.errors import ConfigurationError, ContractError

if TYPE_CHECKING:
    from requests import Response, Session

MOST_REDIRECTS = 5
PRIVATE = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".test",
    ".home.arpa",
    ".svc",
    ".cluster.local",
)
"""Ends of names that no name server of the internet knows."""


def answer_of_site(
    session: Session, method: str, url: str, query: Mapping[str, Any] | None, what: str, **options: Any
) -> Response:
    """The answer to one request. Redirects are followed within scheme and host: on the way to others
    `requests` leaves the key out, and whoever answered there would be believed. `what` begins with the
    connection's name, as in `http_errors`; `options` go to `requests`.

    Raises:
        ConfigurationError: the server sends requests on to another address.
        ContractError: it sends them on again and again.
    """
    for _ in range(MOST_REDIRECTS):
        response = session.request(method, url, params=query, allow_redirects=False, **options)
        if not response.is_redirect:
            return response
        response.close()
        asked, query = urlsplit(response.url), None
        url = urljoin(response.url, response.headers["Location"])
        if urlsplit(url)[:2] != asked[:2]:
            connection = what.partition(":")[0]
            raise ConfigurationError(
                f"{what} answered {response.status_code}: {site(response.url)} sends on to {site(url)}, "
                "which was not asked. If that is the right address, make it the host of the connection "
                f"{connection}"
            )
    raise ContractError(f"{what} was sent on {MOST_REDIRECTS} times without an answer")


def is_open(url: str) -> bool:
    """Whether requests to `url` travel the internet without encryption."""
    address = urlsplit(url)
    return address.scheme == "http" and _is_public(address.hostname or "")


def site(url: str) -> str:
    """Scheme and host: what comes after may hold anything."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(PRIVATE)
