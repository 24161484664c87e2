"""Download of a picture over HTTP from an untrusted server.

A catalogue is written by others, and this machine can reach what they cannot: the metadata service of a
cloud, databases, Airflow itself. So the name of every hop is resolved once, all its addresses are checked,
and the connection goes to one of these addresses. Nothing is sent but the request: no login, no cookies; no
proxy is used. Bytes and seconds are limited, also for a server that sends them one by one.
"""

import functools
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urljoin

import certifi
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import parse_url

from ecommerce.core.settings import Network

MOST_REDIRECTS = 5
REQUEST_HEADERS = {
    "Accept": "image/jpeg, image/png, image/webp, image/gif",
    "Accept-Encoding": "identity",
    "User-Agent": "ecommerce-sales-airflow",
}
_TRANSLATED = ip_network(
    "64:ff9b::/96"
)  # NAT64: the last 32 bits are the IPv4 address that is reached
_ASSIGNMENTS = ip_network(
    "192.0.0.0/24"
)  # a cloud's metadata may be there; Python 3.11 takes it for public


class UnusablePicture(Exception):
    """Why a picture cannot be used, without its URL."""


class SilentHost(UnusablePicture):
    """A picture that is unusable because its host is down."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download may take: bytes, seconds of silence, and in all, redirects included."""

    most_bytes: int = 20 * 1024**2
    answer_seconds: float = 15
    picture_seconds: float = 60


LIMITS = Limits()


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
    url: str, known: Validators, networks: Sequence[Network], limits: Limits = LIMITS
) -> Downloaded:
    """Fetch a picture, conditionally: `known` are the validators of the last download. It may connect to the
    private `networks`. UnusablePicture has why there is no picture; SilentHost where it is not this picture's
    fault."""
    deadline = time.monotonic() + limits.picture_seconds
    try:
        for _ in range(MOST_REDIRECTS + 1):
            with _response(url, known, networks, limits, deadline) as response:
                if response.status not in (301, 302, 303, 307, 308):
                    return _picture(response, known, limits, deadline)
                url = urljoin(url, response.headers.get("Location", ""))
    except ssl.SSLCertVerificationError:
        raise UnusablePicture(
            "the TLS certificate of its host is not trusted"
        ) from None
    except ValueError:  # LocationParseError is one
        raise UnusablePicture("its address is no web address") from None
    except (OSError, HTTPException, HTTPError) as error:
        why = "its host cannot be reached, or closed the connection"
        if time.monotonic() >= deadline:
            why = f"it did not arrive within {limits.picture_seconds:.0f} s"
        elif isinstance(error, (TimeoutError, ReadTimeoutError)):
            why = "its host timed out"
        raise SilentHost(why) from None
    raise UnusablePicture(f"it is redirected more than {MOST_REDIRECTS} times")


def host_of(url: str) -> str:
    """Return host and port for messages; empty for an invalid URL."""
    try:
        return (parse_url(url).netloc or "")[:250]
    except ValueError:
        return ""


def allowed_addresses(host: str, port: int, networks: Sequence[Network]) -> list[str]:
    """Return the addresses of `host`, in the order of attempts; UnusablePicture where one of them is private,
    and not within `networks`, or the name cannot be resolved."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SilentHost("the name of its host cannot be resolved (DNS)") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not all(is_allowed(address, networks) for address in addresses):
        raise UnusablePicture(
            "its host is in a private network (PICTURE_NETWORKS would allow it)"
        )
    return addresses


def is_allowed(text: str, networks: Sequence[Network]) -> bool:
    """Return whether the address `text` is public or within `networks`. Some IPv6 addresses lead to an IPv4
    one, which counts."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED:
            address = IPv4Address(address.packed[-4:])
        else:
            address = address.ipv4_mapped or address.sixtofour or address
    if any(address in network for network in networks):
        return True
    if address.is_multicast or address.is_reserved or address in _ASSIGNMENTS:
        return False
    return address.is_global and not (
        isinstance(address, IPv6Address) and address.is_site_local
    )


@contextmanager
def _response(
    url: str,
    known: Validators,
    networks: Sequence[Network],
    limits: Limits,
    deadline: float,
) -> Iterator[BaseHTTPResponse]:
    """Provide the response of one server, before its body is read. A login in the address is not sent. At the
    deadline the connection is shut down: a timeout of the socket begins anew with each byte."""
    parts = parse_url(url)
    if parts.scheme not in ("http", "https"):
        raise UnusablePicture("its address begins with neither http:// nor https://")
    if not parts.host:
        raise ValueError("no host")
    host, port = (
        parts.host.strip("[]"),
        parts.port or (443 if parts.scheme == "https" else 80),
    )
    headers = REQUEST_HEADERS | {"Host": parts.netloc or host}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    connected = _connected(host, port, networks, limits, deadline)
    if parts.scheme == "https":
        connected = _tls().wrap_socket(connected, server_hostname=host)
    connection = HTTPConnection(host, port, timeout=limits.answer_seconds)
    connection.sock = connected
    timer = threading.Timer(deadline - time.monotonic(), _shut_down, [connected])
    timer.start()
    try:
        connection.request(
            "GET", parts.request_uri, headers=headers, preload_content=False
        )
        with connection.getresponse() as response:
            if time.monotonic() >= deadline:  # the headers may have been cut
                raise TimeoutError
            yield response
    finally:
        timer.cancel()
        connected.close()


def _connected(
    host: str, port: int, networks: Sequence[Network], limits: Limits, deadline: float
) -> socket.socket:
    """Connect to the first address that accepts."""
    failure = OSError()
    for address in allowed_addresses(host, port, networks)[:3]:
        seconds = max(min(limits.answer_seconds, deadline - time.monotonic()), 0.001)
        try:
            connected = socket.create_connection((address, port), seconds)
            connected.settimeout(limits.answer_seconds)
            return connected
        except OSError as error:
            failure = error
    raise failure


def _shut_down(connected: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


@functools.cache
def _tls() -> ssl.SSLContext:
    tls = ssl.create_default_context()
    tls.load_verify_locations(certifi.where())
    return tls


def _picture(
    response: BaseHTTPResponse, known: Validators, limits: Limits, deadline: float
) -> Downloaded:
    if response.status == 304:
        return Downloaded(None, known)
    if response.status != 200:
        kind = SilentHost if response.status in (429, 503) else UnusablePicture
        raise kind(f"its host returned HTTP {response.status}")
    data = bytearray()
    # One part at a time, as received: a server may send a byte now and then.
    while len(data) <= limits.most_bytes and (
        part := response.read1(64 * 1024, decode_content=False)
    ):
        data += part
    if (
        time.monotonic() >= deadline
    ):  # a connection that was shut down looks like the end
        raise TimeoutError
    if len(data) > limits.most_bytes:
        raise UnusablePicture(f"it is larger than {limits.most_bytes / 1024**2:.0f} MB")
    return Downloaded(
        bytes(data),
        Validators(_header(response, "ETag"), _header(response, "Last-Modified")),
    )


def _header(response: BaseHTTPResponse, name: str) -> str | None:
    """Return a header if it may be sent back unchanged later."""
    value = response.headers.get(name, "").strip()
    return (
        value
        if value and len(value) <= 500 and value.isascii() and value.isprintable()
        else None
    )
