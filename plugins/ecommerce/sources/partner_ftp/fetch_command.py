"""Fetching the partner's files: what include/scripts/fetch_partner_files.sh is given, and what becomes of
what it leaves.

The raw folder has `promotions.csv` and `market_index.csv` as the server sent them, each with its `.sha256`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ecommerce.core import errors
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.paths import INCLUDE
from ecommerce.sources import curl
from ecommerce.sources.partner_ftp.source import CONNECTION, SOURCE, TLS_REQUIRED, Address, address
from ecommerce.storage import staging
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

COMMAND = f'bash "{INCLUDE}/scripts/fetch_partner_files.sh" "$PARTNER_FTP_FOLDER"'
"""What the task's BashOperator runs."""
PROMOTIONS, MARKET_INDEX = "promotions.csv", "market_index.csv"
FILES = (PROMOTIONS, MARKET_INDEX)


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder `path` on this machine in which the script works; `begun_at` is the read's instant (UTC)."""

    path: Path
    address: Address
    begun_at: datetime

    def environment(self) -> dict[str, str]:
        """The script's environment. It holds the password, so it is made when the script is started and is no
        field of the operator: Airflow shows those."""
        where = self.address
        lines = ["ssl-reqd" if where.tls == TLS_REQUIRED else "ssl"]
        if where.cacert:
            lines.append(curl.option("cacert", where.cacert))
        if where.login:
            lines.append(curl.option("user", f"{where.login}:{where.password}"))
        return {
            "PARTNER_FTP_FOLDER": str(self.path),
            "PARTNER_FTP_URL": where.url,
            "PARTNER_FTP_FILES": " ".join(FILES),
            "PARTNER_FTP_OPTIONS": "\n".join(lines),
        }

    def problem(self) -> errors.PipelineError:
        """Why the script failed, as the error that its task raises."""
        return curl.problem(self.path, "fetch_partner_files.sh", CONNECTION)

    def publish(self, folder: str, day: BusinessDay) -> Manifest:
        """Move the files into staging, both or none; the manifest's `rows` counts the files, and its control
        totals have each file's SHA-256.

        Raises:
            StagingError: they cannot be written.
        """
        checksums = {name: (self.path / f"{name}.sha256").read_text().split()[0] for name in FILES}
        with staging.publish(folder) as draft:
            for name in FILES:
                for kept in (name, f"{name}.sha256"):
                    (draft.path / kept).write_bytes((self.path / kept).read_bytes())
            draft.seal(
                source=SOURCE,
                business_date=day.date,
                rows=len(FILES),
                columns={name: [] for name in FILES},
                read_at=self.begun_at,
                window_start=self.begun_at,
                window_end=self.begun_at,
                control_totals={"sha256": checksums},
            )
        return staging.read_manifest(folder)


@contextmanager
def workplace() -> Iterator[Workplace]:
    """A place to fetch in, for the length of the block.

    Raises:
        ConfigurationError: as `source.address`.
    """
    with scratch_folder() as path:
        yield Workplace(path, address(), datetime.now(UTC))
