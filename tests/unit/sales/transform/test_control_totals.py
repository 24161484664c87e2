"""By currency, what a source has is what was loaded, superseded and rejected; what is left was lost."""

from decimal import Decimal

import pytest

from ecommerce.sales.transform import transform
from ecommerce.storage.staging import Manifest
from tests.unit.sales.transform.raw_folders import (
    KNOWN_REFUNDS,
    RUN_ID,
    SALES_DB,
    columns,
    item,
    order,
    page_order,
    read,
    write,
    write_json,
)

AMOUNTS = ("source_amount", "loaded_amount", "superseded_amount", "rejected_amount")


def totals(manifest: Manifest) -> dict[str, tuple[Decimal, ...]]:
    done = read(transform(manifest, run_id=RUN_ID))
    return {
        row["currency"]: tuple(row[name] for name in AMOUNTS)
        for row in done.control_totals
    }


def database(
    raw, stated: dict[str, str], unread: dict[str, str] | None = None, **tables
) -> Manifest:
    def fill(folder):
        for table, types in SALES_DB.items():
            write(folder / f"{table}.parquet", columns(**types), tables.get(table, []))

    def amounts(of: dict[str, str]) -> list[dict[str, str]]:
        return [
            {"currency": currency, "amount": amount} for currency, amount in of.items()
        ]

    return raw.publish(
        "sales_db",
        fill,
        source_amounts=amounts(stated),
        rejected_amounts=amounts(unread or {}),
    )


def test_rejected_lines_and_orders_and_another_currency_are_accounted_for(raw):
    manifest = database(
        raw,
        {"EUR": "50.00", "JPY": "1500.00", "USD": "-7.00"},
        {"EUR": "5.00"},
        orders=[
            order(order_id="1", currency="EUR"),
            order(order_id="2", currency="JPY"),
            order(order_id="3", currency="USD"),
            order(order_id="4", currency="EUR", ordered_at=None),
        ],
        order_items=[
            item(order_id="1", quantity=2, unit_price=Decimal(10)),
            item(
                order_id="1",
                line_number=2,
                quantity=1,
                unit_price=Decimal(15),
                tax_amount=None,
            ),
            item(order_id="2", quantity=1, unit_price=Decimal(1500)),
            item(order_id="3", quantity=-1, unit_price=Decimal(7)),
            item(order_id="4", quantity=1, unit_price=Decimal(10)),
        ],
    )
    found = totals(manifest)
    assert found == {
        "EUR": (50, 35, 0, 15),
        "JPY": (1500, 1500, 0, 0),
        "USD": (-7, 0, 0, -7),
    }


def test_an_order_that_the_source_counts_and_does_not_hand_out_is_lost(raw):
    items = [
        item(order_id="1", quantity=2, unit_price=Decimal(10)),
        item(order_id="gone", unit_price=Decimal(4)),
    ]
    manifest = database(
        raw,
        {"USD": "24.00"},
        orders=[order(order_id="1", currency="USD")],
        order_items=items,
    )
    assert totals(manifest) == {"USD": (24, 20, 0, 0)}


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        ({"total_tax": "5.00"}, (30, 30, 0, 0)),
        # The source counts the newest version; the one before is loaded.
        ({"total_tax": "much"}, (30, 20, -20, 30)),
    ],
)
def test_an_order_that_is_read_twice_counts_once(raw, newest, expected):
    def version(subtotal: str, **changes):
        line = page_order()["line_items"][0] | {"subtotal": subtotal, "total": subtotal}
        return page_order(currency="eur", line_items=[line], **changes)

    def fill(folder):
        write(
            folder / "known_lines.parquet",
            columns(VARCHAR="order_id sku category", BIGINT="line_number"),
            [],
        )
        write_json(folder / "orders" / "0000-00-0001.json", [version("20.00")])
        write_json(
            folder / "orders" / "0000-01-0001.json", [version("30.00", **newest)]
        )
        write_json(folder / "refunds" / "0001.json", [])
        write_json(folder / "products" / "0001.json", [])
        write(folder / "known_refunds.parquet", KNOWN_REFUNDS, [])
        write(folder / "removed_orders.parquet", columns(VARCHAR="order_id"), [])

    manifest = raw.publish(
        "storefront", fill, source_amounts=[{"currency": "EUR", "amount": "30.00"}]
    )
    assert totals(manifest) == {"EUR": expected}


def test_a_source_that_does_not_state_its_amounts_by_currency_has_none(raw):
    def fill(folder):
        for table, types in SALES_DB.items():
            rows = {"orders": [order()], "order_items": [item()]}.get(table, [])
            write(folder / f"{table}.parquet", columns(**types), rows)

    assert totals(raw.publish("sales_db", fill)) == {}
