"""Fetching the catalogue's pages with include/scripts/fetch_catalogue.sh. docs/SOURCES.md describes the
connection `product_catalogue_api` and the raw folder."""

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_CATALOGUE
from ecommerce.core.paths import INCLUDE
from ecommerce.sources import PRODUCT_CATALOGUE
from ecommerce.sources.http import connection_with_host
from ecommerce.sources.script_folder import ScriptFolder, curl_option
from ecommerce.storage.kept_files import Store
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

SOURCE = PRODUCT_CATALOGUE
"""Its name in `load_audit` and `rejected_rows`."""
CONNECTION = CONNECTION_CATALOGUE
COMMAND = f'bash "{INCLUDE}/scripts/fetch_catalogue.sh" "$CATALOGUE_FOLDER"'
"""The command of the task's BashOperator."""
FIRST_PAGE = "/products?page=1"
MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class CatalogueAddress:
    """The first page's `url`, login and password (empty: none), and where a page has what we need."""

    url: str
    login: str
    password: str
    entries: str
    next: str


def address() -> CatalogueAddress:
    """Return the address in the connection; ConfigurationError where it does not exist, names no host, or has
    what HTTP cannot send."""
    from airflow.providers.http.hooks.http import HttpHook

    found = connection_with_host(CONNECTION)
    hook = HttpHook("GET", CONNECTION)
    try:
        url = hook.url_from_endpoint("")
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc:
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is no web address such as https://shop.example, or has "
            "a login in it, which belongs into the fields login and password"
        )
    login, password = found.login or "", found.password or ""
    if ":" in login or any(ord(letter) < 32 for letter in login + password):
        raise ConfigurationError(
            f"login or password of the connection {CONNECTION} has a character that HTTP cannot send"
        )
    extra = found.extra_dejson
    if not (parts.path.strip("/") or parts.query):
        url = f"{parts.scheme}://{parts.netloc}{FIRST_PAGE}"
    return CatalogueAddress(url, login, password, extra.get("entries", "results"), extra.get("next", "next"))


@dataclass(frozen=True, slots=True)
class CatalogueFolder(ScriptFolder):
    """The folder into which the script fetches from `address`; `store` keeps the pages for the next run."""

    address: CatalogueAddress
    store: Store

    SCRIPT = "fetch_catalogue.sh"
    CONNECTION = CONNECTION
    SOURCE = SOURCE

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
        archive = io.BytesIO()  # one file, so that two runs at once cannot mix their pages
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for page in pages:
                for end in (".json", ".url", ".etag"):
                    packed.write(page.with_suffix(end), page.with_suffix(end).name)
        self.store.write(self._kept_pages(), archive.getvalue())
        return manifest

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
    """Provide a folder for the script, with the pages of the previous run; raises as `address`, and
    StagingError where the store cannot be read."""
    with scratch_folder() as path:
        folder = CatalogueFolder(path, datetime.now(UTC), address(), Store.of_pictures())
        folder.restore()
        yield folder
