"""Fetching the catalogue: its first page with include/scripts/fetch_catalogue.sh, the others as that page
names them. docs/SOURCES.md describes the connection `product_catalogue_api` and the raw folder.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import ConfigurationError, ContractError, TransientError
from ecommerce.core.names import CONNECTION_CATALOGUE
from ecommerce.sources import http
from ecommerce.sources.curl_script import command, curl_option, publish_files
from ecommerce.storage.staging import Manifest

SOURCE = "product_catalogue"
"""Its name in `load_audit` and `rejected_rows`."""
CONNECTION = CONNECTION_CATALOGUE
COMMAND = command("fetch_catalogue.sh")
FIRST_PAGE = "/products?page=1"
MOST_PAGES = 2_000
MOST_BYTES = 50 << 20
"""Of a page, as in the script."""
TIMEOUT = (20, 300)
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class CatalogueAddress:
    """The first page's `url`, login and password (empty: none), and the paths to the products and to the next
    page's URL in a page."""

    url: str
    login: str
    password: str
    entries: str
    next: str

    @property
    def auth(self) -> Any:
        """Login and password for `requests`; as bytes, because it would write a text as Latin-1."""
        if not (self.login or self.password):
            return None
        return self.login.encode(), self.password.encode()


def address() -> CatalogueAddress:
    """Return the address in the connection.

    Raises ConfigurationError: the connection does not exist or has no host, or HTTP cannot send its fields.
    """
    from airflow.providers.http.hooks.http import HttpHook

    connection = http.connection_with_host(CONNECTION)
    try:
        url = HttpHook("GET", CONNECTION).url_from_endpoint("")
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_web = is_web and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_web = False
    if not is_web:
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is not a web address such as https://shop.example, or "
            "has a login in it, which belongs into the fields login and password"
        )
    if not (parts.path.strip("/") or parts.query):
        url = f"{parts.scheme}://{parts.netloc}{FIRST_PAGE}"
    extra = connection.extra_dejson
    return CatalogueAddress(
        url=url,
        login=connection.login or "",
        password=connection.password or "",
        entries=extra.get("entries", "results"),
        next=extra.get("next", "next"),
    )


def script_environment(catalogue: CatalogueAddress) -> dict[str, str]:
    """Return the script's variables: URL and login as options of curl."""
    options = [curl_option("url", catalogue.url)]
    if catalogue.auth:
        options.append(curl_option("user", f"{catalogue.login}:{catalogue.password}"))
    return {"CATALOGUE_OPTIONS": "\n".join(options)}


def fetch_following(catalogue: CatalogueAddress, path: Path) -> None:
    """Fetch the pages after `page-0001.json` in `path`, each with its URL (`.url`).

    Raises:
        ContractError: a page is not JSON, its next page has been read or is on another site, or there are
            more than `MOST_PAGES`.
        PipelineError: a request failed; the type is that of `http.raise_for_status`.
    """
    import requests

    urls = [catalogue.url]
    (path / "page-0001.url").write_text(catalogue.url)
    body = (path / "page-0001.json").read_bytes()
    with requests.Session() as session:
        session.auth = catalogue.auth or (lambda request: request)  # and no ~/.netrc
        while url := _next_url(body, len(urls), urls[-1], catalogue.next):
            number = len(urls) + 1
            if url in urls:
                raise ContractError(
                    f"{CONNECTION}: the next page in page {number - 1} is page "
                    f"{urls.index(url) + 1} again"
                )
            if number > MOST_PAGES:
                raise ContractError(
                    f"{CONNECTION}: there are more than {MOST_PAGES} pages"
                )
            send = partial(_page, session, url, number)
            body = http.with_retries(send, {TransientError: ATTEMPTS})
            (path / f"page-{number:04d}.json").write_bytes(body)
            (path / f"page-{number:04d}.url").write_text(url)
            urls.append(url)


def _next_url(body: bytes, number: int, url: str, name: str) -> str:
    """Return the URL of the page after page `number`; empty after the last one."""
    page = f"{CONNECTION}: page {number}"
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError(
            f"{page} is not JSON, it begins with {http.quoted(body)}"
        ) from None
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        raise ContractError(f"{page}: {name} is neither a URL nor null")
    try:
        following = urljoin(url, value.strip())
        is_same_site = urlsplit(following)[:2] == urlsplit(url)[:2]
    except ValueError:
        raise ContractError(f"{page}: {name} is not a URL") from None
    if not is_same_site:
        raise ContractError(
            f"{page}: its next page is on another site ({urlsplit(following).netloc}), which is not followed"
        )
    return following


def _page(session: Any, url: str, number: int) -> bytes:
    what = f"{CONNECTION}: GET page {number}"
    with http.network_errors(what):
        response = session.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True)
        http.raise_for_status(response, what)
        chunks = response.iter_content(1 << 16)
        return b"".join(http.bounded(chunks, MOST_BYTES, what))


def publish(path: Path, folder: str, day: BusinessDay, read_at: datetime) -> Manifest:
    """Copy the pages in `path` and their URLs into the staging folder `folder`."""
    patterns = ("page-*.json", "page-*.url")
    return publish_files(path, folder, SOURCE, day, patterns=patterns, read_at=read_at)
