"""The product catalogue's web server: pages of products, and their images.

`python -m demo.services.catalogue ROOT PORT`; ROOT holds `products.json`, a list of products, and
`pictures/`. Every response has an ETag; a request that sends a current one gets 304.
"""

import hashlib
import json
import mimetypes
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from demo.services.http_service import Handler, HttpService

PAGE = 50
"""Products per page."""


class CatalogueServer(HttpService):
    """A server of the catalogue below `root`."""

    def __init__(self, root: Path, port: int) -> None:
        super().__init__(port, _CatalogueHandler)
        self.root = root


class _CatalogueHandler(Handler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = Path(url.path)
        picture = self.service.root / "pictures" / path.name
        if url.path == "/products":
            parameters = dict(parse_qsl(url.query))
            self._send_page(int(parameters.get("page", "1")))
        elif path.parent == Path("/pictures") and picture.is_file():
            content_type, _ = mimetypes.guess_type(picture.name)
            content = picture.read_bytes()
            self._send_cached(content, content_type or "application/octet-stream")
        else:
            self.respond(b"not found\n", "text/plain", HTTPStatus.NOT_FOUND)

    def _send_page(self, number: int) -> None:
        host = f"http://{self.headers['Host']}"
        file = self.service.root / "products.json"
        products = json.loads(file.read_text())
        end = number * PAGE
        results = products[end - PAGE : end]
        for product in results:
            if product["image_url"]:
                product["image_url"] = host + product["image_url"]
        next_page = None
        if len(products) > end:
            next_page = f"{host}/products?page={number + 1}"
        page = {"count": len(products), "next": next_page, "results": results}
        self._send_cached(json.dumps(page).encode(), "application/json")

    def _send_cached(self, body: bytes, content_type: str) -> None:
        digest = hashlib.sha256(body).hexdigest()
        etag = f'"{digest}"'
        if self.headers["If-None-Match"] == etag:
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self.send_header("ETag", etag)
            self.end_headers()
        else:
            self.respond(body, content_type, headers={"ETag": etag})


if __name__ == "__main__":
    CatalogueServer(Path(sys.argv[1]), int(sys.argv[2])).serve()
