"""Pass-through columns: from a source's own column to the view and the report."""

from dataclasses import dataclass, replace
from decimal import Decimal

from ecommerce.sales.report.figures.model import FIGURES
from ecommerce.sales.transform import transform
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse.migrate import migrate
from tests.integration.warehouse.loadable import at, read_folders
from tests.unit.sales.transform import raw_folders
from tests.unit.sales.transform.raw_folders import RawFolders, csv_line

NOON = at("2026-03-02 17:00")


@dataclass
class Transformed:
    """What a transform left, to be loaded as it is."""

    manifest: Manifest

    def publish(self, _root, _day, _run_id):
        return self.manifest


def name_attributes(shop, monkeypatch, names, report=""):
    """Set ORDER_ATTRIBUTES and REPORT_ATTRIBUTE, and run `make migrate`."""
    monkeypatch.setenv("ORDER_ATTRIBUTES", names)
    monkeypatch.setenv("REPORT_ATTRIBUTE", report)
    settings = replace(
        shop.warehouse.settings,
        order_attributes=tuple(names.split(",")),
        report_attribute=report or None,
    )
    shop.warehouse.settings = settings
    migrate(shop.warehouse)


def test_named_columns_are_columns_of_the_view(shop, monkeypatch, tmp_path):
    name_attributes(
        shop, monkeypatch, "_wc_order_attribution_utm_source,group,sales_channel"
    )
    named = {"sales_channel": "app", "group": "ann@example.com"}
    file = {
        "name": "acme_2026-11-19.csv",
        "lines": [csv_line("P1") | named, csv_line("P2")],
    }
    raw = RawFolders(f"file://{tmp_path}/raw").partner_files_manifest(
        file, extras=["sales_channel", '"group"']
    )
    manifest = transform(raw, run_id=raw_folders.RUN_ID)

    shop.load(Transformed(manifest), day=raw_folders.DAY)  # type: ignore[arg-type]

    assert shop.rows("orders_attributes") == [
        {
            "source": "partner_files",
            "order_id": order_id,
            "business_date": raw_folders.DAY,
            "_wc_order_attribution_utm_source": None,
            "group": group,
            "sales_channel": channel,
        }
        for order_id, group, channel in (("P1", "<e-mail>", "app"), ("P2", None, None))
    ]


def test_the_report_by_an_attribute_adds_up_to_the_headline(shop, monkeypatch):
    name_attributes(shop, monkeypatch, "payment_method,sales_channel", "sales_channel")
    """The amounts in yen are 0.00333… US dollars each."""
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
    for name in ("orders", *FIGURES):
        assert (
            sum(getattr(row, name) for row in found.values())
            == figures.headline[name].value
        ), name
