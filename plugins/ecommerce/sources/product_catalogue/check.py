"""`make check` of the product catalogue: can a page be parsed, and may its pictures be fetched?"""

import json
from typing import Any

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.settings import load_settings
from ecommerce.sources.http import network_errors, raise_for_status
from ecommerce.sources.product_catalogue.download import UnusablePicture, allowed_addresses, host_of
from ecommerce.sources.product_catalogue.fetch_command import CONNECTION, address
from ecommerce.sources.product_catalogue.parser import parse_pages

TIMEOUT = 30


def check() -> Lines:
    """Fetch and parse the first page, and resolve the hosts of its pictures without requests to them; raises
    as `address`, `sources.http` and `parse_pages`."""
    import requests

    where = address()
    what = f"{CONNECTION}: GET the first page"
    # As bytes, because requests would write a text as Latin-1.
    login: Any = (where.login.encode(), where.password.encode()) if where.login or where.password else None
    with network_errors(what):
        answer = requests.get(where.url, auth=login, timeout=TIMEOUT, allow_redirects=False)
    raise_for_status(answer, what)
    found = parse_pages([(answer.content, where.url)])
    urls = [product.image_url for product in found.products if product.image_url]
    yield OK, f"its first page has {len(found.products)} products, {len(urls)} of them with a picture"
    if where.login and where.url.startswith("http://"):
        yield HINT, "login and password travel without encryption: let the host begin with https://"
    if found.rejected:
        first = found.rejected[0]
        yield (
            HINT,
            f"{len(found.rejected)} entries of its first page cannot be used (the first: {first.reason}, "
            f"{json.dumps(first.detail)}): docs/CATALOGUE.md maps another JSON",
        )
    for host in sorted({host_of(url) for url in urls} - {""}):
        name, _, port = host.rpartition(":") if host.rpartition(":")[2].isdigit() else (host, "", "443")
        try:
            allowed_addresses(name, int(port), load_settings().picture_networks)
        except UnusablePicture as error:
            yield HINT, f"pictures from {host} are not fetched: {error}"
