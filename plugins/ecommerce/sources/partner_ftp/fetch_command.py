"""Fetching the partner's files with include/scripts/fetch_partner_files.sh.

The raw folder has `promotions.csv` and `market_index.csv` as the server sent them, each with its `.sha256`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.paths import INCLUDE
from ecommerce.sources.partner_ftp import source
from ecommerce.sources.partner_ftp.source import TLS_REQUIRED, FtpAddress, address
from ecommerce.sources.script_folder import ScriptFolder, curl_option
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

COMMAND = f'bash "{INCLUDE}/scripts/fetch_partner_files.sh" "$PARTNER_FTP_FOLDER"'
"""The command of the task's BashOperator."""
PROMOTIONS, MARKET_INDEX = "promotions.csv", "market_index.csv"
FILES = (PROMOTIONS, MARKET_INDEX)


@dataclass(frozen=True, slots=True)
class FtpFolder(ScriptFolder):
    """The folder into which the script fetches from `address`."""

    address: FtpAddress

    SCRIPT = "fetch_partner_files.sh"
    CONNECTION = source.CONNECTION
    SOURCE = source.SOURCE

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
    """Provide an empty folder for the script.

    Raises:
        ConfigurationError: as `source.address`.
    """
    with scratch_folder() as path:
        yield FtpFolder(path, datetime.now(UTC), address())
