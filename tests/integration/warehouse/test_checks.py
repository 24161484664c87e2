"""Every check finds its flaw, and only its flaw, in a warehouse that was sound before."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ecommerce.core.errors import CheckFailed
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.checks import CheckResult, run_checks
from ecommerce.warehouse.rendering import tables
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.integration.warehouse_contents import of_all_days

SUNDAY = MONDAY - timedelta(days=1)
ORDER = Order(
    "1",
    at("2026-03-02 15:00"),
    tax="1.00",
    refunds=[("r1", at("2026-03-02 20:00"), "3.00")],
)
RATES = Folder(
    source="exchange_rates", rates=[(MONDAY, "JPY", "161.5"), (MONDAY, "USD", "1.08")]
)

FLAWS = {
    "orders: one row per order": "INSERT INTO {orders} SELECT * FROM {orders} WHERE order_id = '2'",
    "orders: key and currency are not empty": "UPDATE {orders} SET currency = '' WHERE order_id = '2'",
    "orders: each is stored under the shop day of its creation": (
        "UPDATE {orders} SET ordered_at = TIMESTAMP '2026-03-03 05:00:00+00' WHERE order_id = '2'"
    ),
    "orders: amounts are the sums of the lines": "DELETE FROM {order_lines} WHERE {day} AND order_id = '2'",
    "order_lines: one row per line": "INSERT INTO {order_lines} SELECT * FROM {order_lines} WHERE {day}",
    "order_lines: each line has an order of the same status": (
        "UPDATE {orders} SET is_sale = FALSE WHERE order_id = '2'"
    ),
    "order_lines: gross less discount is the amount after discount": (
        "UPDATE {order_lines} SET discount_amount = 0.01 WHERE {day} AND order_id = '2'"
    ),
    "refunds: one row per refund and line": "INSERT INTO {refunds} SELECT * FROM {refunds} WHERE {day}",
    "refunds: each is stored under the shop day it was made": (
        "UPDATE {refunds} SET refunded_at = TIMESTAMP '2026-03-03 05:00:00+00' WHERE {day}"
    ),
    "daily_sales: one row per key": "INSERT INTO {daily_sales} SELECT * FROM {daily_sales} WHERE {day}",
    "daily_sales: the sums are those of order_lines and refunds": "DELETE FROM {refunds} WHERE {day}",
    "daily_summary: one row for every day with orders or refunds": "DELETE FROM {daily_summary} WHERE TRUE",
    "daily_summary: orders, customers and units are those of the tables": (
        "UPDATE {daily_summary} SET customers = 2 WHERE TRUE"
    ),
    "daily_summary: the amounts are those of daily_sales": (
        "UPDATE {daily_summary} SET net_sales = net_sales + 0.01 WHERE TRUE"
    ),
    "exchange_rates: rates are positive": "UPDATE {exchange_rates} SET rate = 0 WHERE currency = 'JPY'",
    "exchange_rates: one rate per day and currency": (
        "INSERT INTO {exchange_rates} SELECT * FROM {exchange_rates}"
    ),
    "customers: one row per customer": "INSERT INTO {customers} SELECT * FROM {customers}",
    "customers: every customer with an order is listed since the first order": (
        "DELETE FROM {customers} WHERE TRUE"
    ),
    "load_audit: every record read was accepted, rejected or superseded": (
        "UPDATE {load_audit} SET rows_accepted = rows_accepted - 1 WHERE {day} AND source = 'sales_db'"
    ),
    "load_audit: the orders the source counts are in the warehouse": (
        "UPDATE {load_audit} SET source_orders = 3 WHERE {day} AND source = 'sales_db'"
    ),
    "load_audit: the amount the source sums up is in the warehouse": (
        "UPDATE {load_audit} SET source_amount = 20.01 WHERE {day} AND source = 'sales_db'"
    ),
    "load_audit: at most 20 % of a source is rejected (more than 50 records)": (
        "INSERT INTO {rejected_rows} (business_date, source, run_id, row_number, reason) SELECT "
        "DATE '2026-03-02', 'sales_db', 'run', number, 'invalid_quantity' "
        "FROM UNNEST(GENERATE_ARRAY(1, 51)) AS number"
    ),
}


def names(found: list[CheckResult]) -> list[str]:
    return [str(each) for each in found if each.failing_rows]


def reads_well(result: CheckResult) -> bool:
    """Whether it has words for one and for more, and room for an example in a line of the report."""
    one, more = (
        str(replace(result, failing_rows=rows, sample=None)) for rows in (1, 26)
    )
    return (
        one.split(":")[0][2:] != more.split(":")[0][3:]
        and not set("{|}") & set(one + more)
        and len(more) < 200
    )


def test_every_error_is_found(shop: Shop):
    shop.load(Folder([ORDER, replace(ORDER, order_id="2", refunds=[])]), RATES)
    warehouse = shop.warehouse
    dataset = warehouse.settings.bigquery_dataset
    table = {name: f"`{dataset}.{name}`" for name in tables()}
    run = {
        "spec": ORDERS,
        "business_date": MONDAY,
        "run_id": "run",
        "warehouse": warehouse,
    }
    sound = run_checks([MONDAY], **run)
    assert names(sound) == []
    assert [each.check_name for each in sound if not reads_well(each)] == []
    assert {
        each.check_name for each in sound if each.severity == "error"
    } == FLAWS.keys()

    for check, flaw in FLAWS.items():
        spoilt = flaw.split("{")[1].split("}")[0]
        everything = f"FROM {table[spoilt]} {of_all_days(spoilt)}"
        warehouse.run(
            f"CREATE OR REPLACE TABLE `{dataset}_staging.sound` AS SELECT * {everything}",
            "keep",
        )
        warehouse.run(flaw.format(**table, day=f"business_date = '{MONDAY}'"), "spoil")
        found = warehouse.query(
            f"warehouse/tables/{check.partition(':')[0]}/checks.sql",
            days=[MONDAY],
            spec=ORDERS,
            business_date=MONDAY,
            parameters={"run_id": "run"},
        )
        failing = {
            row["check_name"]: row["sample"] for row in found if row["failing_rows"]
        }
        assert failing.get(check), (check, failing)
        if check.startswith("exchange_rates: rates"):
            said = (
                "1 exchange rate is zero or negative: amounts in that currency are converted wrongly "
                "(for example 2026-03-02 JPY)"
            )
            with pytest.raises(CheckFailed, match=re.escape(said)):
                run_checks([MONDAY], **run)
        warehouse.run(
            f"DELETE {everything}; INSERT INTO {table[spoilt]} SELECT * FROM `{dataset}_staging.sound`",
            "mend",
        )
    assert names(run_checks([MONDAY], **run)) == []


def test_warnings_do_not_stop_the_run(shop: Shop):
    shop.load(
        Folder(
            [replace(ORDER, currency="JPY", refunds=[])],
            orphans=[("77", "r7", at("2026-03-02 20:00"), "1.00")],
            rejected=[{"reason": "invalid_quantity"}],
            totals={"source_amount": "11.0000"},
            currency_totals=[(None, "JPY", "11", "10", "0", "1")],
        )
    )

    results = run_checks(
        [MONDAY],
        spec=ORDERS,
        business_date=MONDAY,
        run_id="run",
        warehouse=shop.warehouse,
    )

    rejected = "the figures lack these records; the table rejected_rows has the reasons"
    assert names(results) == [
        "1 exchange rate of a day with sales or returns is missing: the report excludes these "
        "amounts until a run reads the rate (for example JPY on 2026-03-02)",
        f"1 currency of a source has amounts in rejected records: {rejected} "
        "(for example sales_db: 1.0000 JPY)",
        f"1 source exceeds the limit of 1 % rejected records: {rejected} "
        "(for example sales_db: 1 of 4 records)",
        "1 refund belongs to an order missing from the warehouse: counted under Returns of "
        "whole orders until the order is read (for example sales_db refund r7 of order 77)",
    ]


def test_what_is_wrong_on_other_days_is_told_by_the_run_that_loaded_it(shop: Shop):
    """Monday's run loads an order in JPY and a refund of Sunday; another run touches Sunday again."""
    sunday = at("2026-03-01 20:00")
    yen = Order("9", sunday, currency="JPY")
    shop.load(Folder([yen], orphans=[("77", "r7", sunday, "1.00")]), run_id="monday")

    def warnings(run_id: str) -> list[dict]:
        run = {
            "spec": ORDERS,
            "business_date": MONDAY,
            "run_id": run_id,
            "warehouse": shop.warehouse,
        }
        return [
            warning
            for each in run_checks([SUNDAY, MONDAY], **run)
            for warning in each.warnings()
        ]

    assert [(each["found"], each["days"]) for each in warnings("monday")] == [
        (
            "1 exchange rate of a day with sales or returns is missing (for example JPY on 2026-03-01)",
            ["2026-03-01"],
        ),
        (
            "1 refund belongs to an order missing from the warehouse "
            "(for example sales_db refund r7 of order 77)",
            ["2026-03-01"],
        ),
    ]
    assert warnings("another") == []


