"""Addresses from which pictures may be fetched: public ones, and those of PICTURE_NETWORKS.

A catalogue is written by others, and this machine can reach what they cannot: the metadata service of a
cloud, databases, Airflow itself. So a name is resolved here, once, all its addresses are looked at, and
`download` connects to one of these addresses and to nothing else.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ecommerce.core.settings import Network

IpAddress = IPv4Address | IPv6Address


class UnusablePicture(Exception):
    """Why a picture cannot be used, without its URL."""


class SilentHost(UnusablePicture):
    """A picture that is unusable because its host is down."""


_TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: the last 32 bits are the IPv4 address that is reached
_NEVER = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
            *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20", "5f00::/16", "fec0::/10"),
        ),
    )
)
"""What is reserved, shared or a way into something else, whatever this version of Python knows of it."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host` in the order of attempts; OSError without any."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def allowed_addresses(host: str, port: int, networks: Sequence[Network]) -> list[str]:
    """Return the addresses of `host`, after checking each of them.

    Raises:
        SilentHost: the name cannot be resolved.
        UnusablePicture: one of its addresses is private, and not within `networks`.
    """
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError):
        raise SilentHost("the name of its host cannot be resolved (DNS)") from None
    for text in found:
        if not is_allowed(text, networks):
            raise UnusablePicture("its host is in a private network (PICTURE_NETWORKS would allow it)")
    return found


def is_allowed(text: str, networks: Sequence[Network]) -> bool:
    """Return whether the address `text` is public or within `networks`."""
    try:
        address = _reached(ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in networks):
        return True
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_reserved
        or any(address in network for network in _NEVER)
    )


def _reached(address: IpAddress) -> IpAddress:
    """The address that is reached by connecting to `address`: some IPv6 addresses stand for an IPv4 one."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _TRANSLATED:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address
