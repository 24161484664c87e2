"""A stand-in for the API of the recipe *An API source*: pages of two orders, a token, and a limited rate."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ag-demo-4711-secret"
PER_PAGE = 2


@dataclass
class Agora:
    """The marketplace: its orders by id, the requests so far, and how many of the next ones it refuses."""

    url: str = ""
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: int = 0
    requests: list[tuple[int, str]] = field(default_factory=list)
    """Status of the answer, and path with the query."""

    def connection(self, **fields):
        """The value of `AIRFLOW_CONN_AGORA_API` that leads here."""
        return json.dumps(
            {"conn_type": "http", "host": self.url, "password": TOKEN} | fields
        )

    def answer(self, target, authorization):
        """Status and body of the answer to a request."""
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": "unknown token"}
        if self.refusals:
            self.refusals -= 1
            return 429, {"error": "slow down"}
        path, query = (
            urlsplit(target).path,
            {name: each[0] for name, each in parse_qs(urlsplit(target).query).items()},
        )
        if path == "/orders":
            return 200, self._page(query)
        order = self.orders.get(unquote(path.removeprefix("/orders/")))
        return (200, order) if order else (404, {"error": "no such order"})

    def _page(self, query):
        """A page by `created_at` or `updated_at`; the cursor is the place of the last order before it."""
        [kind] = {
            name.removesuffix("_since") for name in query if name.endswith("_since")
        }
        since, until = query[f"{kind}_since"], query.get(f"{kind}_until", "9999")
        places = sorted(
            (order[f"{kind}_at"], number) for number, order in self.orders.items()
        )
        rest = [
            place
            for place in places
            if since <= place[0] < until and " ".join(place) > query.get("cursor", "")
        ]
        last = " ".join(rest[PER_PAGE - 1]) if len(rest) > PER_PAGE else None
        return {
            "orders": [self.orders[number] for _, number in rest[:PER_PAGE]],
            "next_cursor": last,
        }


@contextmanager
def open_agora():
    """A running marketplace without orders."""
    agora = Agora()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = agora.answer(self.path, self.headers.get("Authorization"))
            agora.requests.append((status, self.path))
            content = json.dumps(body).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        agora.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield agora
        server.shutdown()
        thread.join()