def test_checks_pass_on_a_day_without_anything(shop: Shop):
    shop.load()

    found = run_checks(
        [MONDAY],
        spec=ORDERS,
        business_date=MONDAY,
        run_id="run",
        warehouse=shop.warehouse,
    )
    assert names(found) == []


def test_a_rate_that_doubles_is_a_warning(shop: Shop):
    shop.load(
        replace(
            RATES,
            rates=[
                (SUNDAY, "JPY", "161.5"),
                (SUNDAY, "USD", "1.08"),
                (MONDAY, "JPY", "16150"),
            ],
        )
    )
    found = run_checks(
        [MONDAY],
        spec=ORDERS,
        business_date=MONDAY,
        run_id="run",
        warehouse=shop.warehouse,
    )
    (sample,) = [
        each.sample
        for each in found
        if each.check_name.endswith("doubles or halves") and each.failing_rows
    ]
    # BigQuery writes no zeros at the end, the emulator does.
    assert re.fullmatch(r"JPY 16150(\.0+)? on 2026-03-02 after 161\.50*", sample)


def test_orders_of_a_live_source_in_an_export_are_a_warning(shop: Shop):
    shop.load(Folder([ORDER, replace(ORDER, order_id="2", refunds=[])]))
    same = replace(ORDER, source="old_shop", refunds=[])
    other = replace(same, order_id="2", lines=[("Toys", "1", "9")])
    shop.load(Folder([same, other], source="old_shop"), run_id="export", status=HISTORY)
    found = run_checks(
        [MONDAY],
        spec=ORDERS,
        business_date=MONDAY,
        run_id="export",
        warehouse=shop.warehouse,
    )
    (twice,) = [each for each in found if each.check_name.endswith("under two sources")]
    assert (twice.failing_rows, twice.sample) == (1, "1 of old_shop and sales_db")


