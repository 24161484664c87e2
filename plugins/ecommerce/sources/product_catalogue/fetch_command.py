"""Fetching the catalogue's pages with include/scripts/fetch_catalogue.sh.

The raw folder has `page-0001.json`, `page-0002.json`, … as the server sent them, each with its address in
`page-0001.url`.
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

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.paths import INCLUDE
from ecommerce.sources.product_catalogue import source
from ecommerce.sources.product_catalogue.source import CatalogueAddress, address
from ecommerce.sources.script_folder import ScriptFolder, curl_option
from ecommerce.storage.kept_files import Store
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

COMMAND = f'bash "{INCLUDE}/scripts/fetch_catalogue.sh" "$CATALOGUE_FOLDER"'
"""The command of the task's BashOperator."""
MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class CatalogueFolder(ScriptFolder):
    """The folder into which the script fetches from `address`; `store` keeps the pages for the next run."""

    address: CatalogueAddress
    store: Store

    SCRIPT = "fetch_catalogue.sh"
    CONNECTION = source.CONNECTION
    SOURCE = source.SOURCE

    def environment(self) -> dict[str, str]:
        """Return the script's environment."""
        variables = {
            "CATALOGUE_FOLDER": str(self.path),
            "CATALOGUE_PYTHON": sys.executable,
            "CATALOGUE_NEXT": self.address.next,
            "CATALOGUE_MOST_PAGES": str(MOST_PAGES),
        }
        if self.address.login or self.address.password:
            user = f"{self.address.login}:{self.address.password}"
            variables["CATALOGUE_CREDENTIALS"] = curl_option("user", user)
        return variables

    def publish(self, folder: str, day: BusinessDay) -> Manifest:
        """Move the pages, and keep them for the next run; control totals: pages, unchanged_pages."""
        pages = sorted(self.path.glob("page-*.json"))
        unchanged = len(list(self.path.glob("page-*.unchanged")))
        files = {page.name: page.with_suffix(".url").name for page in pages}
        totals = {"pages": len(pages), "unchanged_pages": unchanged}
        manifest = self._publish(folder, day, files, totals)
        self._keep(pages)
        return manifest

    def _keep(self, pages: list[Path]) -> None:
        """Store all pages in one file, so that two runs at once cannot mix their pages."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for page in pages:
                for end in (".json", ".url", ".etag"):
                    packed.write(page.with_suffix(end), page.with_suffix(end).name)
        self.store.write(self._kept_pages(), archive.getvalue())

    def restore(self) -> None:
        """Write the pages of the previous run, so that the script requests only changed ones."""
        (self.path / "start").write_text(self.address.url)
        former = self.path / "former"
        former.mkdir()
        if kept := self.store.read(self._kept_pages()):
            with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(kept)) as packed:
                packed.extractall(former)

    def _kept_pages(self) -> str:
        """Name the kept pages after address and login: another user may see other pages."""
        key = f"{self.address.url}\n{self.address.login}"
        return f"pages/{hashlib.sha256(key.encode()).hexdigest()[:16]}.zip"


@contextmanager
def fetch_folder() -> Iterator[CatalogueFolder]:
    """Provide a folder for the script, with the pages of the previous run.

    Raises:
        ConfigurationError: as `source.address`.
        StagingError: the store cannot be read.
    """
    with scratch_folder() as path:
        folder = CatalogueFolder(path, datetime.now(UTC), address(), Store.of_pictures())
        folder.restore()
        yield folder
