"""Requests of HTTP sources: their connection, redirects, and answers as `ecommerce.core.errors`.

`what` names connection and object, as in "exchange_rates_api: GET /stats/eurofxref/eurofxref-hist.csv"; it
begins every message and never contains credentials.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ecommerce.core.connections import connection
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    PipelineError,
    RateLimitedError,
    TransientError,
)
from ecommerce.core.text import mask_e_mails

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from requests import Response, Session

MOST_REDIRECTS = 5
PRIVATE_DOMAINS = (
    *(".localhost", ".local", ".internal", ".intranet", ".lan", ".test", ".home.arpa", ".svc"),
    ".cluster.local",
)
"""Domains that do not exist in the public DNS."""
QUOTED_CHARACTERS = 120
PROXY = "the proxy of this machine (HTTPS_PROXY, HTTP_PROXY)"
UNREADABLE = "the answer of {place} cannot be unpacked"


def connection_with_host(conn_id: str, kind: str = "URL") -> Connection:
    """Return the connection `conn_id`; `kind` is what its host has to be, for the message.

    Raises:
        ConfigurationError: it is not defined, or has no host.
    """
    found = connection(conn_id)
    if not found.host:
        raise ConfigurationError(f"the connection {conn_id} has no host: set it to the server's {kind}")
    return found


def request(
    session: Session, method: str, url: str, query: Mapping[str, Any] | None, what: str, **options: Any
) -> Response:
    """Return the answer to one request; redirects are followed only within scheme and host. To another host
    `requests` would send no credentials, and its answer would be trusted.

    Args:
        session: with the credentials.
        method: `GET` or `PUT`.
        url: without the query.
        query: parameters of the URL.
        what: connection and request, the beginning of messages.
        options: further arguments of `requests`.

    Raises:
        ConfigurationError: the server redirects to another host.
        ContractError: it redirects more than `MOST_REDIRECTS` times.
    """
    for _ in range(MOST_REDIRECTS):
        response = session.request(method, url, params=query, allow_redirects=False, **options)
        if not response.is_redirect:
            return response
        response.close()
        former, query = urlsplit(response.url), None
        url = urljoin(response.url, response.headers["Location"])
        if urlsplit(url)[:2] != former[:2]:
            raise ConfigurationError(
                f"{what} answered {response.status_code}: {_origin(response.url)} redirects to "
                f"{_origin(url)}, which is another site. If that is the right address, make it the host of "
                f"the connection {what.partition(':')[0]}"
            )
    raise ContractError(f"{what} was redirected {MOST_REDIRECTS} times without an answer")


def is_unencrypted(url: str) -> bool:
    """Return whether requests to `url` travel the internet without encryption."""
    address = urlsplit(url)
    return address.scheme == "http" and _is_public(address.hostname or "")


@contextmanager
def network_errors(what: str) -> Iterator[None]:
    """Turn what `requests` raises into errors of this package.

    Raises:
        TransientError: the server is down, or times out.
        ContractError: the certificate is invalid, the URL is malformed, or it redirects in circles.
        ConfigurationError: login or password cannot be sent.
    """
    from requests import exceptions

    try:
        yield
    except UnicodeError:
        raise ConfigurationError(
            f"{what} failed: login or password of the connection has a character that HTTP cannot send"
        ) from None
    except exceptions.TooManyRedirects:
        raise ContractError(f"{what} failed: the server redirects in circles") from None
    except (exceptions.SSLError, exceptions.ProxyError) as error:
        place = PROXY if isinstance(error, exceptions.ProxyError) else ""
        kind: type[PipelineError] = TransientError if place else ContractError
        raise kind(f"{what} failed: {reason_of(error, place)}: check host and port") from None
    except (exceptions.Timeout, exceptions.ConnectionError, exceptions.ChunkedEncodingError) as error:
        raise TransientError(f"{what} failed: {reason_of(error)}") from None
    except (exceptions.InvalidURL, exceptions.MissingSchema, exceptions.InvalidSchema):
        raise ContractError(
            f"{what} failed: the host of the connection is no web address such as https://shop.example"
        ) from None
    except exceptions.RequestException as error:
        raise ContractError(f"{what} failed: {reason_of(error, otherwise=UNREADABLE)}") from None


def raise_for_status(response: Response, what: str, text: bytes | None = None) -> None:
    """Raise an error for an answer whose status is not 2xx.

    Args:
        response: the answer.
        what: connection and request, the beginning of the message.
        text: the beginning of the body, where it is a stream that must not be read to its end.

    Raises:
        CredentialsError: 401, 403.
        RateLimitedError: 429, and 503 with `Retry-After`.
        TransientError: 408, 425 and every other 5xx.
        ContractError: any other status.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    answer = f"{what} answered {status} {response.reason or ''}".rstrip()
    wait = retry_after(response)
    if status in (401, 403):
        raise CredentialsError(f"{answer}: check login, password and permissions of the connection")
    if status == 429 or (status == 503 and wait is not None):
        why = "too many requests" if status == 429 else "the server is busy"
        retry = "" if wait is None else f", retry after {wait:.0f} s"
        raise RateLimitedError(f"{answer}: {why}{retry}", wait)
    if status in (408, 425) or status >= 500:
        raise TransientError(f"{answer}: the server is unavailable")
    raise ContractError(f"{answer}: {quoted(response.content if text is None else text)}")


def retry_after(response: Response, now: datetime | None = None) -> float | None:
    """Return the seconds of the header `Retry-After` (seconds or an HTTP date), or None without one."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def first_characters(response: Response) -> str:
    """Return the beginning of an answer, as `quoted`."""
    return quoted(response.content)


def quoted(content: bytes) -> str:
    """Return the beginning of a text for a message: one line, quoted, e-mail addresses masked."""
    text = " ".join(content[: 4 * QUOTED_CHARACTERS].decode("utf-8", "replace").split())
    return repr(mask_e_mails(text)[:QUOTED_CHARACTERS])


def _origin(url: str) -> str:
    """Scheme and host: the rest may contain anything."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(PRIVATE_DOMAINS)