def test_orders_and_refunds_dated_in_the_future_are_a_warning(shop: Shop):
    year = replace(
        ORDER,
        ordered_at=at("2027-03-02 15:00"),
        refunds=[("r1", at("2027-03-03 15:00"), "3.00")],
    )
    loaded = shop.load(Folder([year, replace(ORDER, order_id="2", refunds=[])]))
    found = run_checks(
        loaded.touched_days,
        spec=ORDERS,
        business_date=MONDAY,
        run_id="run",
        warehouse=shop.warehouse,
    )
    ahead = [
        (each.check_name.partition(":")[0], each.failing_rows)
        for each in found
        if "future" in each.check_name
    ]
    assert ahead == [("orders", 1), ("refunds", 1)]


def test_an_unlisted_status_is_reported_by_every_run_of_its_day(shop: Shop):
    def warned(run_id: str, day: date = MONDAY) -> list[CheckResult]:
        results = run_checks(
            [SUNDAY, MONDAY],
            spec=ORDERS,
            business_date=day,
            run_id=run_id,
            warehouse=shop.warehouse,
        )
        return [each for each in results if each.is_failing]

    packed = replace(ORDER, refunds=[], status="packed", is_sale=False)
    # Stored when `pending` was still listed as a sale.
    pending = replace(packed, order_id="2", status="pending", is_sale=True)
    listed = [
        replace(packed, order_id="3", status="cancelled"),
        replace(ORDER, order_id="4", refunds=[]),
    ]
    shop.load(Folder([packed, pending, *listed]), RATES)
    shop.load(Folder(source="storefront"), run_id="reads nothing of it")

    for run_id in ("run", "reads nothing of it"):
        (result,) = warned(run_id)
        assert str(result) == (
            "2 orders have statuses that order_status.sql does not list, or listed differently when they "
            "were loaded: orders with an unlisted status do not count as sales (for example packed, sales_db "
            "order 1)"
        )
    (of_other_day,) = warned("run", SUNDAY)
    assert (of_other_day.failing_rows, of_other_day.other_days) == (0, "2026-03-02")

    read_again = at("2026-03-03 12:00")
    shop.load(
        Folder(
            [
                replace(packed, status="shipped", is_sale=True),
                replace(pending, is_sale=False),
                *listed,
            ],
            read_at=read_again,
        )
    )
    assert warned("run") == []
