"""Download of a picture over HTTP from an untrusted server.

A catalogue is written by others, and this machine can reach what they cannot: the metadata service of a
cloud, databases, Airflow itself. So the address of every connection, also after a redirect, is checked before
anything is sent. Nothing is sent but the request: no login, no cookies; no proxy is used. Bytes and seconds
are limited, also for a server that sends them one by one.
"""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from urllib3 import BaseHTTPResponse, PoolManager, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from ecommerce.core.error_messages import reason_of
from ecommerce.core.settings import Network, load_settings

MOST_BYTES = 20 * 1024**2
ANSWER_SECONDS = 15
"""Of silence."""
PICTURE_SECONDS = 60
BROKEN_HOST = "its host redirects too often, or does not answer as a web server"
RETRIES = Retry(redirect=5, connect=0, read=0, other=0)
REQUEST_HEADERS = {
    "Accept": "image/jpeg, image/png, image/webp, image/gif",
    "Accept-Encoding": "identity",
    "User-Agent": "ecommerce-sales-airflow",
}
NOT_PUBLIC = (
    ip_network("192.0.0.0/24"),
    ip_network("168.63.129.16/32"),
    ip_network("192.88.99.0/24"),
    ip_network("2002::/16"),
    ip_network("3fff::/20"),
    ip_network("5f00::/16"),
    ip_network("fec0::/10"),
)
"""Networks that `ipaddress` of Python 3.11 takes for public: metadata and agents of clouds, 6to4 and its
relays, documentation, segment routing, and site-local."""


class UnusablePicture(Exception):
    """Why a picture cannot be used, without its URL."""


class SilentHost(UnusablePicture):
    """The picture's host gave no answer of HTTP."""


@dataclass(frozen=True, slots=True)
class Download:
    """An answer: `data` is None where the picture is unchanged, the others where its headers lack them."""

    data: bytes | None
    etag: str | None
    last_modified: str | None


def download(
    url: str,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Download:
    """Fetch a picture, unless it still has the `etag` or `last_modified` of an earlier answer.

    Raises UnusablePicture: there is none; SilentHost: its host is unavailable.
    """
    headers = dict(REQUEST_HEADERS)
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    deadline = time.monotonic() + PICTURE_SECONDS
    try:
        with PoolManager() as pool:
            pool.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
            with pool.request(
                "GET",
                url,
                headers=headers,
                retries=RETRIES,
                timeout=ANSWER_SECONDS,
                preload_content=False,
            ) as response:
                data = None
                is_unchanged = response.status == 304 and (etag or last_modified)
                if not is_unchanged:
                    data = _content(response, deadline)
                return Download(
                    data,
                    response.headers.get("ETag"),
                    response.headers.get("Last-Modified"),
                )
    except ValueError:
        raise UnusablePicture("its address is not a web address") from None
    except (HTTPError, OSError) as error:
        reason = reason_of(error, "its host", BROKEN_HOST)
        raise SilentHost(reason) from None


def host_of(url: str) -> str:
    """Return host and port for messages; empty for an invalid URL."""
    try:
        return (parse_url(url).netloc or "")[:250]
    except ValueError:
        return ""


def is_allowed(text: str, networks: Sequence[Network]) -> bool:
    """Return whether the address `text` is public or within `networks`. Addresses of IPv6 that lead to one of
    IPv4 are not public."""
    address = ip_address(text.partition("%")[0])
    if any(address in network for network in networks):
        return True
    if any(address in network for network in NOT_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _content(response: BaseHTTPResponse, deadline: float) -> bytes:
    if response.status != 200:
        raise UnusablePicture(f"its host returned HTTP {response.status}")
    data = response.read(MOST_BYTES + 1, decode_content=False)
    # A connection that was shut down looks like the end of an answer.
    if time.monotonic() > deadline:
        raise UnusablePicture(f"it did not arrive within {PICTURE_SECONDS} s")
    if len(data) > MOST_BYTES:
        raise UnusablePicture(f"it is larger than {MOST_BYTES // 1024**2} MB")
    return data


class _GuardedConnection(HTTPConnection):
    """A connection to a public address, or to one in PICTURE_NETWORKS."""

    _timer: threading.Timer | None = None

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        address = connected.getpeername()[0]
        if not is_allowed(address, load_settings().picture_networks):
            connected.close()
            raise UnusablePicture(
                "its host is in a private network (PICTURE_NETWORKS would allow it)"
            )
        # A timeout of the socket begins anew with each byte.
        self._timer = threading.Timer(PICTURE_SECONDS, self._shut_down)
        self._timer.start()
        return connected

    def _shut_down(self) -> None:
        with suppress(OSError, TypeError):  # it is closed already
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        super().close()


class _GuardedTLSConnection(_GuardedConnection, HTTPSConnection):
    """The same with TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLSConnection
