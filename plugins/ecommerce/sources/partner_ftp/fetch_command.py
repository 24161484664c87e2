"""Fetching the partner's files with include/scripts/fetch_partner_files.sh. docs/SOURCES.md describes the
connection `partner_ftp`."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import quote

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.connections import connection
from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.core.names import CONNECTION_PARTNER_FTP
from ecommerce.core.paths import INCLUDE
from ecommerce.sources.partner_ftp.files import MARKET_INDEX, PROMOTIONS, read_market_index, read_promotions
from ecommerce.sources.script_folder import ScriptFolder, curl_option
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

CONNECTION = SOURCE = CONNECTION_PARTNER_FTP
"""Its name in staging is the connection's."""
COMMAND = f'bash "{INCLUDE}/scripts/fetch_partner_files.sh" "$PARTNER_FTP_FOLDER"'
"""The command of the task's BashOperator."""
FILES = (PROMOTIONS, MARKET_INDEX)
TLS_OFFERED, TLS_REQUIRED = "offered", "required"
SHORT_TIMEOUTS = {
    "PARTNER_FTP_SECONDS": "60",
    "PARTNER_FTP_TRANSFER_SECONDS": "30",
    "PARTNER_FTP_TRIES": "1",
    "PARTNER_FTP_LOOKS": "1",
}
"""For `make check`, whose user is waiting."""


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
    """Return the address in the connection; ConfigurationError where it does not exist, or has a field that
    cannot be used, which the text names."""
    found = connection(CONNECTION)
    extra = found.extra_dejson
    path = str(extra.get("path") or found.schema or "")
    tls, cacert = str(extra.get("tls") or TLS_OFFERED), str(extra.get("cacert") or "")
    login, password = found.login or "", found.password or ""
    for name, value in {"login": login, "password": password, "path": path, "cacert": cacert}.items():
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            # A line break would begin a command of its own.
            raise ConfigurationError(
                f"{name} of the connection {CONNECTION} has a character that FTP cannot send"
            )
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
    # Relative to where the login begins, unless it starts with %2F.
    parts = [quote(part, safe="") for part in path.split("/") if part]
    folder = ("%2F" if path.startswith("/") else "") + "".join(f"{part}/" for part in parts)
    url = f"ftp://{_host(found.host or '')}:{found.port or 21}/{folder}"
    return FtpAddress(url, login, password, tls, cacert)


def _host(host: str) -> str:
    if not host:
        raise ConfigurationError(f"the connection {CONNECTION} has no host: set it to the server's name")
    try:
        return f"[{IPv6Address(host.strip('[]'))}]"
    except ValueError:
        if re.fullmatch(r"\w(?:[\w.-]*\w)?", host):
            return host
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is no server's name such as ftp.partner.example: a "
            "folder belongs into its extra as `path`, and TLS as `tls`"
        ) from None


@dataclass(frozen=True, slots=True)
class FtpFolder(ScriptFolder):
    """The folder into which the script fetches from `address`."""

    address: FtpAddress

    SCRIPT = "fetch_partner_files.sh"
    CONNECTION = CONNECTION
    SOURCE = SOURCE

    def environment(self) -> dict[str, str]:
        """Return the script's environment."""
        lines = ["ssl-reqd" if self.address.tls == TLS_REQUIRED else "ssl"]
        if self.address.cacert:
            lines.append(curl_option("cacert", self.address.cacert))
        if self.address.login:
            lines.append(curl_option("user", f"{self.address.login}:{self.address.password}"))
        return {
            "PARTNER_FTP_FOLDER": str(self.path),
            "PARTNER_FTP_URL": self.address.url,
            "PARTNER_FTP_FILES": " ".join(FILES),
            "PARTNER_FTP_OPTIONS": "\n".join(lines),
        }

    def publish(self, folder: str, day: BusinessDay) -> Manifest:
        """Move both files or none; the control totals have each file's SHA-256."""
        checksums = {name: (self.path / f"{name}.sha256").read_text().split()[0] for name in FILES}
        return self._publish(folder, day, {name: f"{name}.sha256" for name in FILES}, {"sha256": checksums})


@contextmanager
def fetch_folder() -> Iterator[FtpFolder]:
    """Provide an empty folder for the script; raises as `address`."""
    with scratch_folder() as path:
        yield FtpFolder(path, datetime.now(UTC), address())


def check() -> Lines:
    """Fetch the files as the task does, into a temporary folder, and parse them; raises as `address` and
    `files`, or the script's failure."""
    with fetch_folder() as place:
        # Encrypted first, and unencrypted only where the connection allows it.
        encrypted = True
        try:
            _run(replace(place, address=replace(place.address, tls=TLS_REQUIRED)))
        except ContractError:
            if place.address.tls == TLS_REQUIRED:
                raise
            encrypted = False
            _run(place)
        with (place.path / PROMOTIONS).open("rb") as stream:
            promotions = read_promotions(stream)
        with (place.path / MARKET_INDEX).open("rb") as stream:
            index = read_market_index(stream)
    until = f", the last of them {index.rows[-1].week_start}" if index.rows else ""
    yield (
        OK,
        f"{PROMOTIONS} has {len(promotions.rows)} promotions, {MARKET_INDEX} {len(index.rows)} weeks{until}",
    )
    for warning in (*promotions.warnings, *index.warnings):
        yield HINT, warning
    if place.address.login and not encrypted:
        yield HINT, "login and password travel without encryption: the server offers no TLS"


def _run(place: FtpFolder) -> None:
    environment = {**os.environ, **place.environment(), **SHORT_TIMEOUTS}
    if subprocess.run(["bash", "-c", COMMAND], env=environment, capture_output=True, check=False).returncode:
        raise place.problem()
