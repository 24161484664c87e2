"""Leading the extract to a storefront, and seeing what it left."""

import json
from collections import defaultdict
from datetime import date
from pathlib import Path

from demo.services.storefront import KEY, SECRET
from ecommerce.core.business_day import day_window
from tests import settings
from tests.integration.storefront.days import (
    AFTER_THE_DAY,
    CHANGED_ON_THE_DAY,
    LOOKED_BACK_AT,
    OF_THE_DAY,
    facts,
)

NEW_YORK = "America/New_York"
FALL_BACK = day_window(date(2025, 11, 2), NEW_YORK)
MODES = ("66", "11", "11c")
ALL = OF_THE_DAY | CHANGED_ON_THE_DAY | AFTER_THE_DAY | LOOKED_BACK_AT
"""What the run of the newest day reads."""


def connect(monkeypatch, host, secret=SECRET, extra=None):
    fields = {
        "login": KEY,
        "password": secret,
        "extra": extra or {},
    }
    settings.connect(monkeypatch, "storefront_api", host, **fields)


def pages(manifest, folder):
    files = sorted(Path(manifest.file(folder)).glob("*.json"))
    return [item for file in files for item in json.loads(file.read_text())]


def what_was_read(manifest):
    """By order id, in the shape of `storefront_days.facts`; the file with the greatest name wins."""
    refunds = defaultdict(set)
    for refund in pages(manifest, "refunds"):
        row = (str(refund["id"]), refund["amount"], refund["date_created_gmt"])
        refunds[refund["order_id"]].add(row)
    orders = {}
    for order in pages(manifest, "orders"):
        lines = []
        for line in order["line_items"]:
            product = (line["id"], line["product_id"], line["sku"])
            lines.append((*product, float(line["quantity"]), line["subtotal"]))
        # Servers differ in what they show of a trashed order's refunds; they do not count.
        in_trash = order["status"] == "trash"
        refunded = set() if in_trash else refunds[str(order["id"])]
        created = order["date_created_gmt"]
        orders[order["id"]] = (order["status"], created, lines, refunded)
    return orders


def truth(store, ids):
    return {number: facts(store.orders[number]) for number in ids}
