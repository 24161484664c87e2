"""Requests of HTTP sources: their connection, redirects, retries, and failures as `ecommerce.core.errors`.

`what` names connection and object, as in "exchange_rates_api: GET /stats/eurofxref/eurofxref-hist.csv"; it
begins every message and never contains credentials.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from ecommerce.core import errors
from ecommerce.core.connections import connection
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.error_messages import reason_of

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from requests import Response, Session

Answer = TypeVar("Answer")
MOST_REDIRECTS = 5
FIRST_PAUSE = 1.0
"""Seconds; each further pause is twice as long."""
LONGEST_PAUSE = 120.0
"""A server that requests a longer one is left to the task's own retry, which waits as long as requested."""
PRIVATE_DOMAINS = (
    *(".localhost", ".local", ".internal", ".intranet", ".lan", ".test", ".home.arpa", ".svc"),
    ".cluster.local",
)
"""Domains that do not exist in the public DNS."""
QUOTED_CHARACTERS = 120
PROXY = "the proxy of this machine (HTTPS_PROXY, HTTP_PROXY)"
UNREADABLE = "the answer of {place} cannot be unpacked"

log = logging.getLogger(__name__)


def connection_with_host(conn_id: str, kind: str = "URL") -> Connection:
    """Return the connection `conn_id`; ConfigurationError where it is not defined, or has no host, which is
    the server's `kind`."""
    found = connection(conn_id)
    if not found.host:
        raise errors.ConfigurationError(
            f"the connection {conn_id} has no host: set it to the server's {kind}"
        )
    return found


def with_retries(
    send: Callable[[], Answer],
    pause: Callable[[float, errors.PipelineError], object],
    attempts: Mapping[type[errors.PipelineError], int],
) -> Answer:
    """Return the result of `send`, repeated after errors that may pass.

    Args:
        send: one attempt.
        pause: sleeps so many seconds after an error: `Retry-After`, or twice as long each time.
        attempts: how often a kind of error may occur; any other is raised at once.
    """
    for attempt in count(1):
        try:
            return send()
        except tuple(attempts) as error:
            requested = getattr(error, "retry_after", None)
            seconds = FIRST_PAUSE * 2 ** (attempt - 1) if requested is None else requested
            most = next(number for kind, number in attempts.items() if isinstance(error, kind))
            if attempt >= most or seconds > LONGEST_PAUSE:
                raise
            log.info("%s; attempt %d of %d, again in %.1f s", error, attempt, most, seconds)
            pause(seconds, error)
    raise AssertionError("unreachable: the last attempt returns or raises")


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
        what: the beginning of messages.
        options: further arguments of `requests`.
    """
    for _ in range(MOST_REDIRECTS):
        response = session.request(method, url, params=query, allow_redirects=False, **options)
        if not response.is_redirect:
            return response
        response.close()
        former, query = urlsplit(response.url), None
        url = urljoin(response.url, response.headers["Location"])
        if urlsplit(url)[:2] != former[:2]:
            raise errors.ConfigurationError(
                f"{what} answered {response.status_code}: {_origin(response.url)} redirects to "
                f"{_origin(url)}, which is another site. If that is the right address, make it the host of "
                f"the connection {what.partition(':')[0]}"
            )
    raise errors.ContractError(f"{what} was redirected {MOST_REDIRECTS} times without an answer")


def is_unencrypted(url: str) -> bool:
    """Return whether requests to `url` travel the internet without encryption."""
    address = urlsplit(url)
    return address.scheme == "http" and _is_public(address.hostname or "")


@contextmanager
def network_errors(what: str, server: str = "") -> Iterator[None]:
    """Turn what `requests` and the library below it raise into errors of this package. `server`: its host and
    port, for errors while a stream is read."""
    from requests import exceptions
    from urllib3.exceptions import HTTPError

    try:
        yield
    except UnicodeError:
        raise errors.ConfigurationError(
            f"{what} failed: login or password of the connection has a character that HTTP cannot send"
        ) from None
    except exceptions.TooManyRedirects:
        raise errors.ContractError(f"{what} failed: the server redirects in circles") from None
    except (exceptions.SSLError, exceptions.ProxyError) as error:
        place = PROXY if isinstance(error, exceptions.ProxyError) else ""
        kind: type[errors.PipelineError] = errors.TransientError if place else errors.ContractError
        raise kind(f"{what} failed: {reason_of(error, place)}: check host and port") from None
    except (exceptions.Timeout, exceptions.ConnectionError, exceptions.ChunkedEncodingError) as error:
        raise errors.TransientError(f"{what} failed: {reason_of(error)}") from None
    except (exceptions.InvalidURL, exceptions.MissingSchema, exceptions.InvalidSchema):
        raise errors.ContractError(
            f"{what} failed: the host of the connection is no web address such as https://shop.example"
        ) from None
    except exceptions.RequestException as error:
        raise errors.ContractError(f"{what} failed: {reason_of(error, otherwise=UNREADABLE)}") from None
    except HTTPError as error:  # while a stream is read
        raise errors.TransientError(f"{what} broke off: {reason_of(error, server)}") from None


def raise_for_status(response: Response, what: str, text: bytes | None = None) -> None:
    """Raise an error for an answer whose status is not 2xx.

    Args:
        response: the answer.
        what: the beginning of the message.
        text: the beginning of the body, where it is a stream that must not be read to its end.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    answer = f"{what} answered {status} {response.reason or ''}".rstrip()
    wait = retry_after(response)
    if status in (401, 403):
        raise errors.CredentialsError(f"{answer}: check login, password and permissions of the connection")
    if status == 429 or (status == 503 and wait is not None):
        why = "too many requests" if status == 429 else "the server is busy"
        retry = "" if wait is None else f", retry after {wait:.0f} s"
        raise errors.RateLimitedError(f"{answer}: {why}{retry}", wait)
    if status in (408, 425) or status >= 500:
        raise errors.TransientError(f"{answer}: the server is unavailable", wait)
    raise errors.ContractError(f"{answer}: {quoted(response.content if text is None else text)}")


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
