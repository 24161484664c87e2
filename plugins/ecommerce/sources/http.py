"""Requests of HTTP sources: their connection, redirects, retries, and failures as `ecommerce.core.errors`.

`what` names connection and object, as in "web_events_api: GET /events"; it
begins every message and never contains credentials.
"""

from __future__ import annotations

import ipaddress
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import sleep
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from ecommerce.core.connections import connection
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    CredentialsError,
    RateLimitedError,
    TransientError,
    jitter,
)
from ecommerce.core.values import Json

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from requests import Response

Result = TypeVar("Result")
Timeout = float | tuple[float, float]
"""Seconds of silence, or those until a connection and those of silence after it."""
FIRST_PAUSE = 1.0
"""Seconds; each further pause is twice as long."""
MAX_RETRY_PAUSE = 120.0
"""A server that requests a longer one is left to the task's own retry, which waits as long as requested."""
PRIVATE_DOMAINS = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".test",
    ".svc",
)
"""Domains that do not exist in the public DNS."""
CHUNK = 1 << 20
"""Bytes of an answer that are held in memory at once, where it is not needed as a whole."""
QUOTED_CHARACTERS = 120
UNREADABLE = "the answer of {place} cannot be unpacked"

log = logging.getLogger(__name__)


class NotFoundError(ContractError):
    """404: the server has no such path."""


def connection_with_host(conn_id: str, kind: str = "URL") -> Connection:
    """Return the connection `conn_id`; ConfigurationError where it is not defined, or has no host, which is
    the server's `kind`."""
    server = connection(conn_id)
    if not server.host:
        raise ConfigurationError(
            f"the connection {conn_id} has no host: set it to the server's {kind}"
        )
    return server


