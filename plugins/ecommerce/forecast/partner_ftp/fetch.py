"""Fetching the partner's files with include/scripts/fetch_partner_files.sh. docs/SOURCES.md describes the
connection `partner_ftp`."""

import os
import re
import subprocess
from urllib.parse import quote

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.connections import connection
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_PARTNER_FTP
from ecommerce.core.text import counted
from ecommerce.forecast.partner_ftp.files import (
    MARKET_INDEX,
    PROMOTIONS,
    read_folder,
)
from ecommerce.runtime.curl_script import (
    command,
    curl_option,
    script_error,
)
from ecommerce.storage.scratch import scratch_folder

CONNECTION = CONNECTION_PARTNER_FTP
"""Also the name of the files' folder in staging."""
FILES = (PROMOTIONS, MARKET_INDEX)
COMMAND = command("fetch_partner_files.sh", *FILES)
TLS_REQUIRED = "ssl-reqd"
TLS_OPTIONS = {"offered": "ssl", "required": TLS_REQUIRED}
"""Of curl, by `tls` in the connection's extra."""
CHECK_SECONDS = "30"
"""The limit of a transfer in `make check`, whose user is waiting."""


def script_environment() -> dict[str, str]:
    """Return the script's variables: the folder's URL with a trailing slash, and the options of curl (TLS,
    certificates, login).

    Raises ConfigurationError: the connection does not exist, or its host, login or `tls` is invalid.
    """
    ftp = connection(CONNECTION)
    if not re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:.]+\]", ftp.host or ""):
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is not a server's name such as ftp.partner.example: a "
            "folder belongs in its extra as `path`, and TLS as `tls`"
        )
    extra = ftp.extra_dejson
    path = extra.get("path") or ftp.schema or ""
    folder = quote(f"{path.strip('/')}/").lstrip("/")
    if path.startswith("/"):
        # Otherwise a path is relative to the login's folder; %2F is an encoded slash.
        folder = f"%2F{folder}"
    tls = extra.get("tls") or "required"
    if tls not in TLS_OPTIONS:
        raise ConfigurationError(
            f"`tls` in the extra of the connection {CONNECTION} is {tls!r}: use 'offered' or 'required'"
        )
    options = [TLS_OPTIONS[tls]]
    if extra.get("cacert"):
        options.append(curl_option("cacert", extra["cacert"]))
    if ftp.login:
        options.append(curl_option("user", f"{ftp.login}:{ftp.password or ''}"))
    url = f"ftp://{ftp.host}:{ftp.port or 21}/{folder}"
    return {"FTP_URL": url, "FTP_OPTIONS": "\n".join(options)}


def check() -> Lines:
    """Fetch the files as the task does, into a temporary folder, and parse them.

    Raises the errors of `script_environment`, of the script and of `read_folder`.
    """
    variables = script_environment()
    with scratch_folder() as path:
        done = subprocess.run(
            ["bash", "-c", COMMAND],
            env=os.environ | variables | {"FTP_SECONDS": CHECK_SECONDS},
            cwd=path,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last_line = done.stdout.rstrip().rpartition("\n")[-1]
            raise script_error(CONNECTION, done.returncode, last_line)
        files = read_folder(path)
    promotions = counted(len(files.announced.promotions), "promotion")
    weeks = counted(len(files.announced.market_index), "week")
    yield OK, f"{PROMOTIONS} has {promotions}, {MARKET_INDEX} {weeks}"
    for warning in files.warnings:
        yield HINT, warning
    if not variables["FTP_OPTIONS"].startswith(TLS_REQUIRED):
        yield (
            HINT,
            "a server without TLS gets login and password unencrypted: set `tls` to 'required'",
        )
