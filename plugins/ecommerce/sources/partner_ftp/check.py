"""`make check` of the partner's server: can both files be fetched and parsed?"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.errors import ContractError
from ecommerce.sources.partner_ftp.fetch_command import (
    COMMAND,
    MARKET_INDEX,
    PROMOTIONS,
    FtpFolder,
    fetch_folder,
)
from ecommerce.sources.partner_ftp.files import read_market_index, read_promotions
from ecommerce.sources.partner_ftp.source import TLS_REQUIRED

SHORT_TIMEOUTS = {
    "PARTNER_FTP_SECONDS": "60",
    "PARTNER_FTP_TRANSFER_SECONDS": "30",
    "PARTNER_FTP_TRIES": "1",
    "PARTNER_FTP_LOOKS": "1",
}
"""For a command whose user is waiting."""


def check() -> Lines:
    """Fetch the files as the task does, into a temporary folder, and parse them.

    Raises:
        PipelineError: as `source.address` and `files`, or the script's failure.
    """
    with fetch_folder() as place:
        encrypted = _fetch(place)
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


def _fetch(place: FtpFolder) -> bool:
    """Return whether the files were fetched encrypted: that is tried first, and the unencrypted transfer only
    where the connection allows it."""
    try:
        _run(replace(place, address=replace(place.address, tls=TLS_REQUIRED)))
    except ContractError:
        if place.address.tls == TLS_REQUIRED:
            raise
        _run(place)
        return False
    return True


def _run(place: FtpFolder) -> None:
    environment = {**os.environ, **place.environment(), **SHORT_TIMEOUTS}
    if subprocess.run(["bash", "-c", COMMAND], env=environment, capture_output=True, check=False).returncode:
        raise place.problem()
