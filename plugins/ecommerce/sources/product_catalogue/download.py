"""Download of a picture over HTTP from an untrusted server.

A catalogue is written by others, and this machine can reach what they cannot: the metadata service of a
cloud, databases, Airflow itself. So the name of every hop is resolved once, all its addresses are checked,
and the connection goes to one of these addresses. Nothing is sent but the request: no login, no cookies; no
proxy is used. Bytes and seconds are limited, also for a server that sends them one by one.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ecommerce.core.settings import Network

MOST_REDIRECTS = 5
CONTENT_TYPES = frozenset({"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp", "image/gif"})
_TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: the last 32 bits are the IPv4 address that is reached
_NEVER = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20", "5f00::/16", "fec0::/10"),
    )
]
"""What is reserved, shared or a way into something else, whatever this version of Python knows of it."""


class UnusablePicture(Exception):
    """Why a picture cannot be used, without its URL."""


class SilentHost(UnusablePicture):
    """A picture that is unusable because its host is down."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download may take: bytes, seconds to connect, of silence, and in all, redirects included."""

    most_bytes: int = 20 * 1024**2
    connect_seconds: float = 10
    answer_seconds: float = 15
    picture_seconds: float = 60


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
        with _answer(url, known, networks, limits, deadline) as answer:
            if answer.status not in (301, 302, 303, 307, 308):
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


def allowed_addresses(host: str, port: int, networks: Sequence[Network]) -> list[str]:
    """Return the addresses of `host`, in the order of attempts; UnusablePicture where one of them is private,
    and not within `networks`, or the name cannot be resolved."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SilentHost("the name of its host cannot be resolved (DNS)") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not all(is_allowed(address, networks) for address in addresses):
        raise UnusablePicture("its host is in a private network (PICTURE_NETWORKS would allow it)")
    return addresses


def is_allowed(text: str, networks: Sequence[Network]) -> bool:
    """Return whether the address `text` is public or within `networks`. Some IPv6 addresses lead to an IPv4
    one, which counts."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if not isinstance(address, IPv4Address):
        inner = IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
        address = address.ipv4_mapped or address.sixtofour or inner or address
    if any(address in network for network in networks):
        return True
    forbidden = address.is_multicast or address.is_private or address.is_reserved
    return address.is_global and not forbidden and not any(address in network for network in _NEVER)


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
    url: str, known: Validators, networks: Sequence[Network], limits: Limits, deadline: float
) -> Iterator[http.client.HTTPResponse]:
    """Provide the answer of one server, before its body is read, and turn errors into `UnusablePicture`."""
    parts = _checked(url)
    default_port = 443 if parts.scheme == "https" else 80
    host, port = parts.hostname or "", parts.port or default_port
    addresses = allowed_addresses(host, port, networks)
    headers = {"Accept": ", ".join(sorted(CONTENT_TYPES)), "User-Agent": "ecommerce-sales-airflow"}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    headers |= {name: value for name, value in conditions.items() if value}
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    is_late = threading.Event()

    def abort() -> None:
        is_late.set()
        with suppress(OSError):  # SSLSocket's own `shutdown` would drop the state of the thread that waits
            socket.socket.shutdown(line, socket.SHUT_RDWR)

    try:
        with _connected(addresses, port, limits, host if default_port == 443 else None) as line:
            # It is connected already, so it does not look the name up again.
            connection = http.client.HTTPConnection(host, port)
            connection.sock = line
            connection.default_port = default_port  # decides whether the header Host names the port
            watchdog = threading.Timer(max(deadline - time.monotonic(), 0), abort)
            watchdog.daemon = True
            watchdog.start()
            try:
                if isinstance(line, ssl.SSLSocket):  # within the watchdog's time
                    line.do_handshake()
                connection.request("GET", quote(target, safe="!$%&'()*+,/:;=?@[]~"), headers=headers)
                with connection.getresponse() as answer:
                    if is_late.is_set():  # in the middle of a header, which then looks like its end
                        raise TimeoutError
                    yield answer
            finally:
                watchdog.cancel()
    except ssl.SSLCertVerificationError:
        raise UnusablePicture("the TLS certificate of its host is not trusted") from None
    except (UnicodeError, http.client.InvalidURL):
        raise UnusablePicture("its address is no web address") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if is_late.is_set():
            raise SilentHost(f"it did not arrive within {limits.picture_seconds:.0f} s") from None
        if isinstance(error, TimeoutError):
            raise SilentHost("its host timed out") from None
        raise SilentHost("its host cannot be reached, or closed the connection") from None


def _connected(addresses: Sequence[str], port: int, limits: Limits, tls_name: str | None) -> socket.socket:
    """Connect to one of `addresses`, with TLS for `tls_name`, before its handshake."""
    for number, address in enumerate(addresses[:3], 1):
        try:
            line = socket.create_connection((address, port), limits.connect_seconds)
            break
        except OSError:
            if number == len(addresses[:3]):
                raise
    else:
        raise OSError("there is no address")
    line.settimeout(limits.answer_seconds)
    if tls_name is None:
        return line
    return _tls().wrap_socket(line, server_hostname=tls_name, do_handshake_on_connect=False)


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
        raise kind(f"its host returned HTTP {answer.status}")
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
    data, too_large = bytearray(), f"it is larger than {limits.most_bytes / 1024**2:.0f} MB"
    if (answer.length or 0) > limits.most_bytes:
        raise UnusablePicture(too_large)
    while part := answer.read1(64 * 1024):
        data += part
        if len(data) > limits.most_bytes:
            raise UnusablePicture(too_large)
        if time.monotonic() > deadline:
            break
    if time.monotonic() > deadline:
        raise SilentHost(f"it did not arrive within {limits.picture_seconds:.0f} s")
    if answer.length:
        raise SilentHost("its host closed the connection before it was all there")
    return Downloaded(bytes(data), found)


def _header(answer: http.client.HTTPResponse, name: str) -> str | None:
    """Return a header if it may be sent back unchanged later."""
    value = (answer.getheader(name) or "").strip()
    return value if value and len(value) <= 500 and value.isascii() and value.isprintable() else None
