"""A day of a shop that nobody here generated: its data, currency and clock, and one source alone."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ecommerce.sources import live_sources
from tests.integration.daily_run import run_day
from tests.integration.warehouse_contents import differences
from tests.psql import psql
from tests.rows import column_of

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "other_shop"
TABLES = ("orders", "daily_sales", "daily_summary")


def only(source, patch):
    """Leave nothing but one source, BigQuery and the settings."""
    policy = dict.fromkeys(live_sources(), "off") | {source: "required"}
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
    psql(postgres_server, (HERE / "fill.sql").read_text(), database)
    shop = start_company(timezone="Asia/Tokyo", currency="JPY")
    only("sales_db", monkeypatch)
    monkeypatch.setenv("AIRFLOW_CONN_SALES_DB", postgres_server.dsn(database))

    run_day(day, datetime.now(UTC))

    statuses, expected = figures(postgres_server, database, day, "Asia/Tokyo")
    found = of_day(shop.warehouse(), day)
    assert differences(expected, found) == ""
    stored = column_of(found["orders"], "status")
    assert {status: stored.count(status) for status in stored} == statuses
    sales = found["daily_sales"]
    unconverted = [row for row in sales if row["net_sales_reporting"] is None]
    assert set(column_of(unconverted, "currency")) == {"USD"}


def figures(
    server,
    database,
    day,
    zone,
):
    """What independent SQL says of the day: orders by status, and the aggregates."""
    sql = f"\\set day {day}\n\\set zone '{zone}'\n" + (HERE / "figures.sql").read_text()
    answer = json.loads(
        psql(server, sql, database),
        parse_float=Decimal,
    )
    summary = answer["daily_summary"]
    sales = answer["daily_sales"]
    for row in (summary, *sales):
        row["business_date"] = date.fromisoformat(row["business_date"])
    return answer["status_counts"], {"daily_summary": [summary], "daily_sales": sales}
