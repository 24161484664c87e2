"""Download of a picture over HTTP from an untrusted server.

A catalogue is written by others, and this machine can reach what they cannot: the metadata service of a
cloud, databases, Airflow itself. So each address is checked before a connection to it is opened, also after a
redirect. Nothing is sent but the request: no login, no cookies; no proxy is used. Bytes and seconds are
limited, also for a server that sends them one by one.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    NonHttpUrlClientError,
    TCPConnector,
)
from yarl import URL

from ecommerce.core.error_messages import reason_of
from ecommerce.core.settings import Network, load_settings

MOST_BYTES = 20 * 1024**2
PICTURE_SECONDS = 60
MOST_RESPONSES = 6
"""Five redirects and a picture."""
BROKEN_HOST = (
    "its host redirects too often, breaks off, or does not answer as a web server"
)
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
    known = {}
    if etag:
        known["If-None-Match"] = etag
    if last_modified:
        known["If-Modified-Since"] = last_modified
    try:
        return asyncio.run(_request(url, known))
    except (ValueError, NonHttpUrlClientError):
        raise UnusablePicture("its address is not a web address") from None
    except (ClientError, OSError) as error:
        # The library's own text has the address.
        reason = reason_of(error.__cause__ or error, "its host", BROKEN_HOST)
        raise SilentHost(reason) from None


def host_of(url: str) -> str:
    """Return host and port for messages; empty for an invalid URL."""
    try:
        return URL(url).host_port_subcomponent or ""
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


async def _request(url: str, known: dict[str, str]) -> Download:
    """Request a picture with the headers `known` of an earlier answer."""
    connector = TCPConnector(socket_factory=_open_socket, happy_eyeballs_delay=None)
    async with (
        ClientSession(
            connector=connector,
            timeout=ClientTimeout(PICTURE_SECONDS),
            headers=REQUEST_HEADERS | known,
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
        ) as session,
        # Without a login in the address.
        session.get(URL(url).with_user(None), max_redirects=MOST_RESPONSES) as response,
    ):
        data = None
        if response.status != 304 or not known:
            data = await _content(response)
        return Download(
            data,
            response.headers.get("ETag"),
            response.headers.get("Last-Modified"),
        )


async def _content(response: ClientResponse) -> bytes:
    if response.status != 200:
        raise UnusablePicture(f"its host returned HTTP {response.status}")
    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > MOST_BYTES:
            raise UnusablePicture(f"it is larger than {MOST_BYTES // 1024**2} MB")
    return bytes(data)


def _open_socket(address: Any) -> socket.socket:
    """Create the socket for an entry of `socket.getaddrinfo`; UnusablePicture where it is not allowed."""
    family, kind, protocol, _, (host, *_) = address
    if not is_allowed(host, load_settings().picture_networks):
        raise UnusablePicture(
            "its host is in a private network (PICTURE_NETWORKS would allow it)"
        )
    return socket.socket(family, kind, protocol)
