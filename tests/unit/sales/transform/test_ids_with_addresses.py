"""Ids that are e-mail addresses: none gets further than the transform, and no order is lost or merged."""

from ecommerce.core.email_masking import safe_id
from tests.unit.sales.transform.raw_folders import KEY, csv_line, item, order, refund

ANN, BOB = "ann@example.com", "bob%40example.com"


def test_orders_refunds_and_skus_of_a_database_stay_apart(raw):
    orders = [order(ANN), order(BOB), order("7", currency="none")]
    items = [
        item(ANN, sku=ANN),
        item(BOB, sku=BOB),
        item(BOB, 2, sku="MUG@BLUE"),
        item("carl@example.com"),
    ]
    refunds = [
        refund(ANN, ANN),
        refund(BOB, BOB),
        refund("R9", "dora@example.com", line_number=None),
    ]
    products = [{"sku": ANN, "name": "Card of Ann", "category": "Cards"}]

    done = raw.sales_db(
        orders=orders,
        order_items=items,
        refunds=refunds,
        products=products,
        removed_orders=[
            {"order_id": safe_id("eve@example.com", KEY)},
            {"order_id": safe_id(ANN, KEY)},
        ],
    )
    assert "example.com" not in repr(done.tables)
    assert {row["order_id"] for row in done.orders} == {
        safe_id(ANN, KEY),
        safe_id(BOB, KEY),
    }
    assert {row["order_id"]: row["item_count"] for row in done.orders}[
        safe_id(BOB, KEY)
    ] == 2
    found = {(row["sku"], row["product_name"]) for row in done.order_lines}
    assert found == {
        (safe_id(ANN, KEY), "Card of Ann"),
        (safe_id(BOB, KEY), None),
        ("MUG@BLUE", None),
    }
    assert {
        (row["refund_id"], row["order_id"], row["line_number"]) for row in done.refunds
    } == {
        (safe_id(ANN, KEY), safe_id(ANN, KEY), 1),
        (safe_id(BOB, KEY), safe_id(BOB, KEY), 1),
        ("R9", safe_id("dora@example.com", KEY), 0),
    }
    assert [row["sku"] for row in done.products] == [safe_id(ANN, KEY)]
    rejected = {row["reason"]: row["order_id"] for row in done.rejected_rows}
    assert rejected == {
        "invalid_currency": "7",
        "unknown_order": safe_id("carl@example.com", KEY),
    }
    replaced = {row["order_id"] for row in done.order_versions}
    assert replaced == {
        safe_id(each, KEY) for each in (ANN, BOB, "dora@example.com", "eve@example.com")
    }


def test_a_partners_orders_are_found_again_by_their_hash(raw):
    known = [
        {
            "order_id": safe_id(BOB, KEY),
            "partner": "other",
            "file": "other_2026-11-18.csv",
        }
    ]
    lines = [
        csv_line(ANN, sku="A\0B", product_name="Mug\0"),
        csv_line(BOB),
        csv_line("P\x003", quantity="0"),
    ]
    done = raw.partner_files(
        {"name": "acme_2026-11-19.csv", "lines": lines}, known=known
    )
    assert [row["order_id"] for row in done.orders] == [safe_id(ANN, KEY)]
    assert {row["reason"]: row["order_id"] for row in done.rejected_rows} == {
        "order_of_other_partner": safe_id(BOB, KEY),
        "invalid_quantity": "P3",
    }
    (line,) = done.order_lines
    assert (line["sku"], line["product_name"]) == ("AB", "Mug")
    assert "\\x00" not in repr(done.tables)
    assert "example.com" not in repr(done.tables)
