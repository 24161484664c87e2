"""Pass-through columns: from a source's own column to the view and the report."""

from ecommerce.warehouse.client import connect
from ecommerce.warehouse.migrate import migrate
from tests.integration.warehouse.loadable import Folder, Order, at

NOON = at("2026-03-02 17:00")


def test_named_columns_are_columns_of_the_view(shop, monkeypatch):
    attributes = "_wc_order_attribution_utm_source,group,sales_channel"
    monkeypatch.setenv("ORDER_ATTRIBUTES", attributes)
    shop.warehouse = connect(step="test")
    migrate(shop.warehouse)
    named = '{"group": "B2B", "sales_channel": "app", "unnamed": "x"}'
    shop.load(
        Folder(
            [
                Order("P1", NOON, attributes=named),
                Order("P2", NOON),
            ]
        )
    )

    names = ("order_id", "_wc_order_attribution_utm_source", "`group`", "sales_channel")
    rows = shop.rows("orders_attributes", *names)
    assert [tuple(row.values()) for row in rows] == [
        ("P1", None, "B2B", "app"),
        ("P2", None, None, None),
    ]
