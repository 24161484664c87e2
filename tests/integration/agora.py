"""A stand-in for the API of the recipe *An API source*: pages of two orders, and a token."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "ag-demo-4711-secret"
PER_PAGE = 2
ORDERS = Path(__file__).with_name("agora_orders.json")
"""Orders around the business day of 2 September in New York, which begins at 04:00 UTC."""


@dataclass
class Agora:
    """The marketplace: its orders by id, and the status and path of each answer so far."""

    url: str = ""
    orders: dict[str, dict] = field(default_factory=dict)
    requests: list[tuple[int, str]] = field(default_factory=list)

    def connection(self):
        """Return the value of `AIRFLOW_CONN_AGORA_API` that leads here."""
        return json.dumps({"conn_type": "http", "host": self.url, "password": TOKEN})

    def answer(self, target, authorization):
        """Return status and body of the answer to a request."""
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": "unknown token"}
        address = urlsplit(target)
        if address.path == "/orders":
            return 200, self._page(dict(parse_qsl(address.query)))
        order = self.orders.get(unquote(address.path.removeprefix("/orders/")))
        return (200, order) if order else (404, {"error": "no such order"})

    def _page(self, query):
        """Return a page by `created_at` or `updated_at`; the cursor is the last order before it."""
        kind = "created" if "created_since" in query else "updated"
        since = query[f"{kind}_since"]
        until = query.get(f"{kind}_until", "9999")
        places = []
        for number, order in self.orders.items():
            at = order[f"{kind}_at"]
            place = f"{at} {number}"
            if since <= at < until and place > query.get("cursor", ""):
                places.append((place, order))
        places.sort(key=lambda pair: pair[0])
        page = places[:PER_PAGE]
        cursor = page[-1][0] if len(places) > PER_PAGE else None
        return {"orders": [order for _, order in page], "next_cursor": cursor}


@contextmanager
def open_agora():
    """A running marketplace."""
    orders = json.loads(ORDERS.read_text())
    agora = Agora(orders={order["id"]: order for order in orders})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = agora.answer(self.path, self.headers.get("Authorization"))
            agora.requests.append((status, self.path))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        agora.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield agora
        server.shutdown()
