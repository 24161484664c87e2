"""Fetching the catalogue's pages with include/scripts/fetch_catalogue.sh. docs/SOURCES.md describes the
connection `product_catalogue_api` and the raw folder."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_CATALOGUE
from ecommerce.core.paths import INCLUDE
from ecommerce.sources.http import connection_with_host
from ecommerce.sources.script_folder import ScriptFolder, curl_option
from ecommerce.storage.scratch import scratch_folder

SOURCE = "product_catalogue"
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
    try:
        url = HttpHook("GET", CONNECTION).url_from_endpoint("")
        parts = urlsplit(url)
        is_web = (
            parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        )
    except ValueError:
        is_web = False
    if not is_web or "@" in parts.netloc:
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is no web address such as https://shop.example, or has "
            "a login in it, which belongs into the fields login and password"
        )
    login, password = found.login or "", found.password or ""
    extra = found.extra_dejson
    if not (parts.path.strip("/") or parts.query):
        url = f"{parts.scheme}://{parts.netloc}{FIRST_PAGE}"
    return CatalogueAddress(
        url, login, password, extra.get("entries", "results"), extra.get("next", "next")
    )


@contextmanager
def fetch_folder() -> Iterator[ScriptFolder]:
    """Provide a folder for the script; raises as `address`."""
    where = address()
    environment = {
        "CATALOGUE_PYTHON": sys.executable,
        "CATALOGUE_NEXT": where.next,
        "CATALOGUE_MOST_PAGES": str(MOST_PAGES),
    }
    if where.login or where.password:
        environment["CATALOGUE_CREDENTIALS"] = curl_option(
            "user", f"{where.login}:{where.password}"
        )
    with scratch_folder() as path:
        environment["CATALOGUE_FOLDER"] = str(path)
        (path / "start").write_text(where.url)
        yield ScriptFolder(
            CONNECTION,
            path,
            datetime.now(UTC),
            environment,
            "page-*.json",
            "page-*.url",
        )
