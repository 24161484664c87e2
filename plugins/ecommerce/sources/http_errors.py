"""How answers of HTTP sources become `ecommerce.core.errors`, the same way for every source.

`what` names connection and object, as in "exchange_rates_api: GET /stats/eurofxref/eurofxref-hist.csv"; it
begins every message and never holds credentials.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

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
    from requests import Response

QUOTED_CHARACTERS = 120
PROXY = "the proxy of this machine (HTTPS_PROXY, HTTP_PROXY)"
UNREADABLE = "the answer of {place} cannot be unpacked"


@contextmanager
def network_errors(what: str) -> Iterator[None]:
    """Turn what `requests` raises into errors of this package.

    Raises:
        TransientError: the server does not answer, or not in time.
        ContractError: the certificate is not valid, the URL is malformed, it redirects in circles.
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
        at_fault = PROXY if isinstance(error, exceptions.ProxyError) else ""
        kind: type[PipelineError] = TransientError if at_fault else ContractError
        raise kind(f"{what} failed: {reason_of(error, at_fault)}: check host and port") from None
    except (exceptions.Timeout, exceptions.ConnectionError, exceptions.ChunkedEncodingError) as error:
        raise TransientError(f"{what} failed: {reason_of(error)}") from None
    except (exceptions.InvalidURL, exceptions.MissingSchema, exceptions.InvalidSchema):
        raise ContractError(
            f"{what} failed: the host of the connection is no web address such as https://shop.example"
        ) from None
    except exceptions.RequestException as error:
        raise ContractError(f"{what} failed: {reason_of(error, otherwise=UNREADABLE)}") from None


def raise_for_status(response: Response, what: str, begins: bytes | None = None) -> None:
    """Refuse an answer whose status is not 2xx; where that explains it, its text is quoted. `begins`: how
    that text begins, where the answer is a stream that must not be read to its end.

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
        why = "too many requests" if status == 429 else "the server has no time now"
        asks = "" if wait is None else f", to be asked again in {wait:.0f} s"
        raise RateLimitedError(f"{answer}: {why}{asks}", wait)
    if status in (408, 425) or status >= 500:
        raise TransientError(f"{answer}: the server is unwell")
    raise ContractError(f"{answer}: {quoted(response.content if begins is None else begins)}")


def retry_after(response: Response, now: datetime | None = None) -> float | None:
    """Seconds the server asks to wait (`Retry-After`: seconds or HTTP date), None when it does not say."""
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
    """The beginning of an answer, as `quoted`."""
    return quoted(response.content)


def quoted(content: bytes) -> str:
    """The beginning of a text, fit for a message: one line, quoted, anything like an e-mail masked."""
    text = " ".join(content[: 4 * QUOTED_CHARACTERS].decode("utf-8", "replace").split())
    return repr(mask_e_mails(text)[:QUOTED_CHARACTERS])
