"""The product catalogue's web server: pages of its products, and their pictures.

`python -m demo.services.catalogue ROOT PORT`; ROOT holds `products.json`, a list of products, and
`pictures/`. Every answer has an ETag, and is 304 to whoever has it already.
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from demo.services.ports import listen_address

PAGE = 50
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, root: Path) -> None:
        self.root = root
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        folder, _, name = parts.path.removeprefix("/").partition("/")
        if parts.path == "/products":
            self._page(parse_qs(parts.query).get("page", ["1"])[0])
        elif folder == "pictures" and name in {path.name for path in (self.root / "pictures").glob("*")}:
            picture = self.root / "pictures" / name
            self._answer(picture.read_bytes(), _TYPES.get(picture.suffix, "application/octet-stream"))
        else:
            self._answer(b"there is no such thing here\n", "text/plain", HTTPStatus.NOT_FOUND)

    def _page(self, number: str) -> None:
        host = f"http://{self.headers.get('Host', '')}"
        products = json.loads((self.root / "products.json").read_text())
        first = (int(number) - 1) * PAGE if number.isdigit() else -1
        if not 0 <= first <= max(len(products) - 1, 0):
            self._answer(b'{"detail": "Invalid page."}', "application/json", HTTPStatus.NOT_FOUND)
            return
        some = [
            each | {"image_url": each["image_url"] and host + each["image_url"]}
            for each in products[first : first + PAGE]
        ]
        following = f"{host}/products?page={int(number) + 1}" if len(products) > first + PAGE else None
        page = {"count": len(products), "next": following, "results": some}
        self._answer(json.dumps(page, ensure_ascii=False).encode(), "application/json")

    def _answer(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if status == HTTPStatus.OK and etag in self.headers.get("If-None-Match", ""):
            status, body = HTTPStatus.NOT_MODIFIED, b""
        self.send_response(status)
        self.send_header("ETag", etag)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def server(root: Path, port: int) -> ThreadingHTTPServer:
    """A server of the catalogue below `root`; the caller runs `serve_forever`."""
    return ThreadingHTTPServer((listen_address(), port), partial(_Handler, root=root))


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
