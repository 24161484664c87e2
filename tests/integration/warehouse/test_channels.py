"""Channels: where orders were sold, in the tables and in the report."""

from ecommerce.sales.report.queries import read_figures
from tests.integration.warehouse.conftest import MONDAY, ORIGIN, Shop
from tests.integration.warehouse.loadable import Folder, Order, at

NOON = at("2026-03-02 17:00")


def test_partners_are_channels_of_their_own(shop: Shop) -> None:
    partners = Folder(
        [
            Order(
                "A1",
                NOON,
                source="partner_files",
                channel="acme",
                refunds=[("R1", NOON, "4.00")],
            ),
            Order("A2", NOON, source="partner_files", channel="acme"),
            Order("B1", NOON, source="partner_files", channel="bolt"),
        ],
        source="partner_files",
    )
    shop.load(partners, Folder([Order("1", NOON)]))

    found = [
        (row["source"], row["channel"], row["net_sales"])
        for row in shop.rows("daily_sales")
    ]
    assert sorted(
        (source, channel, int(net)) for source, channel, net in found if net > 0
    ) == [
        ("partner_files", "acme", 20),
        ("partner_files", "bolt", 10),
        ("sales_db", "sales_db", 10),
    ]
    channels = read_figures(shop.warehouse, MONDAY, ORIGIN).channels
    assert {row.name: (row.orders, int(row.net_sales)) for row in channels} == {
        "acme": (2, 16),
        "bolt": (1, 10),
        "sales_db": (1, 10),
    }
