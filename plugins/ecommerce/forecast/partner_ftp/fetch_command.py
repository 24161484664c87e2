"""Fetching the partner's files with include/scripts/fetch_partner_files.sh. docs/SOURCES.md describes the
connection `partner_ftp`."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.connections import connection
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_PARTNER_FTP
from ecommerce.core.paths import INCLUDE
from ecommerce.core.text import counted
from ecommerce.forecast.partner_ftp.files import MARKET_INDEX, PROMOTIONS, read_folder
from ecommerce.sources.script_folder import ScriptFolder, curl_option
from ecommerce.storage.scratch import scratch_folder

CONNECTION = SOURCE = CONNECTION_PARTNER_FTP
"""Its name in staging is the connection's."""
COMMAND = f'bash "{INCLUDE}/scripts/fetch_partner_files.sh" "$PARTNER_FTP_FOLDER"'
"""The command of the task's BashOperator."""
TLS_OFFERED, TLS_REQUIRED = "offered", "required"
TLS_OPTIONS = {TLS_OFFERED: "ssl", TLS_REQUIRED: "ssl-reqd"}
"""Of curl, by `tls` in the connection's extra."""
SHORT_TIMEOUTS = {
    "PARTNER_FTP_SECONDS": "60",
    "PARTNER_FTP_TRANSFER_SECONDS": "30",
    "PARTNER_FTP_TRIES": "1",
    "PARTNER_FTP_LOOKS": "1",
}
"""For `make check`, whose user is waiting."""


def server_variables() -> dict[str, str]:
    """Return the script's variables for the server in the connection: the folder's URL with a trailing slash,
    and the options of curl (TLS, certificates, login). ConfigurationError where the connection does not
    exist, or its host, login or `tls` cannot be used."""
    ftp = connection(CONNECTION)
    extra, host = ftp.extra_dejson, (ftp.host or "").strip("[]")
    if not re.fullmatch(r"[\w.:-]+", host):
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is no server's name such as ftp.partner.example: a "
            "folder belongs into its extra as `path`, and TLS as `tls`"
        )
    tls = extra.get("tls") or TLS_OFFERED
    if tls not in TLS_OPTIONS:
        raise ConfigurationError(
            f"`tls` in the extra of the connection {CONNECTION} is {tls!r}: use {TLS_OFFERED!r} or "
            f"{TLS_REQUIRED!r}"
        )
    options = [TLS_OPTIONS[tls]]
    if extra.get("cacert"):
        options.append(curl_option("cacert", extra["cacert"]))
    if ftp.login:
        options.append(curl_option("user", f"{ftp.login}:{ftp.password or ''}"))
    if ":" in host:  # IPv6
        host = f"[{host}]"
    # Relative to where the login begins, unless it starts with %2F.
    path = str(extra.get("path") or ftp.schema or "")
    folder = quote(path.strip("/"))
    if folder:
        folder += "/"
    if path.startswith("/"):
        folder = "%2F" + folder
    return {
        "PARTNER_FTP_URL": f"ftp://{host}:{ftp.port or 21}/{folder}",
        "PARTNER_FTP_OPTIONS": "\n".join(options),
    }


@contextmanager
def fetch_folder() -> Iterator[ScriptFolder]:
    """Provide an empty folder for the script; raises as `server_variables`."""
    environment = {
        "PARTNER_FTP_FILES": f"{PROMOTIONS} {MARKET_INDEX}"
    } | server_variables()
    with scratch_folder() as path:
        environment["PARTNER_FTP_FOLDER"] = str(path)
        yield ScriptFolder(
            CONNECTION, path, datetime.now(UTC), environment, "*.csv", "*.csv.sha256"
        )


def check() -> Lines:
    """Fetch the files as the task does, into a temporary folder, and parse them; raises as
    `server_variables` and `files`, or the script's failure."""
    with fetch_folder() as place:
        environment = os.environ | place.environment | SHORT_TIMEOUTS
        done = subprocess.run(
            ["bash", "-c", COMMAND], env=environment, capture_output=True, check=False
        )
        if done.returncode:
            raise place.problem()
        files = read_folder(place.path)
    promotions, weeks = files.announced.promotions, files.announced.market_index
    last = f", the last of them {weeks[-1].week_start}" if weeks else ""
    yield (
        OK,
        f"{PROMOTIONS} has {counted(len(promotions), 'promotion')}, "
        f"{MARKET_INDEX} {counted(len(weeks), 'week')}{last}",
    )
    for warning in files.warnings:
        yield HINT, warning
    if not place.environment["PARTNER_FTP_OPTIONS"].startswith(
        TLS_OPTIONS[TLS_REQUIRED]
    ):
        yield (
            HINT,
            f"a server without TLS gets login and password unencrypted: set `tls` to {TLS_REQUIRED!r}",
        )
