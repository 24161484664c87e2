"""Fetching the partner's files with include/scripts/fetch_partner_files.sh. docs/SOURCES.md describes the
connection `partner_ftp`."""

import os
import re
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.connections import connection
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_PARTNER_FTP
from ecommerce.core.text import counted
from ecommerce.forecast.partner_ftp.files import MARKET_INDEX, PROMOTIONS, read_folder
from ecommerce.sources.curl_script import (
    command,
    curl_option,
    publish_files,
    script_error,
)
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

CONNECTION = SOURCE = CONNECTION_PARTNER_FTP
"""Its name in staging is the connection's."""
COMMAND = command("fetch_partner_files.sh", PROMOTIONS, MARKET_INDEX)
TLS_OFFERED, TLS_REQUIRED = "offered", "required"
TLS_OPTIONS = {TLS_OFFERED: "ssl", TLS_REQUIRED: "ssl-reqd"}
"""Of curl, by `tls` in the connection's extra."""
CHECK_SECONDS = "30"
"""The limit of a transfer in `make check`, whose user is waiting."""


def script_environment() -> dict[str, str]:
    """Return the script's variables: the folder's URL with a trailing slash, and the options of curl (TLS,
    certificates, login).

    Raises ConfigurationError: the connection does not exist, or its host, login or `tls` is invalid.
    """
    ftp = connection(CONNECTION)
    extra = ftp.extra_dejson
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
    return {"FTP_URL": _folder_url(ftp), "FTP_OPTIONS": "\n".join(options)}


def _folder_url(ftp: Any) -> str:
    host = (ftp.host or "").strip("[]")
    if not re.fullmatch(r"[\w.:-]+", host):
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is not a server's name such as ftp.partner.example: a "
            "folder belongs into its extra as `path`, and TLS as `tls`"
        )
    if ":" in host:  # IPv6
        host = f"[{host}]"
    # The path is relative to where the login begins, unless it starts with %2F.
    path = str(ftp.extra_dejson.get("path") or ftp.schema or "")
    folder = quote(path.strip("/"))
    if folder:
        folder += "/"
    if path.startswith("/"):
        folder = f"%2F{folder}"
    return f"ftp://{host}:{ftp.port or 21}/{folder}"


def publish(path: Path, folder: str, day: BusinessDay, read_at: datetime) -> Manifest:
    """Copy the files in `path` and their checksums into the staging folder `folder`."""
    patterns = ("*.csv", "*.csv.sha256")
    return publish_files(path, folder, SOURCE, day, patterns=patterns, read_at=read_at)


def check() -> Lines:
    """Fetch the files as the task does, into a temporary folder, and parse them.

    Raises the errors of `script_environment`, of the script and of `read_folder`.
    """
    variables: Mapping[str, str] = script_environment()
    with scratch_folder() as path:
        settings = {"FOLDER": str(path), "FTP_SECONDS": CHECK_SECONDS}
        done = subprocess.run(
            ["bash", "-c", COMMAND],
            env={**os.environ, **variables, **settings},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise script_error(CONNECTION, done.returncode)
        files = read_folder(path)
    promotions = counted(len(files.announced.promotions), "promotion")
    weeks = files.announced.market_index
    last_week = ""
    if weeks:
        last_week = f", the last of them {weeks[-1].week_start}"
    yield (
        OK,
        f"{PROMOTIONS} has {promotions}, "
        f"{MARKET_INDEX} {counted(len(weeks), 'week')}{last_week}",
    )
    for warning in files.warnings:
        yield HINT, warning
    if TLS_OPTIONS[TLS_REQUIRED] not in variables["FTP_OPTIONS"].splitlines():
        yield (
            HINT,
            "a server without TLS gets login and password unencrypted: set `tls` to "
            f"{TLS_REQUIRED!r}",
        )
