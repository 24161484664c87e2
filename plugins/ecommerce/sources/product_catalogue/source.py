"""Where the catalogue is: the connection `product_catalogue_api`.

Its host without a path means `/products?page=1`; with a path, exactly that address. Login and password, where
given, are sent by HTTP basic authentication. Extra may hold `entries` and `next`: where a page's JSON has its
list of products, and the address of the next page, as paths such as `data.items`; without them `results` and
`next`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import CONNECTION_CATALOGUE
from ecommerce.sources import PRODUCT_CATALOGUE
from ecommerce.sources.http import connection_with_host

SOURCE = PRODUCT_CATALOGUE
"""Its name in `load_audit` and `rejected_rows`."""
CONNECTION = CONNECTION_CATALOGUE
FIRST_PAGE = "/products?page=1"


@dataclass(frozen=True, slots=True)
class CatalogueAddress:
    """The first page's `url`, login and password (empty: none), and where a page has what we need."""

    url: str
    login: str
    password: str
    entries: str
    next: str


def address() -> CatalogueAddress:
    """Return the address in the connection.

    Raises:
        ConfigurationError: it does not exist, names no host, or has what HTTP cannot send.
    """
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
