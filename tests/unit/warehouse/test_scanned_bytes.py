"""What a day's load scans does not depend on the length of the history."""

import re
from datetime import date, timedelta

import pytest

from ecommerce.core.parts import existing
from ecommerce.core.settings import load_settings
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import rendering
from tests import googlesql
from tests.googlesql import Catalogue
from tests.scanned_bytes import DAY, History, Load

MONTH, TEN_YEARS = (
    History(days=30, customers=20_000_000),
    History(days=3650, customers=60_000_000),
)
MEGABYTE = 1_000_000


def last_days(number: int) -> list[date]:
    return [DAY - timedelta(days) for days in reversed(range(number))]


LOADS = {
    # A million new orders, and changes of a hundred thousand of the month before.
    "orders": Load(
        ORDERS,
        days=last_days(30),
        read_days=last_days(1),
        stored={
            **{
                "orders": last_days(30),
                "refunds": last_days(30),
                "exchange_rates": last_days(8),
            },
            **{"rejected_rows": last_days(3), "products": last_days(1)},
        },
        variables={"earliest_date": DAY - timedelta(20)},
    ),
}
for events in existing("events.loading"):
    LOADS["events"] = Load(events.EVENTS, days=last_days(5), read_days=last_days(1))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The warehouse's tables, and the staging tables of the loads."""
    catalogue = Catalogue()
    for path in googlesql.paths():
        if re.search(r"/(table|view|staged_totals|find_changes)\.sql$|/staging/", path):
            for statement in googlesql.statements(path):
                catalogue.analyse(statement.sql)
    return catalogue


@pytest.mark.parametrize("name", LOADS)
def test_a_load_after_ten_years_scans_little_more_than_after_a_month(
    name: str, catalogue: Catalogue
) -> None:
    month, ten_years = LOADS[name].scanned(catalogue, MONTH, TEN_YEARS)
    assert ten_years.total() <= 1.2 * month.total()
    grown = {
        table for table in ten_years if ten_years[table] > month[table] + 150 * MEGABYTE
    }
    # Customers are found by their hash, rejected records by their orders.
    assert grown == ({"customers", "rejected_rows"} if name == "orders" else set())


@pytest.mark.parametrize(
    "name",
    ["order_lines/by_order", "refunds/by_order", "stored_order_ids/days_of_orders"],
)
def test_a_look_up_of_orders_after_ten_years_scans_what_it_scans_after_a_month(
    name: str, catalogue: Catalogue
) -> None:
    path, days = f"warehouse/tables/{name}.sql", last_days(30)
    sql = rendering.render(path, days=days, settings=load_settings(googlesql.SETTINGS))
    month, ten_years = LOADS["orders"].scanned(catalogue, MONTH, TEN_YEARS, sql=sql)
    assert month.total() <= ten_years.total() <= month.total() + 150 * MEGABYTE


FILTER = re.compile(
    r"(?<=\s)\((?:\w+\.)?business_date (?:=|BETWEEN) DATE '[^()]*\)|\w+\.business_date >= @earliest_date"
)
READS_LARGE = re.compile(
    r"(?:FROM|JOIN|MERGE INTO) `sales\.(?:orders|order_lines|refunds|user_events|sessions)`"
)


def filtered() -> list[tuple[str, str, str]]:
    """Load, name and text of the statements that read a large table."""
    return [
        (load, name, sql)
        for load, each in LOADS.items()
        for name, sql in each.statements()
        if READS_LARGE.search(sql) and FILTER.search(sql)
    ]


@pytest.mark.parametrize(
    ("load", "name", "sql"),
    filtered(),
    ids=lambda value: value if len(value) < 40 else "",
)
def test_a_statement_that_loses_its_filters_is_found(
    load: str, name: str, sql: str, catalogue: Catalogue
) -> None:
    [ten_years] = LOADS[load].scanned(catalogue, TEN_YEARS, sql=sql)
    month, without = LOADS[load].scanned(
        catalogue, MONTH, TEN_YEARS, sql=FILTER.sub("TRUE", sql)
    )
    assert without.total() > 2 * ten_years.total()
    assert without.total() > 1.2 * month.total()


@pytest.mark.parametrize(
    ("sql", "scanned"),
    [
        (
            "SELECT order_id FROM `sales.orders` WHERE business_date = DATE '2026-03-31'",
            20,
        ),
        (
            "SELECT order_id FROM (SELECT * FROM `sales.orders`) AS o "
            "WHERE business_date BETWEEN DATE '2026-03-30' AND DATE '2026-03-31'",
            2 * 289,
        ),
        (
            "DELETE FROM `sales.orders` WHERE business_date = DATE '2026-03-31' AND order_id = 'a'",
            20 + 289,
        ),
        (
            "SELECT o.order_id FROM `sales.orders` AS o INNER JOIN `sales.daily_summary` AS d "
            "ON o.business_date = d.business_date WHERE d.business_date = DATE '2026-03-31'",
            3650 * 20,
        ),
        ("SELECT COUNT(*) AS n FROM `sales.orders`", 0),
    ],
)
def test_columns_and_partitions_are_counted(
    sql: str, scanned: int, catalogue: Catalogue
) -> None:
    [found] = LOADS["orders"].scanned(catalogue, TEN_YEARS, sql=sql)
    assert found["orders"] == scanned * 1_000_000
