"""What the extract of the sales database reads: whole orders, one snapshot, every value or a reject."""

import json
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal

import psycopg

from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources import SALES_DB, sales_db
from tests.integration.sales_database import (
    DAY,
    Extracted,
    at,
    order,
    refund,
)

LONG_AGO = "2026-01-01 08:00"
EDGES = {
    "before": "2026-03-09 23:59:59.999999",
    "start": "2026-03-10 00:00",
    "last": "2026-03-10 23:59:59.999999",
    "end": "2026-03-11 00:00",
}
KINDS = ("changed", "dated", "refund changed", "refund dated")
"""What brings an order into a window."""


def named(kinds, *edges):
    return sorted(f"{kind} {edge}" for kind in kinds for edge in edges)


def test_whole_orders_are_read_that_were_dated_or_changed_in_the_window(shop):
    """Or a refund of them; also where the database does not know when an order changed."""
    for edge, moment in EDGES.items():
        dated = f"refund dated {edge}"
        changed = f"refund changed {edge}"
        shop.run(
            order(f"dated {edge}", moment, lines=3),
            order(f"changed {edge}", LONG_AGO, moment, lines=2),
            order(dated, LONG_AGO),
            refund(f"dated {edge}", dated, moment, LONG_AGO),
            order(changed, LONG_AGO),
            refund(f"changed {edge}", changed, LONG_AGO, moment),
            refund(f"other {edge}", changed, LONG_AGO),
        )
    shop.run(
        "UPDATE orders SET updated_at = NULL WHERE order_id LIKE 'refund%'",
        "UPDATE orders SET currency = 'usd' WHERE order_id LIKE 'changed%'",
    )
    left = shop.extract()
    assert left.ids("orders") == named(KINDS, "start", "last")
    refunds = named(("changed", "dated", "other"), "start", "last")
    assert left.ids("refunds", "refund_id") == refunds
    amounts = "DISTINCT quantity, unit_price, discount_amount, tax_amount"
    assert left.rows("order_items", amounts) == [
        (2, Decimal("10.5000"), Decimal("1.0000"), Decimal("0.8000"))
    ]
    assert left.manifest.control_totals == {
        "source_orders": 8,
        "source_lines": 14,
        "source_amount": "294.0000",
        "source_refunds": 6,
        "source_refund_amount": "19.50",
        "source_amounts": [{"currency": "USD", "amount": "294.0000"}],
        "rejected_amounts": [],
    }
    assert left.manifest.rows == 8 + 14 + 6
    assert left.manifest.window_end == at(EDGES["end"])

    # The newest day's run has no upper bound of changes.
    newest = shop.extract(changed_from=at(EDGES["start"]), folder="newest")
    expected = named(KINDS, "start", "last", "end")
    expected.remove("refund dated end")
    assert newest.ids("orders") == expected
    assert newest.manifest.window_start == at(EDGES["start"])
    assert newest.manifest.window_end == newest.manifest.read_at


def test_refunds_without_order_are_read_once_with_all_refunds_of_that_order(shop):
    shop.run(
        refund("R-day", "gone", "2026-03-10 23:59", "2026-03-12 00:00"),
        refund("R-changed", "away", "2026-03-01 10:00", "2026-03-10 10:00"),
        refund("R-with-it", "away", "2026-02-01 10:00"),
        refund("R-nobody", None, "2026-03-10 10:00"),
        refund("R-nobody-day", None, "2026-03-10 10:00", "2026-03-12 10:00"),
        refund("R-nobody-later", None, "2026-03-11 10:00"),
        refund("R-other", "lost", "2026-03-11 10:00"),
    )
    left = shop.extract()
    found = left.ids("refunds", "refund_id")
    day = ["R-changed", "R-day", "R-nobody", "R-nobody-day", "R-with-it"]
    assert found == day
    assert left.ids("orders") == []
    totals = left.manifest.control_totals
    assert totals["source_orders"] == 0
    assert totals["source_refund_amount"] == "16.25"
    window = replace(
        shop.window(folder="known"),
        also_read=["lost"],
    )
    known = Extracted(SALES_DB.source().extract(window))
    assert known.ids("refunds", "refund_id") == sorted([*day, "R-other"])
    assert known.ids("removed_orders") == [], "its refund counts"


