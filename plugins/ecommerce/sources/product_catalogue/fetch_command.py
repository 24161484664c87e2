"""Fetching the catalogue's pages: what include/scripts/fetch_catalogue.sh is given, and what becomes of what
it leaves.

The raw folder has `page-0001.json`, `page-0002.json`, … as the server sent them, each with `page-0001.url`,
its address.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ecommerce.core import errors
from ecommerce.core.business_day import BusinessDay
from ecommerce.core.paths import INCLUDE
from ecommerce.sources import curl
from ecommerce.sources.product_catalogue.source import CONNECTION, SOURCE, Address, address
from ecommerce.storage import staging
from ecommerce.storage.kept_files import Store
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

COMMAND = f'bash "{INCLUDE}/scripts/fetch_catalogue.sh" "$CATALOGUE_FOLDER"'
"""What the task's BashOperator runs."""
MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder `path` on this machine in which the script works; `begun_at` is the read's instant (UTC)."""

    path: Path
    address: Address
    store: Store
    begun_at: datetime

    def environment(self) -> dict[str, str]:
        """The script's environment. It holds the password, so it is made when the script is started and is no
        field of the operator: Airflow shows those."""
        where = self.address
        given = {
            "CATALOGUE_FOLDER": str(self.path),
            "CATALOGUE_PYTHON": sys.executable,
            "CATALOGUE_NEXT": where.next,
            "CATALOGUE_MOST_PAGES": str(MOST_PAGES),
        }
        if where.login or where.password:
            given["CATALOGUE_CREDENTIALS"] = curl.option("user", f"{where.login}:{where.password}")
        return given

    def problem(self) -> errors.PipelineError:
        """Why the script failed, as the error that its task raises."""
        return curl.problem(self.path, "fetch_catalogue.sh", CONNECTION)

    def publish(self, folder: str, day: BusinessDay) -> Manifest:
        """Move the pages into staging, and keep them for the next time; control totals: pages,
        unchanged_pages.

        Raises:
            StagingError: they cannot be written.
        """
        pages = sorted(self.path.glob("page-*.json"))
        with staging.publish(folder) as draft:
            for page in pages:
                for kept in (page, page.with_suffix(".url")):
                    (draft.path / kept.name).write_bytes(kept.read_bytes())
            draft.seal(
                source=SOURCE,
                business_date=day.date,
                rows=len(pages),
                columns={page.name: [] for page in pages},
                read_at=self.begun_at,
                window_start=self.begun_at,
                window_end=self.begun_at,
                control_totals={
                    "pages": len(pages),
                    "unchanged_pages": len(list(self.path.glob("page-*.unchanged"))),
                },
            )
        self._keep(pages)
        return staging.read_manifest(folder)

    def _keep(self, pages: list[Path]) -> None:
        """One file, so that two runs at once cannot mix their pages."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for page in pages:
                for end in (".json", ".url", ".etag"):
                    packed.write(page.with_suffix(end), page.with_suffix(end).name)
        self.store.write(_kept(self.address), archive.getvalue())

    def recall(self) -> None:
        """Lay out the pages of the last time, so that the script may ask for what has changed only."""
        (self.path / "start").write_text(self.address.url)
        former = self.path / "former"
        former.mkdir()
        if kept := self.store.read(_kept(self.address)):
            with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(kept)) as packed:
                packed.extractall(former)


@contextmanager
def workplace() -> Iterator[Workplace]:
    """A place to fetch in, with what is known of the last time.

    Raises:
        ConfigurationError: as `source.address`.
        StagingError: the store cannot be read.
    """
    with scratch_folder() as path:
        place = Workplace(path, address(), Store.of_pictures(), datetime.now(UTC))
        place.recall()
        yield place


def _kept(where: Address) -> str:
    """Where the pages of an address are kept; who signs in as somebody else may be shown other ones."""
    key = f"{where.url}\n{where.login}"
    return f"pages/{hashlib.sha256(key.encode()).hexdigest()[:16]}.zip"
