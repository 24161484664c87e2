"""A stand-in for the API of the recipe *An API source*: pages of two orders, and a token."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask, abort, request

from demo.services.flask_service import FlaskService

TOKEN = "ag-demo-4711-secret"
PER_PAGE = 2
ORDERS = Path(__file__).with_name("agora_orders.json")
"""Orders around the business day of 2 September in New York, which begins at 04:00 UTC."""


@dataclass
class Agora:
    """The marketplace: its orders by id, and the address of each request so far."""

    orders: dict[str, dict]
    url: str = ""
    requests: list[str] = field(default_factory=list)

    def connection(self):
        """Return the value of `AIRFLOW_CONN_AGORA_API` that leads here."""
        return json.dumps(
            {
                "conn_type": "http",
                "host": self.url,
                "password": TOKEN,
            }
        )

    def check_token(self):
        self.requests.append(request.url)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            abort(401)

    def page(self):
        """Return a page by `created_at` or `updated_at`; the cursor is the last order before it."""
        query = request.args
        kind = "created" if "created_since" in query else "updated"
        until = query.get(f"{kind}_until", "9999")
        places = {}
        for number, order in self.orders.items():
            at = order[f"{kind}_at"]
            place = f"{at} {number}"
            is_asked_for = query[f"{kind}_since"] <= at < until
            if is_asked_for and place > query.get("cursor", ""):
                places[place] = order
        page = sorted(places)[:PER_PAGE]
        cursor = page[-1] if len(places) > PER_PAGE else None
        return {
            "orders": [places[place] for place in page],
            "next_cursor": cursor,
        }

    def order(self, number):
        return self.orders.get(number) or abort(404)


@contextmanager
def open_agora():
    """A running marketplace."""
    orders = json.loads(ORDERS.read_text())
    agora = Agora({order["id"]: order for order in orders})
    app = Flask("agora")
    app.before_request(agora.check_token)
    app.get("/orders")(agora.page)
    app.get("/orders/<path:number>")(agora.order)
    with FlaskService(0, app) as server:
        agora.url = server.url
        yield agora
