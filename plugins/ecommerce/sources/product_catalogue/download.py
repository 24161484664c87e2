"""Download of a picture over HTTP from an untrusted server.

Every hop of a redirect is checked like the first address, and connected to at the very IP address that was
checked. Nothing is sent but the request: no login, no cookies; no proxy is used. Bytes and seconds are
limited, also for a server that sends them one by one.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ecommerce.core.settings import Network
from ecommerce.sources.product_catalogue.urls import SilentHost, UnusablePicture, allowed_addresses

MOST_BYTES = 20 * 1024**2
MOST_REDIRECTS = 5
CONNECT_SECONDS = 10
ANSWER_SECONDS = 15
"""How long a server may be silent."""
PICTURE_SECONDS = 60
"""How long one picture may take, redirects included."""
CONTENT_TYPES = frozenset({"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp", "image/gif"})
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download may take, in bytes and seconds."""

    most_bytes: int = MOST_BYTES
    connect_seconds: float = CONNECT_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    picture_seconds: float = PICTURE_SECONDS


@dataclass(frozen=True, slots=True)
class Validators:
    """The validators of an earlier answer; None where it had none."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A download: `data` is None where the picture is unchanged."""

    data: bytes | None
    validators: Validators


def download(
    url: str, known: Validators, networks: Sequence[Network], limits: Limits | None = None
) -> Downloaded:
    """Fetch a picture, conditionally.

    Args:
        url: of the picture.
        known: validators of the last download.
        networks: private networks that may be connected to.
        limits: of bytes and seconds.

    Raises:
        UnusablePicture: why there is no picture; SilentHost where it is not this picture's fault.
    """
    limits = limits or Limits()
    deadline = time.monotonic() + limits.picture_seconds
    for _ in range(MOST_REDIRECTS + 1):
        with _answer(_checked(url), known, networks, limits, deadline) as answer:
            if answer.status not in _REDIRECTS:
                return _picture(answer, known, limits, deadline)
            location = answer.getheader("Location")
        if not location:
            raise UnusablePicture("it is redirected to nowhere")
        try:
            url = urljoin(url, location)
        except ValueError:
            raise UnusablePicture("it is redirected to what is no web address") from None
    raise UnusablePicture(f"it is redirected more than {MOST_REDIRECTS} times")


def host_of(url: str) -> str:
    """Return host and port for messages; empty for an invalid URL."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"[:250]
    except ValueError:
        return ""


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise UnusablePicture("its address begins with neither http:// nor https://")
        if not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise UnusablePicture("its address is no web address") from None
    if "@" in parts.netloc:
        raise UnusablePicture("its address has a login in it, which is not sent")
    return parts


@contextmanager
def _answer(
    parts: SplitResult, known: Validators, networks: Sequence[Network], limits: Limits, deadline: float
) -> Iterator[http.client.HTTPResponse]:
    """Provide the answer of one server, before its body is read, and turn errors into `UnusablePicture`."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = allowed_addresses(host, port, networks)
    connection = _Connection(host, port, addresses, parts.scheme == "https", limits)
    watchdog = threading.Timer(max(deadline - time.monotonic(), 0), connection.abort)
    watchdog.daemon = True
    watchdog.start()
    try:
        target = quote(
            f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}", safe="!$%&'()*+,/:;=?@[]~"
        )
        conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        headers = {"Accept": ", ".join(sorted(CONTENT_TYPES)), "User-Agent": "ecommerce-sales-airflow"}
        connection.request("GET", target, headers=headers | {k: v for k, v in conditions.items() if v})
        with connection.getresponse() as answer:
            if connection.aborted:  # in the middle of a header, which then looks like its end
                raise TimeoutError
            yield answer
    except ssl.SSLCertVerificationError:
        raise UnusablePicture("the TLS certificate of its host is not trusted") from None
    except UnicodeError:
        raise UnusablePicture("its address is no web address") from None
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        if connection.aborted:
            raise SilentHost(f"it did not come within {limits.picture_seconds:.0f} s") from None
        if isinstance(error, TimeoutError):
            raise SilentHost("its host timed out") from None
        if isinstance(error, http.client.InvalidURL):
            raise UnusablePicture("its address is no web address") from None
        raise SilentHost("its host cannot be reached, or closed the connection") from None
    finally:
        watchdog.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to one of the checked `addresses`; `host` is for the header and for TLS."""

    def __init__(self, host: str, port: int, addresses: list[str], secure: bool, limits: Limits) -> None:
        super().__init__(host, port, timeout=limits.answer_seconds)
        self.default_port = 443 if secure else 80  # decides whether the header Host names the port
        self.addresses, self.secure, self.limits = addresses, secure, limits
        self.aborted = False
        self.line: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self._to_one_of_the_addresses()
        self.sock.settimeout(self.limits.answer_seconds)
        if self.secure:
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self.host)
        # Kept, because HTTPConnection drops its own at a header "Connection: close".
        self.line = self.sock

    def _to_one_of_the_addresses(self) -> socket.socket:
        for last, address in enumerate(self.addresses[:3], start=1):
            try:
                return socket.create_connection((address, self.port), self.limits.connect_seconds)
            except OSError:
                if last == len(self.addresses[:3]):
                    raise
        raise OSError("there is no address")

    def abort(self) -> None:
        """Interrupt the thread that waits. SSLSocket's own `shutdown` would drop the state of that thread."""
        self.aborted = True
        with suppress(OSError, AttributeError):
            socket.socket.shutdown(self.line or self.sock, socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    import certifi

    trusted = ssl.create_default_context()
    trusted.load_verify_locations(certifi.where())
    return trusted


def _picture(
    answer: http.client.HTTPResponse, known: Validators, limits: Limits, deadline: float
) -> Downloaded:
    if answer.status == 304 and known != Validators():
        return Downloaded(None, known)
    if answer.status != 200:
        kind = SilentHost if answer.status in (429, 503) else UnusablePicture
        raise kind(f"its host answers {answer.status}")
    content_type = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        name = content_type if content_type.isascii() and len(content_type) < 60 else "something else"
        raise UnusablePicture(f"it is no picture that is taken ({name or 'no content type'})")
    if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise UnusablePicture("it is packed, which was not asked for")
    found = Validators(_header(answer, "ETag"), _header(answer, "Last-Modified"))
    # Some servers name a version and send it all the same.
    if found != Validators() and found == known:
        return Downloaded(None, known)
    if (answer.length or 0) > limits.most_bytes:
        raise UnusablePicture(f"it is larger than {limits.most_bytes / 1024**2:.0f} MB")
    return Downloaded(_body(answer, limits, deadline), found)


def _body(answer: http.client.HTTPResponse, limits: Limits, deadline: float) -> bytes:
    parts, size = [], 0
    while part := answer.read1(_CHUNK):
        size += len(part)
        if size > limits.most_bytes:
            raise UnusablePicture(f"it is larger than {limits.most_bytes / 1024**2:.0f} MB")
        parts.append(part)
        if time.monotonic() > deadline:
            break
    if time.monotonic() > deadline:
        raise SilentHost(f"it did not come within {limits.picture_seconds:.0f} s")
    if answer.length:
        raise SilentHost("its host closed the connection before it was all there")
    return b"".join(parts)


def _header(answer: http.client.HTTPResponse, name: str) -> str | None:
    """Return a header if it may be sent back unchanged later."""
    value = (answer.getheader(name) or "").strip()
    return value if value and len(value) <= 500 and value.isascii() and value.isprintable() else None
