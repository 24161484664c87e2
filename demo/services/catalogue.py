"""The product catalogue's web server: pages of products, and their images.

`python -m demo.services.catalogue ROOT PORT`; ROOT holds `products.json`, a list of products, and
`pictures/`. Every response has an ETag; a request that sends a current one gets 304.
"""

import json
import sys
from pathlib import Path
from urllib.parse import urljoin

from flask import Flask, Response, jsonify, request, send_from_directory

from demo.services.flask_service import FlaskService

PAGE = 50
"""Products per page."""


def catalogue_app(root: Path) -> Flask:
    """Return the pages of the catalogue below `root`."""
    app = Flask(__name__)

    @app.get("/products")
    def list_products() -> Response:
        number = int(request.args.get("page", "1"))
        products = json.loads((root / "products.json").read_text())
        end = number * PAGE
        results = products[end - PAGE : end]
        for product in results:
            if product["image_url"]:
                product["image_url"] = urljoin(request.host_url, product["image_url"])
        next_page = None
        if len(products) > end:
            next_page = f"{request.base_url}?page={number + 1}"
        page = {"count": len(products), "next": next_page, "results": results}
        response = jsonify(page)
        response.add_etag()
        return response.make_conditional(request)

    @app.get("/pictures/<name>")
    def send_picture(name: str) -> Response:
        return send_from_directory(root / "pictures", name)

    return app


if __name__ == "__main__":
    FlaskService(int(sys.argv[2]), catalogue_app(Path(sys.argv[1]))).serve()
