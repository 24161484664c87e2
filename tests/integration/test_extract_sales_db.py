"""What the extract of the sales database reads: whole orders, one snapshot, every value or a reject."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.services.postgres import Postgres
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.transform import transform
from ecommerce.sources import sales_db
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.warehouse.staging_tables import Staging, audit_rows
from tests.integration.sales_database import (
    DAY,
    SCHEMA,
    Extracted,
    SalesDatabase,
    at,
    order,
    refund,
)


@pytest.fixture
def shop(
    database: str,
    postgres_server: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[SalesDatabase]:
    shop = SalesDatabase(postgres_server, database, tmp_path, monkeypatch)
    shop.run(SCHEMA.read_text())
    shop.connect_as()
    return shop


def test_an_order_comes_whole_however_it_came_into_the_window(
    shop: SalesDatabase,
) -> None:
    shop.run(
        order("created", "2026-03-10 08:00", lines=3)
        + order("changed", "2026-02-01 08:00", "2026-03-10 09:00", lines=2)
        + order("refunded", "2026-01-01 08:00")
        + refund("R-old", "refunded", "2026-02-02 08:00")
        + refund("R-new", "refunded", "2026-03-09 08:00", "2026-03-10 10:00")
        + order("returned", "2026-01-01 08:00")
        + refund("R-day", "returned", "2026-03-10 08:00", "2026-03-12 09:00")
        + order("untouched", "2026-03-09 08:00")
        + refund("R-untouched", "untouched", "2026-03-09 09:00")
        + order("later", "2026-03-11 00:00")
    )
    left = shop.extract()
    assert left.ids("orders") == ["changed", "created", "refunded", "returned"]
    assert left.ids("order_items") == ["changed"] * 2 + ["created"] * 3 + [
        "refunded",
        "returned",
    ]
    assert left.ids("refunds", "refund_id") == ["R-day", "R-new", "R-old"]
    assert left.rows(
        "order_items", "DISTINCT quantity, unit_price, discount_amount, tax_amount"
    ) == [(2, Decimal("10.5000"), Decimal("1.0000"), Decimal("0.8000"))]
    assert left.manifest.control_totals == {
        "source_orders": 4,
        "source_lines": 7,
        "source_amount": "147.0000",
        "source_refunds": 3,
        "source_refund_amount": "9.75",
        "source_amounts": [{"currency": "USD", "amount": "147.0000"}],
        "rejected_amounts": [],
    }
    assert left.manifest.rows == 4 + 7 + 3


def test_the_run_of_the_newest_day_reads_what_changed_since(
    shop: SalesDatabase,
) -> None:
    shop.run(
        order("day", "2026-03-10 08:00")
        + order("after-midnight", "2026-02-01 08:00", "2026-03-11 02:00")
        + order("tomorrow", "2026-03-11 01:00")
        + order("before", "2026-02-01 08:00", "2026-03-09 19:59")
        + order("overlap", "2026-02-01 08:00", "2026-03-09 20:00")
    )
    left = shop.extract(changed_from=at("2026-03-09 20:00"))
    assert left.ids("orders") == ["after-midnight", "day", "overlap", "tomorrow"]
    manifest = left.manifest
    assert (manifest.window_start, manifest.window_end) == (
        at("2026-03-09 20:00"),
        manifest.read_at,
    )
    assert shop.extract().manifest.window_end == at("2026-03-11 00:00")


@pytest.mark.parametrize(
    ("timezone", "inside", "outside"),
    [
        (
            "America/New_York",
            ["2026-03-10 04:00", "2026-03-11 03:59:59.999999"],
            "2026-03-11 04:00",
        ),
        (
            "Asia/Tokyo",
            ["2026-03-09 15:00", "2026-03-10 14:59:59.999999"],
            "2026-03-10 15:00",
        ),
    ],
)
def test_the_day_is_the_shops(
    shop: SalesDatabase, timezone: str, inside: list[str], outside: str
) -> None:
    shop.run(order("a", inside[0]) + order("b", inside[1]) + order("c", outside))
    assert shop.extract(timezone=timezone).ids("orders") == ["a", "b"]


def test_a_window_in_two_parts_reads_the_same_rows(shop: SalesDatabase) -> None:
    for hour in range(24):
        shop.run(
            order(
                f"O{hour}",
                f"2026-03-01 {hour:02}:30",
                f"2026-03-10 {hour:02}:00",
                lines=2,
            )
            + order(f"P{hour}", "2026-03-01 08:00")
            + refund(
                f"R{hour}", f"P{hour}", "2026-03-09 08:00", f"2026-03-10 {hour:02}:00"
            )
            + refund(
                f"S{hour}",
                "gone",
                f"2026-03-09 {hour:02}:00",
                f"2026-03-10 {hour:02}:00",
            )
        )
    whole = shop.extract(at("2026-03-10 00:00"), at("2026-03-11 00:00"))
    noon = at("2026-03-10 12:00")
    parts = [
        shop.extract(at("2026-03-10 00:00"), noon, folder="a"),
        shop.extract(noon, at("2026-03-11 00:00"), folder="b"),
    ]
    for table in sales_db.COLUMNS:
        union = sorted({row for part in parts for row in part.rows(table)}, key=str)
        assert union == sorted(whole.rows(table), key=str)
    assert len(parts[0].ids("orders")) == len(parts[1].ids("orders")) == 24


def test_refunds_without_order_come_once_and_with_all_of_that_order(
    shop: SalesDatabase,
) -> None:
    shop.run(
        refund("R-day", "gone", "2026-03-10 23:59", "2026-03-12 00:00")
        + refund("R-changed", "away", "2026-03-01 10:00", "2026-03-10 10:00")
        + refund("R-with-it", "away", "2026-02-01 10:00")
        + refund("R-nobody", None, "2026-03-10 10:00")
        + refund("R-nobody-later", None, "2026-03-11 10:00")
        + refund("R-other", "lost", "2026-03-11 10:00")
    )
    left = shop.extract()
    assert left.ids("refunds", "refund_id") == [
        "R-changed",
        "R-day",
        "R-nobody",
        "R-with-it",
    ]
    assert (left.manifest.control_totals["source_orders"], left.ids("orders")) == (
        0,
        [],
    )
    assert left.manifest.control_totals["source_refund_amount"] == "13.00"


def test_products_and_customers_are_those_of_the_orders_and_the_changed(
    shop: SalesDatabase,
) -> None:
    shop.run(
        order("guest", "2026-03-10 08:00")
        + order("member", "2026-03-10 09:00", lines=2)
        + "UPDATE orders SET customer_id = 'C1' WHERE order_id = 'member';"
        + "UPDATE order_items SET sku = NULL WHERE line_number = 2;"
        + "INSERT INTO customers SELECT c, c || '@example.com', 'US', '2026-01-01Z', "
        "CASE c WHEN 'C2' THEN '2026-03-10 10:00Z'::timestamptz ELSE '2026-01-01Z' END "
        "FROM unnest(ARRAY['C1', 'C2', 'C3']) AS c;"
        + "INSERT INTO products SELECT s, 'Name ' || s, 'Cups', NULL, "
        "CASE s WHEN 'SKU-8' THEN '2026-03-10 10:00Z'::timestamptz ELSE '2026-01-01Z' END "
        "FROM unnest(ARRAY['SKU-1', 'SKU-2', 'SKU-8', 'SKU-9']) AS s;"
    )
    left = shop.extract()
    assert left.ids("customers", "customer_id") == ["C1", "C2"]
    assert left.ids("products", "sku") == ["SKU-1", "SKU-8"]
    assert left.ids("orders", "customer_id") == ["C1", None]


def test_what_is_no_number_is_rejected_with_its_text(shop: SalesDatabase) -> None:
    shop.run(
        order("O1", "2026-03-10 08:00", lines=4)
        + "UPDATE order_items SET unit_price = 'NaN', tax_amount = 'NaN' WHERE line_number = 2;"
        + refund("R1", "O1", "2026-03-10 09:00")
        + "UPDATE refunds SET amount = 'NaN'"
    )
    left = shop.extract()
    assert left.ids("order_items", "line_number") == [1, 3, 4]
    assert left.ids("refunds", "refund_id") == []
    rejects = left.rows("rejects", "reason, detail, file", order="file")
    assert rejects == [
        ("invalid_number", "tax_amount; unit_price", "order_items"),
        ("invalid_number", "amount", "refunds"),
    ]
    line, returned = (
        json.loads(raw) for (raw,) in left.rows("rejects", "raw", order="file")
    )
    assert (line["order_id"], line["line_number"], line["unit_price"]) == (
        "O1",
        "2",
        "NaN",
    )
    assert (returned["refund_id"], returned["line_number"], returned["amount"]) == (
        "R1",
        None,
        "NaN",
    )
    totals = left.manifest.control_totals
    assert (totals["source_lines"], totals["source_amount"]) == (4, "63.0000")
    assert (totals["source_refunds"], totals["source_refund_amount"]) == (1, "0")
    assert left.manifest.rows == 1 + 3 + 2


def test_ids_with_any_character_are_asked_for_by_their_text(
    shop: SalesDatabase,
) -> None:
    ids = [
        "a'b",
        'a"b',
        "100%",
        "%s",
        "a\\b",
        "{x}",
        "a,b",
        "two\nlines",
        "a\rb",
        "ö ",
        "NULL",
        "",
        "--",
        "/*",
    ]
    with psycopg.connect(shop.server.dsn(shop.name)) as connection:
        for text in ids:
            connection.execute(
                "INSERT INTO orders (order_id, ordered_at, updated_at) "
                "VALUES (%s, '2026-03-10 12:00Z', '2026-03-10 12:00Z')",
                [text],
            )
            connection.execute(
                "INSERT INTO order_items (order_id, line_number, sku) VALUES (%s, 1, %s)",
                [text] * 2,
            )
            connection.execute("INSERT INTO products (sku) VALUES (%s)", [text])
    left = shop.extract()
    assert (left.ids("orders"), left.ids("products", "sku")) == (
        sorted(ids),
        sorted(ids),
    )

    much_later = day_window(DAY.replace(year=2030), "UTC")
    window = ReadWindow(
        *(
            "sales_db",
            much_later,
            much_later.start,
            much_later.end,
            f"file://{shop.folder}/again",
        ),
        known_orders=[*ids, "gone\n'%"],
    )
    again = Extracted(sales_db.extract(window))
    assert (again.ids("orders"), again.ids("removed_orders")) == (
        sorted(ids),
        ["gone\n'%"],
    )


def test_numbers_that_identify_are_texts(shop: SalesDatabase) -> None:
    shop.run(
        "ALTER TABLE orders ALTER customer_id TYPE bigint USING customer_id::bigint;"
        "ALTER TABLE customers ALTER customer_id TYPE bigint USING customer_id::bigint;"
        "ALTER TABLE refunds ALTER refund_id TYPE bigint USING refund_id::bigint;"
        + order("O1", "2026-03-10 08:00")
        + refund("9007199254740993", "O1", "2026-03-10 09:00")
        + "UPDATE orders SET customer_id = 7;"
        "INSERT INTO customers (customer_id, email) VALUES (7, 'jane@example.com')"
    )
    left = shop.extract()
    assert (
        left.ids("orders", "customer_id"),
        left.ids("customers", "customer_id"),
    ) == (["7"], ["7"])
    assert left.ids("refunds", "refund_id") == ["9007199254740993"]


def test_orders_whose_row_cannot_be_read_are_named(shop: SalesDatabase) -> None:
    shop.run(
        order("fine", "2026-03-10 08:00")
        + order('a "quoted", \n odd one', "2026-03-10 08:00")
        + order("caesar", "2026-03-10 08:00")
        + refund("R1", "caesar", "2026-03-10 09:00")
        + "UPDATE orders SET shipping_amount = 'NaN' WHERE order_id LIKE 'a%';"
        "UPDATE orders SET ordered_at = '0044-03-15 12:00 BC' WHERE order_id = 'caesar'"
    )
    left = shop.extract()
    assert left.ids("orders") == ["fine"]
    assert left.ids("rejected_orders") == ['a "quoted", \n odd one', "caesar"]
    rows = [json.loads(raw) for raw in left.ids("rejects", "raw")]
    assert {row["order_id"]: row["shipping_amount"] for row in rows} == {
        'a "quoted", \n odd one': "NaN",
        "caesar": "4.95",
    }
    assert left.ids("refunds", "refund_id") == ["R1"]


def test_numbers_without_limits_come_as_they_are_and_not_rounded(
    shop: SalesDatabase,
) -> None:
    shop.run(
        "ALTER TABLE order_items ALTER unit_price TYPE numeric;"
        + order("O1", "2026-03-10 08:00", lines=3)
        + "UPDATE order_items SET unit_price = 0.123456789012345678 WHERE line_number = 1;"
        "UPDATE order_items SET unit_price = 'Infinity' WHERE line_number = 2;"
        "UPDATE order_items SET unit_price = 'NaN' WHERE line_number = 3"
    )
    left = shop.extract()
    prices = left.ids("order_items", "unit_price")
    assert prices == ["0.123456789012345678", "Infinity", "NaN"]
    assert (
        left.manifest.control_totals["source_amount"] == "0.2469"
    )  # each line rounded as in the warehouse


def test_amounts_beyond_all_reason_do_not_keep_the_others_out_of_the_warehouse(
    shop: SalesDatabase,
) -> None:
    shop.run(
        order("O1", "2026-03-10 08:00", lines=3)
        + "UPDATE order_items SET quantity = 2147483647, unit_price = 9999999999.9999 WHERE line_number = 2;"
        "ALTER TABLE order_items ALTER unit_price TYPE numeric;"
        "UPDATE order_items SET unit_price = 'Infinity' WHERE line_number = 3"
    )
    manifest = shop.extract().manifest
    totals = manifest.control_totals
    assert (totals["source_lines"], totals["source_amount"]) == (3, "21.0000")
    load = Staging(None, None, [manifest], manifest.business_date, "a_run", "a_dag")  # type: ignore[arg-type]
    assert [row["source_amount"] for row in audit_rows(load)] == [Decimal(21)]


def test_instants_beyond_reason_are_kept_or_rejected_but_never_changed(
    shop: SalesDatabase,
) -> None:
    shop.run(
        order("never", "2026-03-10 08:00")
        + order("caesar", "2026-03-10 08:00")
        + order("far", "2026-03-10 08:00")
        + "UPDATE orders SET ordered_at = 'infinity' WHERE order_id = 'never';"
        "UPDATE orders SET ordered_at = '0044-03-15 12:00 BC' WHERE order_id = 'caesar';"
        "UPDATE orders SET ordered_at = '294276-01-01Z' WHERE order_id = 'far';"
    )
    left = shop.extract()
    assert left.rows("orders", "order_id, isinf(ordered_at)") == [("never", True)]
    rejected = left.rows("rejects", "raw ->> 'order_id', reason, detail")
    assert rejected == [
        ("caesar", "invalid_timestamp", "ordered_at"),
        ("far", "invalid_timestamp", "ordered_at"),
    ]


def test_texts_of_every_kind_arrive_unchanged(shop: SalesDatabase) -> None:
    texts = [
        "",
        " ",
        '"',
        '""',
        ",",
        "\n",
        "a\r\nb",
        "\\",
        "\\N",
        "NULL",
        "né\u2028e",
        "'",
        "x" * 100_000,
        None,
    ]
    with psycopg.connect(shop.server.dsn(shop.name)) as connection:
        for number, text in enumerate(texts * 300):
            connection.execute(
                "INSERT INTO refunds VALUES (%s, NULL, NULL, 1, 1, %s, '2026-03-10Z', '2026-03-10Z')",
                [
                    f"{number:05}",
                    text
                    if text is None or len(text) > 9
                    else text + str(number) * (number > 13),
                ],
            )
    with psycopg.connect(shop.server.dsn(shop.name)) as connection:
        stored = connection.execute(
            "SELECT refund_id, reason FROM refunds ORDER BY refund_id"
        ).fetchall()
    left = shop.extract()
    assert left.rows("refunds", "refund_id, reason", order="refund_id") == stored
    assert left.rows("rejects") == []


def test_bytes_that_are_no_text_are_rejected(
    shop: SalesDatabase, postgres_server: Postgres
) -> None:
    name = f"{shop.name}_ascii"
    postgres_server.psql(
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0"
    )
    try:
        loose = SalesDatabase(postgres_server, name, shop.folder, shop.monkeypatch)
        loose.run(
            SCHEMA.read_text()
            + "SET client_encoding = 'SQL_ASCII';"
            + order("O1", "2026-03-10 08:00")
        )
        loose.run(
            order("O2", "2026-03-10 08:00")
            + "UPDATE orders SET status = convert_from('\\xff', 'SQL_ASCII') WHERE order_id = 'O2'"
        )
        loose.connect_as()
        left = loose.extract()
        assert left.ids("orders") == ["O1"]
        assert left.ids("rejects", "reason") == ["bad_encoding"]
        [raw] = left.ids("rejects", "raw")
        assert (raw[:3], set(raw[3:]) & set("abcdefgh0123")) == ("O2,", set())
    finally:
        postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE)")


def test_everything_is_of_one_instant(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed between two queries of an extract is in none of its files, but in the next one's."""
    shop.run(order("O1", "2026-03-10 08:00") + refund("R1", "O1", "2026-03-10 09:00"))
    original, copied = sales_db.copy_to_parquet, []

    def copy_after_a_change(session: Any, query: Any, target: Path, *more: Any) -> Any:
        number = len(copied)
        copied.append(target.stem)
        shop.run(
            order(f"N{number}", "2026-03-10 10:00")
            + "UPDATE order_items SET quantity = 99;"
        )
        shop.run("DELETE FROM refunds")
        return original(session, query, target, *more)

    monkeypatch.setattr(sales_db, "copy_to_parquet", copy_after_a_change)
    left = shop.extract()
    assert sorted(copied) == sorted(sales_db.COLUMNS)
    assert (left.ids("orders"), left.ids("refunds", "refund_id")) == (["O1"], ["R1"])
    assert left.ids("order_items", "quantity") == [2]
    assert left.manifest.control_totals["source_amount"] == "21.0000"
    assert len(shop.extract().ids("orders")) > 1


