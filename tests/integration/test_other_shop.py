"""Days of shops that nobody here generated: their data, currency and clock, and one source alone."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from demo.services.storefront.store import (
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
    WooStore,
)
from ecommerce.sources import SOURCES
from tests.integration.daily_run import run_day
from tests.integration.warehouse_contents import differences

HERE = Path(__file__).parent / "other_shop"
BERLIN = ZoneInfo("Europe/Berlin")
TABLES = ("orders", "daily_sales", "daily_summary")


def only(source, patch):
    """Leave nothing but one source, BigQuery and the settings."""
    policy = dict.fromkeys(SOURCES, "off") | {source: "required"}
    patch.setenv("AIRFLOW_VAR_SOURCE_POLICY", json.dumps(policy))
    connections = {"sales_db", "storefront_api", "shopify_api", "exchange_rates_api"}
    for name in connections - {source, f"{source}_api"}:
        patch.delenv(f"AIRFLOW_CONN_{name.upper()}")


def of_day(tables, day):
    return {
        name: [row for row in tables[name] if row["business_date"] == day]
        for name in TABLES
    }


def test_a_database_filled_by_somebody_else(
    start_company,
    monkeypatch,
    database,
    postgres_server,
):
    day = date(2025, 3, 5)
    postgres_server.psql((HERE / "fill.sql").read_text(), database)
    shop = start_company(timezone="Asia/Tokyo", currency="JPY")
    only("sales_db", monkeypatch)
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", postgres_server.dsn(database))

    run_day(day, datetime.now(UTC))

    statuses, expected = figures(postgres_server, database, day, "Asia/Tokyo")
    found = of_day(shop.warehouse(), day)
    assert differences(expected, found) == ""
    stored = [row["status"] for row in found["orders"]]
    assert {status: stored.count(status) for status in stored} == statuses
    sales = found["daily_sales"]
    unconverted = [row for row in sales if row["net_sales_reporting"] is None]
    assert {row["currency"] for row in unconverted} == {"USD"}


def figures(server, database, day, zone):
    """What independent SQL says of the day: orders by status, and the aggregates."""
    sql = f"\\set day {day}\n\\set zone '{zone}'\n" + (HERE / "figures.sql").read_text()
    answer = json.loads(server.psql(sql, database), parse_float=Decimal)
    summary, sales = answer["daily_summary"], answer["daily_sales"]
    for row in (summary, *sales):
        row["business_date"] = date.fromisoformat(row["business_date"])
    return answer["status_counts"], {"daily_summary": [summary], "daily_sales": sales}


def test_a_storefront_of_somebody_else(start_company, monkeypatch):
    now = datetime.now(UTC)
    day = now.astimezone(BERLIN).date() - timedelta(days=1)
    shop = start_company(timezone="Europe/Berlin", currency="EUR")
    only("storefront", monkeypatch)
    open_shop(day).save(shop.folders.storefront)

    run_day(day, now)

    found = of_day(shop.warehouse(), day)
    numbers = sorted(row["order_id"] for row in found["orders"])
    assert numbers == ["101", "103", "104", "105", "106", "107", "108"]
    # Returns: 50.00 of 105, 8.50 of 103, and 5.00 goodwill for an order of last week
    amounts = {
        "units": "7.5",
        "gross_sales": "107.75",
        "discounts": "2.00",
        "returns": "63.50",
        "net_sales": "42.25",
        "tax": "17.91",
        "shipping": "9.90",
        "average_order_value": "26.4375",
    }
    summary = {
        "business_date": day,
        "orders": 5,
        "customers": 3,
        "new_customers": 2,
        "unconverted_orders": 1,
        "complete": True,
        "missing_sources": [],
    } | {name: Decimal(text) for name, text in amounts.items()}
    assert differences({"daily_summary": [summary]}, found) == ""
    by_category = {
        f"{row['category']} {row['currency']}": f"{row['gross_sales']:.2f} - {row['returns']:.2f}"
        for row in found["daily_sales"]
    }
    assert by_category == {
        "Tee EUR": "95.75 - 8.50",
        "uncategorised EUR": "12.00 - 0.00",
        "unallocated EUR": "0.00 - 55.00",
        "Tee USD": "99.00 - 0.00",
    }


def open_shop(day):
    """Seven orders on `day`, one a second before it, one of the week before; ids and hours chosen by hand."""
    start = datetime.combine(day, time.min, BERLIN).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, BERLIN).astimezone(UTC)
    hour, second = timedelta(hours=1), timedelta(seconds=1)
    noon = start + 12 * hour
    tee = WooProduct(1, "TEE-1", "Tee, grün", ["Tee"], start)
    gone = WooProduct(2, "ALT", "Alt", ["Tee"], start)
    store = WooStore(products=[tee, gone])
    ann, cem = {"email": "Ann@example.org"}, {"email": "cem@example.org"}
    freight = {"shipping": Decimal("4.90")}
    for number, at, text, fields in (
        (101, start, "2 20.00 18.00 3.42", ann | freight),
        (102, start - second, "1 500.00 500.00 95.00", {"email": "ann@example.org"}),
        (103, end - second, "2.5 25.75 25.75 2.71", {"customer_id": 7}),
        (104, noon, "1 100.00 100.00 19.00", {"email": "ben@example.org"}),
        (105, noon, "1 50.00 50.00 9.50", cem | {"shipping": Decimal("5.00")}),
        (106, noon, "1 33.00 33.00 6.27", {}),
        (107, noon, "1 12.00 12.00 2.28", {}),
        (108, noon, "1 99.00 99.00 0.00", {"currency": "USD"}),
        (100, noon - timedelta(days=7), "1 80.00 80.00 15.20", {}),
    ):
        product = gone if number == 107 else tee
        # Quantity, subtotal, total and tax.
        amounts = map(Decimal, text.split())
        line = WooLine(number * 10, product.id, product.sku, "Tee", *amounts)
        known = {"currency": "EUR", "country": "DE"} | fields
        store.create_order(WooOrder(number, at, lines=[line], **known))
    store.update_status(104, "cancelled", noon + hour)
    store.update_status(105, "refunded", noon + 2 * hour, refund_id=205)
    store.trash(106, noon + hour)
    store.delete_product(2)
    store.add_refund(100, WooRefund(200, noon, Decimal("5.00"), "sorry"))
    piece = WooRefundLine(2031, 1030, Decimal(1), Decimal("8.50"), Decimal("0.90"))
    torn = WooRefund(203, end - second, Decimal("9.40"), "torn", [piece])
    store.add_refund(103, torn)
    store.add_refund(101, WooRefund(201, noon, Decimal("3.00"), "a mistake"))
    store.delete_refund(101, 201, noon + hour)
    return store
