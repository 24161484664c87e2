"""Fetching the catalogue: its first page with include/scripts/fetch_catalogue.sh, the others as that page
names them. docs/SOURCES.md describes the connection `product_catalogue_api` and the raw folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ecommerce.core.errors import ConfigurationError, ContractError, TransientError
from ecommerce.core.names import CONNECTION_CATALOGUE
from ecommerce.runtime.curl_script import command, curl_option
from ecommerce.sources.http import (
    connection_with_host,
    network_errors,
    quoted,
    raise_for_status,
    read_content,
    site_of,
    with_retries,
)

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from requests import Session

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


def server() -> Connection:
    """Return the connection; ConfigurationError where it does not exist or has no host."""
    return connection_with_host(CONNECTION)


def first_url() -> str:
    """Return the URL of the first page; ConfigurationError where the host is not a web address."""
    from airflow.providers.http.hooks.http import HttpHook

    server()
    url = HttpHook("GET", CONNECTION).url_from_endpoint("")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise ConfigurationError(
            f"the host of the connection {CONNECTION} is not a web address such as https://shop.example, or "
            "has a login in it, which belongs in the fields login and password"
        )
    if parts.path.strip("/") or parts.query:
        return url
    return urljoin(url, FIRST_PAGE)


def script_environment() -> dict[str, str]:
    """Return the script's variables: URL and login as options of curl."""
    options = [curl_option("url", first_url())]
    connection = server()
    if connection.login:
        login = f"{connection.login}:{connection.password or ''}"
        options.append(curl_option("user", login))
    return {"CATALOGUE_OPTIONS": "\n".join(options)}


def open_session() -> Session:
    """Return a session with the login of the connection, which does not look into ~/.netrc for another."""
    import requests
    from requests.auth import HTTPBasicAuth

    session = requests.Session()
    session.auth = lambda request: request
    connection = server()
    if connection.login:
        # As bytes, because `requests` writes a text as Latin-1, and curl as UTF-8.
        password = (connection.password or "").encode()
        session.auth = HTTPBasicAuth(connection.login.encode(), password)
    return session


def fetch_page(
    session: Session,
    url: str,
    number: int,
) -> bytes:
    """Return the content of page `number`; raises as `http.network_errors` and `http.raise_for_status`."""
    what = f"{CONNECTION}: GET page {number}"

    def send() -> bytes:
        with (
            network_errors(what),
            session.get(
                url, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as response,
        ):
            raise_for_status(response, what)
            return read_content(response, MOST_BYTES, what)

    return with_retries(send, {TransientError: ATTEMPTS})


def fetch_following(path: Path) -> None:
    """Fetch the pages after `page-0001.json` in `path`.

    Raises:
        ContractError: a page is not JSON, its next page is on another site, or there are more than
            `MOST_PAGES`.
        PipelineError: a request failed; the type is that of `http.raise_for_status`.
    """
    url = first_url()
    next_path = server().extra_dejson.get("next", "next")
    body = (path / "page-0001.json").read_bytes()
    with open_session() as session:
        for number in range(1, MOST_PAGES + 1):
            (path / f"page-{number:04d}.json").write_bytes(body)
            following = value_at(parse_page(body, number), next_path)
            if not following:
                return
            target = urljoin(url, str(following))
            # Another site would get the login.
            if site_of(target) != site_of(url):
                raise ContractError(
                    f"{CONNECTION}: the next page in page {number} is on another site "
                    f"({urlsplit(target).netloc}), which is not followed"
                )
            url = target
            body = fetch_page(session, url, number + 1)
    raise ContractError(
        f"{CONNECTION}: there are more than {MOST_PAGES} pages, or they name each other in a circle"
    )


def parse_page(body: bytes, number: int) -> Any:
    """Return the JSON of page `number`; ContractError where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError(
            f"{CONNECTION}: page {number} is not JSON, it begins with {quoted(body)}"
        ) from None


def value_at(page: Any, path: str) -> Any:
    """Return the value at a path such as `data.items` in a page; None where there is none."""
    for name in path.split("."):
        if not isinstance(page, dict):
            return None
        page = page.get(name)
    return page