def test_queries_may_end_as_their_authors_like(
    shop: SalesDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run(order("O1", "2026-03-10 08:00"))
    original = sales_db.read_sql
    ends = {
        "sales_db/orders.sql": "WHERE status LIKE 'comp%%';\n",
        "sales_db/refunds.sql": "-- the end",
    }
    monkeypatch.setattr(
        sales_db, "read_sql", lambda path: original(path) + ends.get(path, "")
    )
    assert shop.extract().ids("orders") == ["O1"]


def test_read_at_is_the_databases_clock_at_the_snapshot(shop: SalesDatabase) -> None:
    def clock() -> datetime:
        return datetime.fromisoformat(
            shop.run("SET TimeZone = 'UTC'; SELECT now()").splitlines()[-1]
        )

    before, read_at, after = clock(), shop.extract().manifest.read_at, clock()
    assert before <= read_at <= after
    assert read_at.utcoffset() == timedelta(0)


def compared_with_nothing(
    shop: SalesDatabase, last_read: str | None = None
) -> Mapping[str, Any]:
    """The figures of `DAY` that reconciliation compares, (source, warehouse) by name; nothing is stored."""
    shop.monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    loadable = transform(shop.extract().manifest, run_id="a_run")
    with connect_duckdb() as duck:
        comparison.keep_stored(duck, "sales_db", [])
        (found,) = comparison.differing_days(
            duck, loadable, [DAY], at(last_read) if last_read else None
        )
    return {name: (source, stored) for name, source, stored in found["figures"]}


@pytest.mark.parametrize("last_read", [None, "2026-03-11 08:00"])
def test_a_refund_that_names_no_order_leaves_the_days_comparable(
    shop: SalesDatabase, last_read: str | None
) -> None:
    shop.connect_as()
    shop.run(
        order("O1", "2026-03-10 08:00")
        + refund("R1", "O1", "2026-03-10 09:00")
        + refund("changed", None, "2026-03-10 09:00", "2026-03-11 09:00")
    )
    figures = compared_with_nothing(shop, last_read)
    assert (figures["orders"], figures["refunds"]) == (("1", "0"), ("1", "0"))


def test_what_the_transform_rejects_is_not_counted_by_reconciliation(
    shop: SalesDatabase,
) -> None:
    shop.run(
        order("O1", "2026-03-10 08:00", lines=2)
        + order("never changed", "2026-03-10 08:00", "1970-01-01 00:00")
        + "UPDATE order_items SET quantity = 2147483647, unit_price = 9999999999 WHERE line_number = 2"
    )
    figures = compared_with_nothing(shop)
    assert (figures["orders"], figures["gross amount"]) == (
        ("1", "0"),
        ("21.00", "0.00"),
    )


def test_a_reader_whose_defaults_are_odd_reads_the_same(shop: SalesDatabase) -> None:
    shop.run(order("O1", "2026-03-10 08:00"))
    usual = shop.extract()
    shop.connect_as(
        extra={
            "options": "-c datestyle=German,DMY -c timezone=Asia/Kolkata -c client_encoding=LATIN1 "
            "-c bytea_output=escape -c extra_float_digits=-5"
        },
    )
    odd = shop.extract()
    assert odd.rows("orders") == usual.rows("orders")