def with_retries(
    send: Callable[[], Result],
    attempts: Mapping[type[TransientError], int],
) -> Result:
    """Return the result of `send`, repeated after errors that may pass.

    The pause is the seconds of `Retry-After`, or twice as long each time, times `jitter`. A requested pause
    of more than `MAX_RETRY_PAUSE` seconds is not waited for: the error is raised.

    Args:
        send: makes one request.
        attempts: how often `send` is called at most, by the type of its error; the first type that matches
            counts. Other errors are raised at once.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return send()
        except tuple(attempts) as error:
            limit = next(attempts[kind] for kind in attempts if isinstance(error, kind))
            # 0 is also a date that has passed by this machine's clock.
            pause = error.retry_after or FIRST_PAUSE * 2 ** (attempt - 1)
            if attempt >= limit or pause > MAX_RETRY_PAUSE:
                raise
            # The request is not named: its arguments may have secrets.
            log.info(
                "attempt %d failed: %s; the next one is in %.1f s",
                attempt,
                error,
                pause,
            )
        sleep(pause * jitter())


@contextmanager
def request(
    send: Callable[..., Response],
    url: str,
    what: str,
    **options: Any,
) -> Iterator[Response]:
    """Provide the answer to a request, whose content may be read in the block. Raise the errors of
    `network_errors`, and ConfigurationError where it is redirected to another site, which would be trusted.

    Args:
        send: a method of a session, such as `session.get`.
        url: the address.
        what: begins the messages.
        options: of `requests`.
    """

    def refuse_other_site(response: Response, **_: object) -> None:
        own = site_of(response.url)
        target = site_of(urljoin(response.url, response.headers.get("Location", "")))
        if response.is_redirect and target != own:
            raise ConfigurationError(
                f"{what} answered {response.status_code}: {own} redirects to {target}, which is another "
                "site. If that is the right address, make it the host of the connection "
                f"{what.partition(':')[0]}"
            )

    hooks = {"response": refuse_other_site}
    with network_errors(what), send(url, hooks=hooks, **options) as response:
        yield response


def refuse_unencrypted(conn_id: str, url: str, secret: str) -> None:
    """Raise ConfigurationError where the `secret` of a connection, such as `token`, would travel the internet
    without encryption."""
    address = urlsplit(url)
    if address.scheme == "http" and is_public(address.hostname or ""):
        raise ConfigurationError(
            f"the host of the connection {conn_id} does not begin with https://, and the {secret} would "
            "travel without encryption: begin it with https://"
        )


@contextmanager
def network_errors(what: str) -> Iterator[None]:
    """Turn what `requests` raises into errors of this package.

    Raises:
        ConfigurationError: login or password has a character that HTTP cannot send.
        TransientError: a timeout, or the connection failed or was closed.
        ContractError: anything else, such as an invalid certificate or URL.
    """
    from requests import exceptions

    try:
        yield
    except UnicodeError:
        # The library's text would show the password.
        raise ConfigurationError(
            f"{what} failed: login or password of the connection has a character that HTTP cannot send"
        ) from None
    except exceptions.TooManyRedirects:
        raise ContractError(f"{what} failed: the server redirects in a loop") from None
    except exceptions.SSLError as error:
        message = f"{what} failed: {reason_of(error)}"
        # The server has closed the connection: it may be about to restart.
        if "EOF occurred" in str(error):
            raise TransientError(message) from None
        raise ContractError(message) from None
    except (
        exceptions.Timeout,
        exceptions.ConnectionError,
        exceptions.ChunkedEncodingError,
    ) as error:
        raise TransientError(f"{what} failed: {reason_of(error)}") from None
    except (exceptions.InvalidURL, exceptions.MissingSchema, exceptions.InvalidSchema):
        raise ContractError(
            f"{what} failed: the host of the connection is not a URL such as https://shop.example"
        ) from None
    except exceptions.RequestException as error:
        raise ContractError(
            f"{what} failed: {reason_of(error, otherwise=UNREADABLE)}"
        ) from None


def raise_for_status(response: Response, what: str) -> None:
    """Raise an error, whose text begins with `what`, for every status other than 200 and 204.

    Raises:
        CredentialsError: 401 or 403.
        RateLimitedError: 429, or 503 with the header `Retry-After`.
        TransientError: 408, 425, or any other status from 500.
        NotFoundError: 404.
        ContractError: any other status, also 206, which is an incomplete answer.
    """
    status = response.status_code
    if status in (200, 204):
        return
    answer = f"{what} answered {status} {response.reason or ''}".rstrip()
    wait = retry_after(response)
    if status in (401, 403):
        raise CredentialsError(
            f"{answer}: check login, password and permissions of the connection"
        )
    if status == 429 or (status == 503 and wait is not None):
        requested = ""
        if wait is not None:
            requested = f", retry after {wait:.0f} s"
        raise RateLimitedError(
            f"{answer}: the server is busy, or there are too many requests{requested}",
            wait,
        )
    if status in (408, 425) or status >= 500:
        raise TransientError(f"{answer}: the server is unavailable", wait)
    if status < 300:
        # The body is not quoted: it may hold customers.
        raise ContractError(f"{answer}: a complete answer has the status 200")
    beginning = next(response.iter_content(4 * QUOTED_CHARACTERS), b"")
    message = f"{answer}: {quoted(beginning)}"
    if status == 404:
        raise NotFoundError(message)
    raise ContractError(message)


def read_content(response: Response, limit: int, what: str) -> bytes:
    """Return the content of an answer, unpacked; ContractError where it has more than `limit` bytes."""
    return b"".join(limit_size(response.iter_content(CHUNK), limit, what))


def limit_size(chunks: Iterable[bytes], limit: int, what: str) -> Iterator[bytes]:
    """Yield the chunks of an answer, unpacked; ContractError where they have more than `limit` bytes."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise ContractError(f"{what}: the answer has more than {limit:,} bytes")
        yield chunk


def json_object(response: Response, what: str) -> Json:
    """Return the JSON object of an answer, with fractions as texts, which keeps every digit; TransientError
    where it is none."""
    try:
        answer = json.loads(response.content, parse_float=str)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise TransientError(
            f"{what} is no JSON object; it begins with {quoted(response.content)}"
        )
    return answer


def retry_after(response: Response) -> float | None:
    """Return the seconds of the header `Retry-After` (seconds or an HTTP date), or None without one."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    # Shopify sends seconds with decimals; a date has no dot.
    value, dot, _ = response.headers.get("Retry-After", "").partition(".")
    try:
        seconds = Retry().parse_retry_after(value)
    except InvalidHeader:
        return None
    return seconds + 1 if dot else seconds


def quoted(content: bytes) -> str:
    """Return the beginning of a text for a message: one line, quoted, e-mail addresses masked."""
    text = " ".join(content[: 4 * QUOTED_CHARACTERS].decode("utf-8", "replace").split())
    return repr(mask_e_mails(text)[:QUOTED_CHARACTERS])


def site_of(url: str) -> str:
    """Return scheme and host of a URL: the rest may contain anything."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def is_public(host: str) -> bool:
    """Return whether a host is on the internet, by its address or name. A path names a socket."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and "/" not in host and not host.endswith(PRIVATE_DOMAINS)
