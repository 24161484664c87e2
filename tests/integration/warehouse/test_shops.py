"""The view of shops, and views that follow the settings."""

import json
from datetime import date

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, at

LABEL = 'Agora "Süd" \\ 🎁 `sales.orders`'


def sold(order_id, source, instant="2026-03-02 15:00", **values):
    return Order(
        order_id,
        at(instant),
        source=source,
        **values,
    )


def name_shops(shop, monkeypatch, shops, labels):
    """Start again with other settings, as after a restart."""
    monkeypatch.setenv("SHOPS", json.dumps(shops))
    monkeypatch.setenv("SHOP_LABELS", json.dumps(labels))
    shop.warehouse = connect(step="test")


def test_the_view_of_shops_has_the_names_of_the_last_load(shop, monkeypatch):
    shop.load(Folder([sold("1", "sales_db")]))
    assert shop.tuples("shops") == [("sales_db", "sales_db", None, MONDAY, MONDAY, 1)]

    name_shops(
        shop,
        monkeypatch,
        {"shopify": ["de"], "sales_db": ["brand"]},
        {"shopify_de": LABEL, "somewhere": "else"},
    )
    orders = [
        sold("1", "shopify_de", "2026-03-02 03:00"),
        sold("2", "shopify_de"),
        sold(
            "3",
            "shopify_de",
            "2026-03-01 15:00",
            is_test=True,
        ),
        sold(
            "4",
            "shopify_de",
            "2026-03-04 15:00",
            is_sale=False,
        ),
    ]
    shop.load(Folder(orders, source="shopify_de"))
    export = Folder([sold("1", "shopify_old")], source="shopify_old")
    shop.load(export, status=HISTORY)
    assert shop.tuples("shops") == [
        ("sales_db", "sales_db", None, MONDAY, MONDAY, 1),
        ("sales_db_brand", "sales_db", None, None, None, 0),
        ("shopify_de", "shopify", LABEL, date(2026, 3, 1), MONDAY, 2),
        ("shopify_old", "export", None, MONDAY, MONDAY, 1),
    ]

    name_shops(
        shop,
        monkeypatch,
        {"shopify": ["old"]},
        {},
    )
    before = shop.state()
    with pytest.raises(ConfigurationError, match="shopify_old is the name of a loaded"):
        shop.load(Folder([sold("2", "shopify_old")], source="shopify_old"))
    assert shop.state() == before

    # A shop that was removed keeps its rows.
    name_shops(
        shop,
        monkeypatch,
        {"shopify": []},
        {},
    )
    shop.load(Folder([sold("1", "sales_db")]))
    assert shop.report().shops == []
    removed = shop.sql("SELECT orders FROM `sales.shops` WHERE source = 'shopify_de'")
    assert removed == [{"orders": 2}]
