"""The DAG in somebody else's hands: their data, currency and clock, one source and no mail."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demo.services.postgres import Postgres
from demo.services.storefront.store import (
    WooLine,
    WooOrder,
    WooProduct,
    WooRefund,
    WooRefundLine,
    WooStore,
)
from tests.integration.warehouse_contents import Row, differences

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "other_shop"
DAG = "daily_sales_pipeline"
ALL_OFF = dict.fromkeys(
    ("sales_db", "storefront", "partner_files", "exchange_rates"), "off"
)
BERLIN = ZoneInfo("Europe/Berlin")


def only(
    source: str, connection: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """`environment` with nothing but one source, BigQuery and the settings."""
    wanted = {f"AIRFLOW_CONN_{connection.upper()}", "AIRFLOW_CONN_BIGQUERY"}
    kept = {
        name: value
        for name, value in environment.items()
        if "_CONN_" not in name or name in wanted
    }
    return kept | {
        "AIRFLOW_VAR_SOURCE_POLICY": json.dumps(ALL_OFF | {source: "required"})
    }


def of_day(
    tables: Mapping[str, list[Row]], day: date, *names: str
) -> dict[str, list[Row]]:
    return {
        name: [row for row in tables[name] if row["business_date"] == day]
        for name in names
    }


def test_a_database_filled_by_somebody_else(
    start_company, start_airflow, database, postgres_server: Postgres
):
    day = date(2025, 3, 5)
    postgres_server.psql((HERE / "fill.sql").read_text(), database)
    shop = start_company(timezone="Asia/Tokyo", currency="JPY")
    environment = only("sales_db", "sales_db", shop.environment)
    airflow = start_airflow(
        environment | {"AIRFLOW_CONN_SALES_DB": postgres_server.dsn(database)}
    )

    assert airflow.test_dag(DAG, business_date=day.isoformat()) == 0, airflow.log()[
        -5000:
    ]

    statuses, expected = figures(postgres_server, database, day, "Asia/Tokyo")
    found = of_day(shop.warehouse(), day, "orders", "daily_sales", "daily_summary")
    assert differences(expected, found) == ""
    stored = [row["status"] for row in found["orders"]]
    assert {status: stored.count(status) for status in stored} == statuses
    unconverted = {
        row["currency"]
        for row in found["daily_sales"]
        if row["net_sales_reporting"] is None
    }
    assert unconverted == {"USD"}


def figures(
    server: Postgres, database: str, day: date, zone: str
) -> tuple[dict[str, int], dict[str, list[Row]]]:
    """What independent SQL says of the day: orders by status, and the aggregates."""
    sql = f"\\set day {day}\n\\set zone '{zone}'\n" + (HERE / "figures.sql").read_text()
    told = json.loads(server.psql(sql, database), parse_float=Decimal)
    tables = {
        "daily_summary": [told["daily_summary"]],
        "daily_sales": told["daily_sales"],
    }
    for row in (*tables["daily_summary"], *tables["daily_sales"]):
        row["business_date"] = date.fromisoformat(row["business_date"])
    return told["status_counts"], tables


@pytest.mark.parametrize("mode", ["66", "11"])
def test_a_storefront_of_somebody_else(mode, start_company, start_airflow):
    day = datetime.now(BERLIN).date() - timedelta(days=1)
    shop = start_company(mode=mode, timezone="Europe/Berlin", currency="EUR")
    open_shop(day).save(shop.folders.storefront)
    airflow = start_airflow(only("storefront", "storefront_api", shop.environment))

    assert airflow.test_dag(DAG, business_date=day.isoformat()) == 0, airflow.log()[
        -5000:
    ]

    found = of_day(shop.warehouse(), day, "orders", "daily_sales", "daily_summary")
    assert sorted(row["order_id"] for row in found["orders"]) == [
        "101",
        "103",
        "104",
        "105",
        "106",
        "107",
        "108",
    ]
    summary = {
        "business_date": day,
        "orders": 5,
        "units": Decimal("7.5"),
        "customers": 3,
        "gross_sales": Decimal("107.75"),
        "discounts": Decimal("2.00"),
        "returns": Decimal(
            "63.50"
        ),  # 50.00 of 105, 8.50 of 103, and 5.00 goodwill for an order of last week
        "net_sales": Decimal("42.25"),
        "tax": Decimal("17.91"),
        "shipping": Decimal("9.90"),
        "average_order_value": Decimal("26.4375"),
        "new_customers": 2,
        "unconverted_orders": 1,
        "complete": True,
        "missing_sources": [],
    }
    assert differences({"daily_summary": [summary]}, found) == ""
    by_category = {
        (row["category"], row["currency"]): (row["gross_sales"], row["returns"])
        for row in found["daily_sales"]
    }
    assert by_category == {
        ("Tee", "EUR"): (Decimal("95.75"), Decimal("8.50")),
        ("uncategorised", "EUR"): (Decimal("12.00"), 0),
        ("unallocated", "EUR"): (0, Decimal("55.00")),
        ("Tee", "USD"): (Decimal("99.00"), 0),
    }


def open_shop(day: date) -> WooStore:
    """Seven orders on `day`, one a second before it, one of the week before; ids and hours chosen by hand."""
    start = datetime.combine(day, time.min, BERLIN).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, BERLIN).astimezone(UTC)
    noon = start + timedelta(hours=12)
    store = WooStore(
        products=[
            WooProduct(1, "TEE-1", "Tee, grün", ["Tee"], start),
            WooProduct(2, "ALT", "Alt", ["Tee"], start),
        ]
    )

    def sell(
        number: int,
        at: datetime,
        *amounts: str,
        quantity: str = "1",
        product: int = 1,
        **values,
    ) -> None:
        subtotal, total, tax = map(Decimal, amounts)
        line = WooLine(
            number * 10,
            product,
            store.products[product].sku,
            "Tee",
            Decimal(quantity),
            subtotal,
            total,
            tax,
        )
        store.create_order(
            WooOrder(
                number,
                at,
                lines=[line],
                **{"currency": "EUR", "country": "DE"} | values,
            )
        )

    sell(
        101,
        start,
        "20.00",
        "18.00",
        "3.42",
        quantity="2",
        email="Ann@example.org",
        shipping=Decimal("4.90"),
    )
    sell(
        102,
        start - timedelta(seconds=1),
        "500.00",
        "500.00",
        "95.00",
        email="ann@example.org",
    )
    sell(
        103,
        end - timedelta(seconds=1),
        "25.75",
        "25.75",
        "2.71",
        quantity="2.5",
        customer_id=7,
    )
    sell(104, noon, "100.00", "100.00", "19.00", email="ben@example.org")
    sell(
        105,
        noon,
        "50.00",
        "50.00",
        "9.50",
        email="cem@example.org",
        shipping=Decimal("5.00"),
    )
    sell(106, noon, "33.00", "33.00", "6.27")
    sell(107, noon, "12.00", "12.00", "2.28", product=2)
    sell(108, noon, "99.00", "99.00", "0.00", currency="USD")
    sell(100, noon - timedelta(days=7), "80.00", "80.00", "15.20")
    store.update_status(104, "cancelled", noon + timedelta(hours=1))
    store.update_status(105, "refunded", noon + timedelta(hours=2), refund_id=205)
    store.trash(106, noon + timedelta(hours=1))
    store.delete_product(2)
    goodwill = WooRefund(200, noon, Decimal("5.00"), "sorry")
    store.add_refund(100, goodwill)
    piece = WooRefundLine(2031, 1030, Decimal(1), Decimal("8.50"), Decimal("0.90"))
    store.add_refund(
        103,
        WooRefund(203, end - timedelta(seconds=1), Decimal("9.40"), "torn", [piece]),
    )
    store.add_refund(101, WooRefund(201, noon, Decimal("3.00"), "a mistake"))
    store.delete_refund(101, 201, noon + timedelta(hours=1))
    return store