def test_products_and_customers_are_those_of_the_orders_and_the_changed(shop):
    """Also: ids are texts, though the database keeps some of them as numbers."""
    shop.run(
        "ALTER TABLE orders ALTER customer_id TYPE bigint USING customer_id::bigint;"
        "ALTER TABLE customers ALTER customer_id TYPE bigint USING customer_id::bigint;"
        "ALTER TABLE refunds ALTER refund_id TYPE bigint USING refund_id::bigint;",
        order("guest", "2026-03-10 08:00"),
        order("member", "2026-03-10 09:00", lines=2),
        refund("9007199254740993", "member", "2026-03-10 09:00"),
        "UPDATE orders SET customer_id = 1 WHERE order_id = 'member';"
        "UPDATE order_items SET sku = NULL WHERE line_number = 2;"
        "INSERT INTO customers VALUES (1, 'a@b.example', 'US', '2026-01-01Z', '2026-01-01Z'),"
        "(2, '', 'US', '2026-01-01Z', '2026-03-10 10:00Z'),"
        "(3, '', 'US', '2026-01-01Z', '2026-01-01Z');"
        "INSERT INTO products VALUES ('SKU-1', 'Mug', 'Cups', NULL, '2026-01-01Z'),"
        "('SKU-2', 'Cup', 'Cups', NULL, '2026-01-01Z'),"
        "('SKU-8', 'Pot', 'Cups', NULL, '2026-03-10 10:00Z');",
    )
    left = shop.extract()
    assert left.ids("customers", "customer_id") == ["1", "2"]
    assert left.ids("products", "sku") == ["SKU-1", "SKU-8"]
    assert left.ids("orders", "customer_id") == ["1", None]
    assert left.ids("refunds", "refund_id") == ["9007199254740993"]


def test_a_row_that_cannot_be_read_is_rejected_with_its_text(shop):
    shop.run(
        order("O1", "2026-03-10 08:00", lines=4),
        refund("R1", "O1", "2026-03-10 09:00"),
        refund("R2", "caesar", "2026-03-10 09:00"),
        order('a "quoted", \n odd one', "2026-03-10 08:00"),
        order("caesar", "2026-03-10 08:00"),
        order("far", "2026-03-10 08:00"),
        order("never", "2026-03-10 08:00"),
        "UPDATE order_items SET unit_price = 'NaN', tax_amount = 'NaN'"
        "  WHERE line_number = 2;"
        "UPDATE order_items SET tax_amount = 'NaN' WHERE line_number = 3;"
        "UPDATE refunds SET amount = 'NaN' WHERE refund_id = 'R1';"
        "UPDATE orders SET shipping_amount = 'NaN' WHERE order_id LIKE 'a%';"
        "UPDATE orders SET ordered_at = '0044-03-15 12:00 BC' WHERE order_id = 'caesar';"
        "UPDATE orders SET ordered_at = '294276-01-01Z' WHERE order_id = 'far';"
        "UPDATE orders SET ordered_at = 'infinity' WHERE order_id = 'never'",
    )
    left = shop.extract()
    assert left.rows("orders", "order_id, isinf(ordered_at)") == [
        ("O1", False),
        ("never", True),
    ]
    odd = 'a "quoted", \n odd one'
    assert left.ids("unread_orders") == [odd, "caesar", "far"]
    rejects = left.rows("rejects", "file, reason, detail, raw")
    assert [reject[:3] for reject in rejects] == [
        ("order_items", "invalid_number", "tax_amount"),
        ("order_items", "invalid_number", "tax_amount; unit_price"),
        ("orders", "invalid_number", "shipping_amount"),
        ("orders", "invalid_timestamp", "ordered_at"),
        ("orders", "invalid_timestamp", "ordered_at"),
        ("refunds", "invalid_number", "amount"),
    ]
    _, line, first, *_, returned = [json.loads(raw) for *_, raw in rejects]
    assert line["order_id"] == "O1"
    assert line["line_number"] == "2"
    assert line["unit_price"] == "NaN"
    assert first["order_id"] == odd
    assert returned["refund_id"] == "R1"
    assert returned["line_number"] is None
    assert left.ids("refunds", "refund_id") == ["R2"]
    totals = left.manifest.control_totals
    assert totals["source_lines"] == 8
    assert totals["source_amount"] == "147.0000"
    assert totals["source_refunds"] == 2
    assert totals["source_refund_amount"] == "3.25"
    # The transform never gets the lines of the three rejected orders, nor the third line.
    assert totals["rejected_amounts"] == [{"currency": "USD", "amount": "84.0000"}]
    assert left.manifest.rows == 5 + 8 + 2


