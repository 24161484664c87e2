"""Pass-through columns: from a source's own column to the view and the report."""

from decimal import Decimal

from ecommerce.sales.report.texts.breakdowns import FIGURES
from ecommerce.warehouse.migrate import migrate
from tests.integration.warehouse.loadable import Folder, Order, at, read_folders

NOON = at("2026-03-02 17:00")


def name_attributes(shop, monkeypatch, names, report=""):
    """Set ORDER_ATTRIBUTES and REPORT_ATTRIBUTE, and run `make migrate`."""
    monkeypatch.setenv("ORDER_ATTRIBUTES", names)
    monkeypatch.setenv("REPORT_ATTRIBUTE", report)
    change = {
        "order_attributes": tuple(names.split(",")),
        "report_attribute": report or None,
    }
    shop.warehouse.settings = shop.warehouse.settings.model_copy(update=change)
    migrate(shop.warehouse)


def test_named_columns_are_columns_of_the_view(shop, monkeypatch):
    name_attributes(
        shop, monkeypatch, "_wc_order_attribution_utm_source,group,sales_channel"
    )
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


def test_the_report_by_an_attribute_adds_up_to_the_headline(shop, monkeypatch):
    """The amounts in yen are 0.00333… US dollars each."""
    name_attributes(shop, monkeypatch, "paid_with,sales_channel", "sales_channel")
    shop.load(*read_folders("attributes.yaml")["day"])

    figures = shop.report()

    assert figures.attribute == "sales_channel"
    found = {row.name: row for row in figures.attributes}
    assert {name: row.orders for name, row in found.items()} == {
        "app": 3,
        "web": 2,
        "(none)": 2,
    }
    assert found["web"].returns == 4
    assert found["app"].gross_sales.quantize(Decimal("0.01")) == 10
    # Without the reversed tax or shipping of a third refund.
    reasons = [
        (each.reason, each.refunds, each.amount) for each in figures.return_reasons
    ]
    assert reasons == [(None, 2, 6)]
    for name in ("orders", *FIGURES):
        assert (
            sum(getattr(row, name) for row in found.values())
            == figures.headline[name].value
        ), name
