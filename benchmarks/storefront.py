"""How fast the storefront's orders are read: the pipeline's extract against the requests alone.

    python -m benchmarks.storefront                     # 20,000 orders, 30 ms for each page
    python -m benchmarks.storefront --orders 2000       # smaller

The limit requests the pages of the orders, as many at a time as the pipeline does, and keeps nothing. The
pipeline also finds the pages, reads trash and products, sums up, and seals its folder. The server is another
process on the same cores.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shutil import rmtree
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from benchmarks.runner import (
    RESULTS,
    compare_programs,
    measured,
    read_options,
    report,
    run_program,
    serving,
)
from ecommerce.core.business_day import day_window

PER_PAGE, CONCURRENCY, LATENCY = 100, 8, 0.03
DAY, LOOK_BACK, PRODUCTS = date(2026, 11, 19), 14, 200
STAGING = RESULTS / "storefront"


def main() -> None:
    arguments = read_options(__doc__, orders=20_000, rounds=5)
    with serving(
        "benchmarks.storefront",
        "server",
        str(arguments.orders),
    ) as port:
        host = {
            "conn_type": "http",
            "host": f"http://127.0.0.1:{port}",
            "login": "key",
            "password": "secret",
        }
        environment = {
            "AIRFLOW_CONN_STOREFRONT_API": json.dumps(host),
            "REFUND_LOOKBACK_DAYS": str(LOOK_BACK),
            "STAGING_URI": STAGING.as_uri(),
        }
        results = compare_programs(
            "benchmarks.storefront",
            arguments.orders,
            arguments.rounds,
            environment,
        )
    rmtree(STAGING, ignore_errors=True)
    report(
        "Storefront",
        results,
        {"orders": arguments.orders},
    )


def limit(orders: int) -> None:
    """Request every page once."""
    from ecommerce.sources.storefront.client import StorefrontClient

    client = StorefrontClient.connect("storefront_api")
    pages = range(1, -(-orders // PER_PAGE) + 1)

    def read(page: int) -> int:
        parameters = {"per_page": str(PER_PAGE), "page": str(page)}
        answer = client.session.get(f"{client.root}/orders", params=parameters)
        return len(answer.content)

    with measured() as facts, ThreadPoolExecutor(CONCURRENCY) as pool:
        sum(pool.map(read, pages))
        facts["rows"] = orders


def pipeline(orders: int) -> None:
    """The extract of the newest day."""
    import duckdb
    import pandas
    import pyarrow.parquet

    from ecommerce.sales.read_windows import window_of_day
    from ecommerce.sources import STOREFRONT
    from ecommerce.sources.storefront.client import StorefrontClient
    from ecommerce.storage.staging import DagRun
    from tests.memory import Remembered

    del duckdb, pandas, pyarrow
    StorefrontClient.connect("storefront_api")  # imports Airflow
    day = day_window(DAY, "UTC")
    now = day.end + timedelta(hours=6)
    window = window_of_day(
        STOREFRONT.source(),
        day,
        DagRun("benchmark", "run"),
        Remembered(),
        now,
    )
    with measured() as facts:
        totals = STOREFRONT.source().extract(window).control_totals
        facts["rows"] = totals["source_orders"]
    if totals["source_orders"] != orders:
        sys.exit(f"{totals['source_orders']} of {orders} orders were read")


def server(orders: int) -> None:
    """The shop: its orders spread over the days that the run of the newest day reads."""
    from demo.services.storefront.render import order_json, product_json
    from demo.services.storefront.store import WooLine, WooOrder, WooProduct
    from demo.services.storefront.versions import VERSIONS

    end = day_window(DAY, "UTC").end
    step = timedelta(days=LOOK_BACK + 1) / orders
    shop = []
    for number in range(1, orders + 1):
        lines = []
        for n in range(3):
            pieces = n + 1
            line = WooLine(
                number * 3 + n,
                (number * 7 + n) % PRODUCTS + 1,
                "MUG",
                "A mug, in a box",
                Decimal(pieces),
                Decimal("20.00") * pieces,
                Decimal("18.00") * pieces,
                Decimal("1.44"),
            )
            lines.append(line)
        order = WooOrder(
            number,
            end - step * (orders - number + 1),
            email=f"b{number}@example.com",
            lines=lines,
        )
        text = json.dumps(order_json(order, VERSIONS["11"], ZoneInfo("UTC"))).encode()
        placed = order.created_at.replace(tzinfo=None)
        shop.append((placed.isoformat(), text))
    products = []
    for n in range(1, PRODUCTS + 1):
        product = WooProduct(
            n,
            "MUG",
            "Mug",
            ["Kitchen"],
            end,
        )
        products.append(json.dumps(product_json(product)).encode())

    @cache
    def placed_between(after: str, before: str) -> list[bytes]:
        return [text for placed, text in shop if after < placed < before]

    def chosen(path: str, query: dict[str, list[str]]) -> list[bytes]:
        if path.endswith("/products"):
            return [products[int(one) - 1] for one in query["include"][0].split(",")]
        if not path.endswith("/orders") or query.get("status") == ["trash"]:
            return []
        # No order was changed after it was placed.
        after = max(query.get("after", [""]), query.get("modified_after", [""]))[0]
        before = query.get("before", ["9"])[0]
        return placed_between(after, before)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A small body in a packet of its own would wait for the client's delayed ACK.
        wbufsize = 1 << 20

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = parse_qs(address.query)
            time.sleep(LATENCY)
            rows = chosen(address.path, query)
            start = (int(query.get("page", ["1"])[0]) - 1) * PER_PAGE
            body = b"[" + b",".join(rows[start : start + PER_PAGE]) + b"]"
            self.send_response(200)
            self.send_header("X-WP-Total", str(len(rows)))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(running.server_port, flush=True)
    running.serve_forever()


if __name__ == "__main__":
    run_program(
        {
            "limit": limit,
            "pipeline": pipeline,
            "server": server,
        },
        main,
    )