def test_numbers_without_limits_are_kept_and_absurd_ones_stay_out_of_the_totals(shop):
    shop.run(
        order("O1", "2026-03-10 08:00", lines=6),
        "UPDATE order_items SET quantity = 9000000, unit_price = 9999999 WHERE line_number = 6;"
        "UPDATE order_items SET quantity = 2147483647, unit_price = 9999999999.9999"
        "  WHERE line_number = 2;"
        "ALTER TABLE order_items ALTER unit_price TYPE numeric;"
        "ALTER TABLE order_items ALTER tax_amount TYPE numeric(12, 6);"
        "UPDATE order_items SET tax_amount = 0.123456;"
        "UPDATE order_items SET unit_price = 0.123456789012345678 WHERE line_number = 1;"
        "UPDATE order_items SET unit_price = 'Infinity' WHERE line_number = 3;"
        "UPDATE order_items SET unit_price = 'NaN' WHERE line_number = 4",
    )
    left = shop.extract()
    prices = left.ids("order_items", "unit_price")
    assert prices[0] == "0.123456789012345678"
    assert set(left.ids("order_items", "tax_amount")) == {"0.123456"}
    assert sorted(prices)[1:] == [
        "10.5000",
        "9999999.0000",
        "9999999999.9999",
        "Infinity",
        "NaN",
    ]
    # Each line is rounded as in the warehouse: 0.2469 and 21.
    assert left.manifest.control_totals["source_amount"] == "21.2469"


ODD_TEXTS = [
    "",
    " ",
    "'",
    '"',
    '""',
    "a'b",
    'a"b',
    ",",
    "a,b",
    "\n",
    "two\nlines",
    "a\rb",
    "a\r\nb",
    "\\",
    "\\N",
    "a\\b",
    "100%",
    "%s",
    "{x}",
    "NULL",
    "né\u2028e",
    "ö ",
    "--",
    "/*",
]


def test_texts_and_ids_of_every_kind_arrive_unchanged(shop):
    reasons = [*ODD_TEXTS, "x" * 100_000, None]
    with psycopg.connect(shop.server.dsn(shop.name)) as connection:
        cursor = connection.cursor()
        ids = [[text] for text in ODD_TEXTS]
        cursor.executemany(
            "INSERT INTO orders (order_id, ordered_at, updated_at) "
            "VALUES (%s, '2026-03-10Z', '2026-03-10Z')",
            ids,
        )
        cursor.executemany("INSERT INTO products (sku) VALUES (%s)", ids)
        cursor.execute(
            "INSERT INTO order_items (order_id, line_number, sku)"
            "  SELECT order_id, 1, order_id FROM orders"
        )
        # Some thousand rows: the values lie on the edges of many blocks.
        cursor.execute(
            "INSERT INTO refunds SELECT n || '-' || place, NULL, NULL, 1, 1, reason, '2026-03-10Z',"
            " '2026-03-10Z' FROM generate_series(1, 200) AS n,"
            " unnest(%s::text[]) WITH ORDINALITY AS given (reason, place)",
            [reasons],
        )
    left = shop.extract()
    assert left.ids("orders") == left.ids("products", "sku") == sorted(ODD_TEXTS)
    stored = {
        (f"{number}-{place}", reason)
        for number in range(1, 201)
        for place, reason in enumerate(reasons, 1)
    }
    assert set(left.rows("refunds", "refund_id, reason")) == stored
    assert left.rows("rejects") == []

    later = day_window(DAY.replace(year=2030), "UTC")
    folder = f"file://{shop.folder}/again"
    known = [*ODD_TEXTS, "gone\n'%"]
    window = ReadWindow(
        "sales_db", later, later.start, later.end, folder, also_read=known
    )
    again = Extracted(SALES_DB.source().extract(window))
    assert again.ids("orders") == sorted(ODD_TEXTS)
    assert again.ids("removed_orders") == ["gone\n'%"]


def test_everything_is_of_one_instant_by_the_databases_clock(shop, monkeypatch):
    """What is committed between two queries of an extract is in none of its files, but in the next one's."""
    shop.run(order("O1", "2026-03-10 08:00"), refund("R1", "O1", "2026-03-10 09:00"))
    original = sales_db.copy_to_parquet
    copied = []

    def copy_after_a_change(
        session,
        query,
        types,
        target,
        duck,
    ):
        added = order(f"N{len(copied)}", "2026-03-10 10:00")
        copied.append(target.stem)
        shop.run(f"{added} UPDATE order_items SET quantity = 99; DELETE FROM refunds;")
        return original(
            session,
            query,
            types,
            target,
            duck,
        )

    monkeypatch.setattr(sales_db, "copy_to_parquet", copy_after_a_change)
    before = clock(shop)
    left = shop.extract()
    assert sorted(copied) == sorted(sales_db.COLUMNS)
    assert left.ids("orders") == ["O1"]
    assert left.ids("refunds", "refund_id") == ["R1"]
    assert left.ids("order_items", "quantity") == [2]
    assert left.manifest.control_totals["source_amount"] == "21.0000"
    assert before <= left.manifest.read_at <= clock(shop)
    assert left.manifest.read_at.utcoffset() == timedelta(0)
    assert len(shop.extract().ids("orders")) > 1


def clock(shop):
    with psycopg.connect(shop.server.dsn(shop.name)) as connection:
        [(now,)] = connection.execute("SELECT clock_timestamp()").fetchall()
    return now.astimezone(UTC)
