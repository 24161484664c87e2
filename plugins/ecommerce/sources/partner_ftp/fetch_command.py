"""Fetching the partner's files with include/scripts/fetch_partner_files.sh. docs/SOURCES.md describes the
connection `partner_ftp`."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.connections import connection
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_PARTNER_FTP
from ecommerce.core.paths import INCLUDE
from ecommerce.core.text import counted
from ecommerce.sources.partner_ftp.files import MARKET_INDEX, PROMOTIONS, read_market_index, read_promotions
from ecommerce.sources.script_folder import ScriptFolder, curl_option, curl_user
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
    """The folder's `url` with a trailing slash, and the `options` of curl: TLS, certificates, login."""

    url: str
    options: str = field(repr=False)


def address() -> FtpAddress:
    """Return the address in the connection; ConfigurationError where it does not exist, or its host, login or
    `tls` cannot be used."""
    ftp = connection(CONNECTION)
    extra, host = ftp.extra_dejson, (ftp.host or "").strip("[]")
    if not re.fullmatch(r"[\w.:-]+", host):
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is no server's name such as ftp.partner.example: a "
            "folder belongs into its extra as `path`, and TLS as `tls`"
        )
    tls = extra.get("tls") or TLS_OFFERED
    if tls not in (TLS_OFFERED, TLS_REQUIRED):
        raise ConfigurationError(
            f"`tls` in the extra of the connection {CONNECTION} is {tls!r}: use {TLS_OFFERED!r} or "
            f"{TLS_REQUIRED!r}"
        )
    options = ["ssl-reqd" if tls == TLS_REQUIRED else "ssl"]
    if extra.get("cacert"):
        options.append(curl_option("cacert", extra["cacert"]))
    if ftp.login:
        options.append(curl_user(CONNECTION, ftp.login, ftp.password or ""))
    # Relative to where the login begins, unless it starts with %2F.
    path = str(extra.get("path") or ftp.schema or "")
    parts = [quote(part, safe="") for part in path.split("/") if part]
    folder = ("%2F" if path.startswith("/") else "") + "".join(f"{part}/" for part in parts)
    url = f"ftp://{f'[{host}]' if ':' in host else host}:{ftp.port or 21}/{folder}"
    return FtpAddress(url, "\n".join(options))


@dataclass(frozen=True, slots=True)
class FtpFolder(ScriptFolder):
    """The folder into which the script fetches from `address`."""

    address: FtpAddress

    SCRIPT = "fetch_partner_files.sh"
    CONNECTION = CONNECTION
    SOURCE = SOURCE

    def environment(self) -> dict[str, str]:
        """Return the script's environment."""
        return {
            "PARTNER_FTP_FOLDER": str(self.path),
            "PARTNER_FTP_URL": self.address.url,
            "PARTNER_FTP_FILES": " ".join(FILES),
            "PARTNER_FTP_OPTIONS": self.address.options,
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
        environment = {**os.environ, **place.environment(), **SHORT_TIMEOUTS}
        done = subprocess.run(["bash", "-c", COMMAND], env=environment, capture_output=True, check=False)
        if done.returncode:
            raise place.problem()
        with (place.path / PROMOTIONS).open("rb") as stream:
            promotions = read_promotions(stream)
        with (place.path / MARKET_INDEX).open("rb") as stream:
            index = read_market_index(stream)
    until = f", the last of them {index.rows[-1].week_start}" if index.rows else ""
    yield (
        OK,
        f"{PROMOTIONS} has {counted(len(promotions.rows), 'promotion')}, "
        f"{MARKET_INDEX} {counted(len(index.rows), 'week')}{until}",
    )
    for warning in (*promotions.warnings, *index.warnings):
        yield HINT, warning
    if not place.address.options.startswith("ssl-reqd"):
        yield HINT, f"a server without TLS gets login and password unencrypted: set `tls` to {TLS_REQUIRED!r}"
