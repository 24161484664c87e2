"""Where the partner's files are: the connection `partner_ftp`.

Host, port (21 where none is given), login and password; without a login the server is asked as `anonymous`.
Extra may hold

- `path`: the folder of the files, such as `exports/shop`, from the folder in which the login begins; with a
  slash before it, from the server's root (in a connection that is a URI, the URI's path, from the former);
- `tls`: `offered` (the default: encrypted where the server offers that, in clear where it does not) or
  `required` (a server that does not offer it is refused). It is explicit FTPS, which begins on the ordinary
  port;
- `cacert`: a file of certificates (PEM) that are trusted instead of the machine's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import quote

from ecommerce.core.connections import connection
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_PARTNER_FTP

CONNECTION = SOURCE = CONNECTION_PARTNER_FTP
"""Its name in staging is the connection's."""
TLS_OFFERED, TLS_REQUIRED = "offered", "required"

_HOST = re.compile(r"\w(?:[\w.-]*\w)?")


@dataclass(frozen=True, slots=True)
class FtpAddress:
    """The folder's `url` with a trailing slash, login and password (empty: none), `tls` as in the extra, and
    the path of the trusted certificates (empty: the machine's)."""

    url: str
    login: str
    password: str
    tls: str
    cacert: str


def address() -> FtpAddress:
    """Return the address in the connection.

    Raises:
        ConfigurationError: it does not exist, or has a field that cannot be used; the text names the field.
    """
    found = connection(CONNECTION)
    extra = found.extra_dejson
    path, tls, cacert = (
        str(extra.get(name) or other)
        for name, other in (("path", found.schema or ""), ("tls", TLS_OFFERED), ("cacert", ""))
    )
    login, password = found.login or "", found.password or ""
    _refuse_what_ftp_cannot_send(login=login, password=password, path=path, cacert=cacert)
    if ":" in login:
        raise ConfigurationError(
            f"the login of the connection {CONNECTION} has a colon, which curl cannot send"
        )
    if password and not login:
        raise ConfigurationError(f"the connection {CONNECTION} has a password and no login")
    if tls not in (TLS_OFFERED, TLS_REQUIRED):
        raise ConfigurationError(
            f"`tls` in the extra of the connection {CONNECTION} is {tls!r}: use {TLS_OFFERED!r} or "
            f"{TLS_REQUIRED!r}"
        )
    if cacert and not Path(cacert).is_file():
        raise ConfigurationError(
            f"`cacert` in the extra of the connection {CONNECTION} names {cacert}, which this worker does "
            "not have"
        )
    server = f"{_host(found.host or '')}:{found.port or 21}"
    return FtpAddress(f"ftp://{server}/{_folder(path)}", login, password, tls, cacert)


def _host(host: str) -> str:
    if not host:
        raise ConfigurationError(f"the connection {CONNECTION} has no host: set it to the server's name")
    try:
        return f"[{IPv6Address(host.strip('[]'))}]"
    except ValueError:
        pass
    if not _HOST.fullmatch(host):
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is no server's name such as ftp.partner.example: a "
            "folder belongs into its extra as `path`, and TLS as `tls`"
        )
    return host


def _folder(path: str) -> str:
    """The path as FTP addresses have it: relative to where the login begins, unless it starts with %2F."""
    parts = [quote(part, safe="") for part in path.split("/") if part]
    return ("%2F" if path.startswith("/") else "") + "".join(f"{part}/" for part in parts)


def _refuse_what_ftp_cannot_send(**fields: str) -> None:
    """A line break would begin a command of its own."""
    for name, value in fields.items():
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise ConfigurationError(
                f"{name} of the connection {CONNECTION} has a character that FTP cannot send"
            )
