"""Reading a Shopify shop, and what the transform makes of it."""

from datetime import UTC, date, datetime, timedelta

import requests

from demo.services import shopify as stand_in
from demo.services.shopify import (
    ManualClock,
    OrderFacts,
    Shopify,
    ShopifyStore,
    build_balance_transaction,
    build_order,
    build_payout,
)
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.transform import transform
from ecommerce.sources import SHOPIFY, http
from ecommerce.sources.shopify import bulk
from ecommerce.sources.shopify.client import ShopifyClient
from tests import settings
from tests.memory import Remembered
from tests.oracle_shopify import returns_of, totals_of
from tests.parquet import read_records

DAY = day_window(date(2026, 11, 19), "America/New_York")
NOON = DAY.start + timedelta(hours=12)
NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)

PARTS = ("merchandise", "tax", "shipping")


def connect(monkeypatch, shop, **fields):
    """Let the connection lead to a shop."""
    known = {"password": stand_in.TOKEN} | fields
    settings.connect(
        monkeypatch,
        "shopify_api",
        shop.url,
        **known,
    )


def shop_with(orders, balance=(), payouts=(), **options):
    """A shop with orders, balance transactions and payouts, whose clock shows `NOW`."""
    built = [
        build_order(each) if isinstance(each, OrderFacts) else each for each in orders
    ]
    return Shopify(
        ShopifyStore(
            built,
            options or None,
            ManualClock(NOW),
            [build_balance_transaction(facts) for facts in balance],
            [build_payout(facts, balance) for facts in payouts],
        )
    )


def window_in(folder, day=DAY, **values):
    """The window of the first run for the newest day."""
    known = {
        "changed_from": day.start - timedelta(minutes=20),
        "changed_until": None,
        "earlier_reads": Remembered(),
    }
    return ReadWindow(
        "shopify", day, folder=f"file://{folder}/staging/shopify", **known | values
    )


def simulated(monkeypatch, shop):
    """Let the client read the shop's own clock, which its pauses advance."""
    clock = shop.store.clock

    def client(conn_id):
        session = requests.Session()
        return ShopifyClient(
            conn_id,
            session,
            shop.url,
            stand_in.TOKEN,
        )

    for module in (http, bulk):
        monkeypatch.setattr(module, "sleep", clock.advance)
    monkeypatch.setattr(ShopifyClient, "connect", client)
    return clock


def extract(folder, day=DAY, **window):
    """The raw folder of a read; arguments as `window_in`."""
    return SHOPIFY.source().extract(window_in(folder, day, **window))


class Loadable:
    """The rows that one read becomes; arguments as `window_in`."""

    def __init__(self, folder, **window):
        self.raw = extract(folder, **window)
        self.done = transform(self.raw, run_id="test")
        self.accounts = self.done.control_totals

    def rows(self, table):
        """The rows of one table in the order of their keys."""
        if f"{table}.parquet" not in self.done.columns:
            return []
        keys = {
            "orders": "order_id",
            "order_lines": "order_id, line_number",
            "refunds": "order_id, refund_id, line_number",
            "payments": "payment_id",
            "payouts": "payout_id",
        }
        path = self.done.file(f"{table}.parquet")
        return read_records(path, keys.get(table, "ALL"))

    def refunds(self):
        """The rows of refunds that are not all 0, as the oracle has them, by order."""
        refunds = {}
        for row in self.rows("orders"):
            refunds[row["order_id"]] = set()
        for row in self.rows("refunds"):
            amounts = tuple(row[f"{name}_amount"] for name in PARTS)
            if any(amounts):
                key = (row["refund_id"], row["line_number"])
                refunds[row["order_id"]].add((*key, *amounts))
        return refunds


def assert_oracle(answers, orders, refunds):
    """Compare rows of orders, and `Loadable.refunds`, with the oracle of the orders as the API has them; all
    by order id."""
    for order_id, answer in answers.items():
        expected = totals_of(answer)
        assert {name: orders[order_id][name] for name in expected} == expected
        assert refunds[order_id] == {row for row in returns_of(answer) if any(row[2:])}
