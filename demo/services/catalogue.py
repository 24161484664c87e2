"""The product catalogue's web server: pages of products, and their images.

`python -m demo.services.catalogue ROOT PORT`; ROOT holds `products.json`, a list of products, and
`pictures/`. Every response has an ETag; a request that sends a current one gets 304.
"""

import hashlib
import json
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from demo.services.http_service import Handler, HttpService

PAGE = 50
"""Products per page."""
_JSON = "application/json"
_IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


class CatalogueServer(HttpService):
    """A server of the catalogue below `root`."""

    def __init__(self, root: Path, port: int) -> None:
        super().__init__(port, _CatalogueHandler)
        self.root = root


class _CatalogueHandler(Handler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        pictures = self.service.root / "pictures"
        folder, _, name = url.path.removeprefix("/").partition("/")
        if url.path == "/products":
            self._page(parse_qs(url.query).get("page", ["1"])[0])
        elif folder == "pictures" and name in {
            path.name for path in pictures.glob("*")
        }:
            path = pictures / name
            self._cached(
                path.read_bytes(),
                _IMAGE_TYPES.get(path.suffix, "application/octet-stream"),
            )
        else:
            self.respond(b"not found\n", "text/plain", HTTPStatus.NOT_FOUND)

    def _page(self, number: str) -> None:
        host = f"http://{self.headers.get('Host', '')}"
        products = json.loads((self.service.root / "products.json").read_text())
        first = (int(number) - 1) * PAGE if number.isdigit() else -1
        if not 0 <= first <= max(len(products) - 1, 0):
            self.respond(b'{"detail": "Invalid page."}', _JSON, HTTPStatus.NOT_FOUND)
            return
        results = [
            product
            | {"image_url": product["image_url"] and host + product["image_url"]}
            for product in products[first : first + PAGE]
        ]
        next_page = (
            f"{host}/products?page={int(number) + 1}"
            if len(products) > first + PAGE
            else None
        )
        page = {"count": len(products), "next": next_page, "results": results}
        self._cached(json.dumps(page, ensure_ascii=False).encode(), _JSON)

    def _cached(self, body: bytes, content_type: str) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if etag in self.headers.get("If-None-Match", ""):
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", etag)
            self.end_headers()
        else:
            self.respond(body, content_type, headers={"ETag": etag})


if __name__ == "__main__":
    CatalogueServer(Path(sys.argv[1]), int(sys.argv[2])).serve()
