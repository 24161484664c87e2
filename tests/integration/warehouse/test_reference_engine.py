"""Every query of the warehouse and the reports has the same rows on Google's reference implementation."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.services.emulator import Emulator
from ecommerce.catalogue.loading import CATALOGUE, last_catalogue
from ecommerce.core.settings import load_settings
from ecommerce.events.loading import EVENTS
from ecommerce.forecast import loading as forecast_loading
from ecommerce.forecast.weeks import Week
from ecommerce.maintenance import erasure
from ecommerce.pages import day_status
from ecommerce.pages.views import quality
from ecommerce.sales import day_state, delivery
from ecommerce.sales.history import undo
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.queries import read_figures
from ecommerce.storage import staging
from ecommerce.warehouse import load_history
from ecommerce.warehouse.checks import run_checks
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import load
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import write_rows
from tests import googlesql
from tests.integration.conftest import LendDataset
from tests.integration.warehouse.both_engines import BothEngines, Compared
from tests.integration.warehouse.conftest import ORIGIN, Shop, open_shop
from tests.integration.warehouse.loadable import Folder, Order, Row, at
from tests.integration.warehouse.test_events_load import awkward
from tests.integration.warehouse.web_events import Website
from tests.integration.warehouse_contents import of_all_days
from tests.reference_engine import script_parts

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 18)
NOON = at("2026-11-18 17:00")
MORNING = at("2026-11-19 11:00")
ONE_DAY = timedelta(days=1)
EXPORT = "old_shop"
REFUNDED_AT = at("2026-11-18 20:00")
ATTRIBUTES = '{"sales_channel":"app","group":"B \\"2\\" é"}'
NOT_COMPARED: dict[str, str] = {}
"""Files with a query that nothing here executes, and why."""
NOT_RUN: dict[str, str] = {}
"""Files with a statement that Google's engine cannot run, and why."""
WITHOUT_ROWS = {
    "warehouse/loads/events/script.sql": "of a second run, delete_rejects has deleted all rejected rows",
    "warehouse/tables/stored_order_ids/table.sql": "there are no orders yet; rebuild.sql has the same query",
}
"""Files with a statement that has no rows here, and why."""
REPOSITORY = Path(__file__).parents[3]


def priced(order_id: str, days_ago: int, *prices: str, **facts: Any) -> Order:
    """An order with a line of each price, of the SKUs toys-1, toys-2 and so on."""
    lines = [("Toys", "1", price) for price in prices]
    return Order(order_id, NOON - timedelta(days=days_ago), lines, **facts)


def delivered(
    name: str, orders: list[Order], received: datetime, *missing: str
) -> Folder:
    """A partner's file; the files of other partners are `missing`."""
    of_file = {
        "source": "partner_files",
        "channel": name.partition("_")[0],
        "read_at": received,
    }
    file = {
        "file": name,
        "sha256": f"{name} {received}",
        "received_at": received,
        "order_ids": [order.order_id for order in orders],
        "rows_read": len(orders) + 1,
        "rows_accepted": len(orders),
        "rows_rejected": 1,
        "source_orders": len(orders),
        "orders_loaded": len(orders),
        "warnings": ['{"kind":"note","text":"é \\"2\\""}'],
    }
    return Folder(
        [replace(order, **of_file) for order in orders],
        source="partner_files",
        read_at=received,
        files=[file],
        rejected=[
            {
                "reason": "invalid_number",
                "file": name,
                "raw": "x",
                "detail": "y",
                "order_id": "A9",
            }
        ],
        currency_totals=[
            (name, "USD", "10", "7", "1", "2"),
            (name, "", "3", "0", "0", "3"),
        ],
        totals={"missing_deliveries": list(missing)},
    )


def sell(shop: Shop) -> None:
    """Four weeks of orders, a day with everything at once, the same day again, an export, and its removal."""
    usual = [
        priced(
            f"1{number:03}",
            days_ago,
            "20.00",
            "8.00",
            price,
            customer=f"c{number % 3}",
            attributes=ATTRIBUTES,
        )
        for number, (days_ago, price) in enumerate(
            (days_ago, price)
            for days_ago in (1, 2, 3, 7, 8, 14, 21, 28)
            for price in ("5.00", "9.33", "300.00")
        )
    ]
    usual.append(
        priced(
            "1999", 1, "10.00", refunds=[("r0", NOON - ONE_DAY, "2.50")], customer="ann"
        )
    )
    rates = [
        (DAY - timedelta(days=30), "USD", "1.08"),
        *((DAY - timedelta(days=days), "USD", f"1.0{days}") for days in range(5)),
        (DAY - timedelta(days=3), "GBP", "0.87654321"),
        (DAY - ONE_DAY, "JPY", "161.5"),
    ]
    products = [
        {
            "sku": f"toys-{number}",
            "name": f"Toys {number}",
            "category": "Toys",
            "updated_at": NOON - ONE_DAY,
        }
        for number in (1, 2, 3)
    ]
    shop.load(
        Folder(usual, read_at=MORNING - ONE_DAY, products=products),
        delivered(
            f"acme_{DAY - ONE_DAY}.csv",
            [priced("A1", 1, "19.00"), priced("A2", 1, "21.00")],
            NOON - ONE_DAY,
            "bolt",
        ),
        Folder(source="exchange_rates", rates=rates, read_at=MORNING - ONE_DAY),
        day=DAY - ONE_DAY,
        run_id="before",
        missing_sources=["storefront"],
        off_sources=["shopify"],
    )
    days = [DAY - timedelta(days=days) for days in range(2, 35)]
    sources = ("sales_db", "storefront", "partner_files", "exchange_rates")
    shop.insert(
        "load_audit",
        "business_date, source, run_id, status, read_at, window_end, source_orders, orders_loaded",
        [
            f"('{day}', '{source}', 'run-{day}', 'success', TIMESTAMP '{day + ONE_DAY} 11:00:00+00', "
            f"TIMESTAMP '{day + ONE_DAY} 11:00:00+00', 3, 3)"
            for day in days
            for source in sources
        ],
    )
    today = [
        priced(
            "2000",
            0,
            "19.99",
            "7.49",
            "700.00",
            discount="10",
            tax="7.2",
            shipping="5",
            customer="c1",
        ),
        priced(
            "2001", 0, "30.00", customer="new", country_code="DE", attributes=ATTRIBUTES
        ),
        priced("2002", 0, "500.00", customer="x", status="cancelled", is_sale=False),
        priced("2003", 0, "700.00", customer="y", is_test=True),
        priced(
            "2004",
            0,
            "12.34",
            currency="GBP",
            country_code=None,
            customer=None,
            channel="app",
        ),
        priced("2005", 0, "1000.00", currency="BRL", customer="br"),
        priced("2006", 0, "50.00", discount="99999.00", customer="far"),
        priced(
            "2007",
            0,
            "50.00",
            refunds=[("r9", REFUNDED_AT, "60.00"), ("r9", REFUNDED_AT, "1.00")],
        ),
        priced("2008", 0, "50.00", status="mystery"),
        Order("2011", NOON, [("bags", "1", "20.00")]),  # one SKU by four names
        Order("2012", NOON, [("BAGS", "1", "20.00")]),
        Order("2013", NOON, [("Bags", "1", "20.00")]),
        Order("2014", NOON, [("BAgs", "1", "20.00")]),
        Order(
            "2009",
            NOON,
            [("Garden", "0", "0.00"), ("uncategorised", "2.5", "40.00")],
            shipping="-7.00",
        ),
    ]
    folder = Folder(
        today,
        read_at=MORNING,
        removed=["1001", "9999"],
        orphans=[("8888", "r7", REFUNDED_AT, "3.00")],
        rejected=[
            *(
                {"reason": "invalid_number", "raw": f"row {number}", "detail": "x"}
                for number in range(5)
            ),
            {
                "reason": "missing_value",
                "raw": '{"customer_id": 1}',
                "order_id": "2010",
            },
        ],
        products=[
            {
                "sku": "toys-1",
                "name": "Toys one",
                "category": "Toys",
                "updated_at": NOON,
            },
            {
                "sku": "toys-2",
                "name": "Toys two",
                "category": "Games",
                "updated_at": NOON - ONE_DAY,
            },
            {"sku": "toys-3", "name": None, "category": None, "updated_at": None},
            {"sku": "lamp", "name": "Lamp", "category": None, "updated_at": None},
        ],
        currency_totals=[
            (None, "USD", "1300", "1200", "0", "50"),
            (None, "GBP", "12.34", "12.34", "0", "0"),
        ],
        totals={"source_orders": 11, "source_amount": "1400.00"},
    )
    web = [
        priced("s1", 0, "20.00", source="storefront", customer="new2"),
        priced(
            "s2",
            0,
            "108.00",
            source="storefront",
            currency="EUR",
            refunds=[("r2", REFUNDED_AT, "30.00")],
        ),
        priced("s3", 0, "500.00", source="storefront", currency="JPY"),
    ]
    yen = [
        priced(f"A{number}", 0, "19.00", "7.50", currency="JPY") for number in (3, 4)
    ]
    shop.load(
        folder,
        Folder(web, source="storefront", read_at=MORNING),
        delivered(f"acme_{DAY}.csv", yen, MORNING),
        Folder(
            source="exchange_rates",
            rates=[(DAY, "USD", "1.25"), (DAY, "JPY", "1")],
            read_at=MORNING,
        ),
        day=DAY,
        run_id="day",
        off_sources=["shopify"],
    )
    mail(shop, DAY - ONE_DAY)
    mail(shop, DAY)
    changed = [
        replace(
            today[0],
            ordered_at=NOON - ONE_DAY,
            refunds=[("r1", NOON, "5.00")],
            customer="c2",
            reason="too big",
        ),
        replace(today[3], is_test=False),
        replace(usual[0], status="cancelled", is_sale=False),
        replace(usual[-1], lines=[("Toys", "1", "11.00")]),
    ]
    later = MORNING + timedelta(hours=3)
    shop.load(
        Folder(changed, read_at=later, removed=["2001"]),
        delivered(f"acme_{DAY - ONE_DAY}.csv", [priced("A2", 1, "22.00")], later),
        Folder(
            source="exchange_rates",
            rates=[(DAY, "GBP", "0.9"), (DAY, "USD", "1.2")],
            read_at=later,
        ),
        Folder(source="shopify", read_at=later),
        day=DAY,
        run_id="again",
    )
    shop.load(
        delivered(
            f"acme_{DAY - ONE_DAY}.csv",
            [priced("A1", 1, "19.00"), priced("A2", 1, "21.00")],
            NOON,
        ),
        day=DAY,
        run_id="older",
    )
    check(shop, ORDERS, "day", "again")


def mail(shop: Shop, day: date) -> None:
    """Mail the report of a day."""
    hash_of_figures = hashlib.sha256(str(day).encode()).hexdigest()
    assert delivery.claim_delivery(day, hash_of_figures, f"<{day}@x>", MORNING)
    headline = {"net_sales": "1.50", "orders": "3", "average_order_value": None}
    report = {
        "business_date": str(day),
        "figures_hash": hash_of_figures,
        "headline": headline,
    }
    delivery.mark(report | {"figures_at": MORNING.isoformat()})


def check(shop: Shop, spec: Any, *run_ids: str) -> None:
    """Run the checks of the days, whatever they find."""
    days = [DAY - timedelta(days=number) for number in range(4)]
    for run_id in run_ids:
        try:
            run_checks(
                days,
                spec=spec,
                business_date=DAY,
                run_id=run_id,
                warehouse=shop.warehouse,
            )
        except Exception as error:
            print("checks:", error)


def export(shop: Shop) -> None:
    """Load an export and remove it."""
    old = [
        priced(
            "1",
            900,
            "15.00",
            source=EXPORT,
            customer="ann",
            refunds=[("R", NOON - 800 * ONE_DAY, "4.00")],
        ),
        priced("2", 0, "16.00", source=EXPORT, customer="old"),
    ]
    folder = Folder(
        old,
        source=EXPORT,
        read_at=MORNING,
        rejected=[{"reason": "malformed_line", "raw": "x"}],
    )
    shop.load(
        folder,
        day=DAY - 900 * ONE_DAY,
        run_id="manual__export",
        dag_id="sales_history_load",
        status="history",
    )
    read_report(shop)
    undo.undo(EXPORT)


def read_report(shop: Shop) -> None:
    """Read all that reports and pages show."""
    origin = ORIGIN.model_copy(update={"run_id": "again"})
    for day in (DAY, DAY - ONE_DAY):
        read_figures(shop.warehouse, day, origin)
    day_status.load_days(shop.warehouse, DAY - 7 * ONE_DAY, DAY)
    quality.load_facts(shop.warehouse, DAY)
    day_state.load_day_states(shop.warehouse, DAY - 7 * ONE_DAY, DAY)


def browse(shop: Shop) -> None:
    """Load three days of web events, and one again."""
    website = Website(shop)
    awkward(website)
    website.add("w1", NOON, visitor_id="zoe", sku="lamp")
    website.add("w2", NOON, "purchase", visitor_id="zoe", order_id="s1", sku="toys-1")
    website.add("w3", NOON, "purchase", visitor_id="zoe", order_id="2000", sku="toys-1")
    for day in (DAY - 2 * ONE_DAY, DAY - ONE_DAY, DAY, DAY):
        website.run(day, MORNING - (DAY - day), run_id=f"events {day}", check=False)
    check(shop, EVENTS, f"events {DAY}")


def refresh_catalogue(shop: Shop) -> None:
    """Load a catalogue, and another one that lacks a product."""
    runs = (
        ("first", ["toys-1", "lamp", "gone"]),
        ("second", ["toys-1", "lamp"]),
        ("second", ["toys-1"]),
    )
    for number, (run_id, skus) in enumerate(runs):
        read_at = MORNING + timedelta(hours=number)
        rows = [picture(sku, read_at, run_id, number) for sku in skus]
        rejected = [
            {
                "business_date": DAY,
                "source": "product_catalogue",
                "run_id": run_id,
                "row_number": 1,
                "reason": "missing_value",
                "detail": None,
                "file": None,
                "raw": "x",
                "order_id": None,
            }
        ]
        folder = f"file://{shop.folder}/{run_id} {number}"
        with staging.publish(folder) as draft:
            columns = {
                "product_pictures.parquet": write_rows(
                    draft.path, "product_pictures", rows
                ),
                "rejected_rows.parquet": write_rows(
                    draft.path, "rejected_rows", rejected
                ),
            }
            draft.seal(
                source="product_catalogue",
                business_date=DAY,
                rows=len(rows),
                columns=columns,
                read_at=read_at,
                window_start=read_at,
                window_end=read_at,
                control_totals={
                    "product_pictures": len(rows),
                    "rows_read": len(rows) + 1,
                    "rows_accepted": len(rows),
                    "rows_rejected": 1,
                },
            )
        manifest = staging.read_manifest(folder)
        load(
            [manifest],
            spec=CATALOGUE,
            business_date=DAY,
            run_id=run_id,
            dag_id="c",
            warehouse=shop.warehouse,
        )
        check(shop, CATALOGUE, run_id)
        last_catalogue()


def picture(sku: str, read_at: datetime, run_id: str, number: int) -> Row:
    """A row of `product_pictures`."""
    state = "broken" if sku == "lamp" else "ok"
    texts = (
        "reason",
        "image_url_hash",
        "image_host",
        "etag",
        "last_modified",
        "sha256",
        "picture_uri",
    )
    return {
        "sku": sku,
        "name": f"{sku} {number}",
        "category": "Toys",
        "state": state,
        **{text: f"{text} of {sku}" for text in texts},
        "thumbnail_uri": f"file:///{sku}.png",
        "fetched_at": read_at,
        "first_seen_at": read_at,
        "last_seen_at": read_at,
        "run_id": run_id,
    }


def predict(shop: Shop) -> None:
    """Load forecasts of two weeks, and read all that a forecast reads."""
    names = ("total", "category:Toys", "channel:sales_db", "sku:toys-1")
    for as_of in (DAY - 7 * ONE_DAY, DAY, DAY):
        rows = [
            {
                "series": name,
                "target_date": as_of + timedelta(days=number),
                "model": "blend",
                "forecast": 100 + number,
                "lower_80": 90,
                "upper_80": 130,
                "lower_95": 80,
                "upper_95": 150,
            }
            for name in names
            for number in range(9)
        ]
        refused = [
            {
                "file": "p.csv",
                "line_number": 2,
                "reason": "invalid_date",
                "detail": None,
                "raw": "x",
            }
        ]
        run = staging.DagRun("forecast", f"forecast {as_of}")
        manifest = forecast_loading.write(rows, as_of, run, refused)
        load(
            [manifest],
            spec=forecast_loading.FORECASTS,
            business_date=manifest.business_date,
            run_id=run.run_id,
            dag_id=run.dag_id,
            warehouse=shop.warehouse,
        )
        check(shop, forecast_loading.FORECASTS, run.run_id)
    last = DAY + 3 * ONE_DAY
    shop.warehouse.arrow(
        "forecast/report_rows.sql",
        parameters={"begins_at": MORNING},
        first=DAY - 7 * ONE_DAY,
        day=last,
    )
    shop.warehouse.query("forecast/complete_days.sql", first=DAY - 7 * ONE_DAY, day=DAY)


def look_up(shop: Shop) -> None:
    """What extracts, reconciliations and forecasts look up."""
    days = [DAY - ONE_DAY, DAY]
    for source in ("sales_db", "partner_files"):
        load_history.last_read(source)
        load_history.was_read(source, DAY)
        load_history.known_refunds(source, ["2007", "1999", "A1"])
        load_history.known_lines(source, ["2000", "2009", "A2"])
        load_history.loaded_files(source, [f"acme_{DAY}.csv"], ["A2", "A3", "A4"])
        load_history.delivered_files(source, DAY - 7 * ONE_DAY)
        load_history.read_days(source, DAY - 7 * ONE_DAY, DAY)
        load_history.known_orders(source, DAY)
        load_history.rejected_orders(source, DAY)
        load_history.refunded_orders(source, days)
        for table in ("orders", "refunds"):
            path = f"warehouse/tables/{table}/for_reconciliation.sql"
            shop.warehouse.query(path, days=days, parameters={"source": source})
    delivery.deliveries(DAY)
    forecast_loading.week_state(Week(DAY - 2 * ONE_DAY), "forecast", DAY - 30 * ONE_DAY)
    first, recent = DAY - 30 * ONE_DAY, DAY - 10 * ONE_DAY
    reading = {"spec": ORDERS, "base": DAY - ONE_DAY, "day": DAY}
    quarter = {"week_before": DAY - 7 * ONE_DAY, "quarter_before": DAY - 90 * ONE_DAY}
    shop.warehouse.query("report/daily_sales/channel_days.sql", **reading, **quarter)
    currencies = {"currencies": ["JPY"]}
    shop.warehouse.query(
        "report/daily_sales/currency_shares.sql",
        days=days,
        parameters=currencies,
        **reading,
    )
    shop.warehouse.query(
        "forecast/daily_series.sql",
        spec=forecast_loading.DAILY_RUNS,
        first=first,
        day=DAY,
    )
    shop.warehouse.query(
        "forecast/sku_series.sql",
        parameters={"named": ["toys-2"]},
        first=first,
        day=DAY,
        recent=recent,
        most=2,
    )


def copy_rows(shop: Shop) -> None:
    """Store some rows twice, as two loads did that should have excluded each other."""
    dataset = shop.warehouse.settings.bigquery_dataset
    for table in ("orders", "refunds", "products", "exchange_rates", "sales_forecasts"):
        where = of_all_days(table)
        sql = (
            f"INSERT INTO `{dataset}.{table}` SELECT * FROM `{dataset}.{table}` {where}"
        )
        shop.warehouse.run(sql, "copies")


def forget(shop: Shop) -> None:
    """Forget a customer. Load their row without an order, then an order of theirs that is new, with its web
    event."""
    erasure.forget("c2", shop.warehouse)
    later = MORNING + timedelta(hours=9)
    listed = {"customer_hash": "c2", "country_code": "US", "updated_at": NOON}
    shop.load(Folder(customers=[listed], read_at=later), day=DAY, run_id="listed")
    order = priced(
        "3000", 0, "20.00", customer="c2", attributes=ATTRIBUTES, source="storefront"
    )
    order = replace(order, refunds=[("r5", NOON, "5.00")], reason="too big")
    rejected = {"reason": "missing_value", "raw": "x", "order_id": "3000"}
    folder = Folder([order], source="storefront", rejected=[rejected], read_at=later)
    shop.load(folder, day=DAY, run_id="forgotten")
    website = Website(shop)
    website.add("w9", NOON, "purchase", visitor_id="zoe", order_id="3000", sku="toys-1")
    website.add(
        "w8", at("2026-11-14 23:00"), "purchase", order_id="3000", received=NOON
    )  # too late
    website.run(DAY, later, run_id="forgotten", check=False)
    shop.warehouse.query("warehouse/tables/forgotten_hashes/all.sql")


def samples() -> list[tuple[str, str]]:
    """The sample queries of the documents, each with the name of its document."""
    found = []
    for name in ("README.md", "docs/QUERIES.md"):
        text = (REPOSITORY / name).read_text()
        for sql in re.findall(r"```sql\n(.*?)```", text, re.DOTALL):
            found.append((name, sql.replace("FROM sales.", "FROM ")))
    return found


@pytest.fixture(scope="module")
def both(
    bigquery_emulator: Emulator,
    lend_dataset: LendDataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BothEngines]:
    """What both engines made of every query of a small shop."""
    folder = tmp_path_factory.mktemp("shop")
    engines = BothEngines(today=DAY + ONE_DAY)
    with pytest.MonkeyPatch.context() as patch, lend_dataset("reference") as dataset:
        patch.setenv("STAGING_URI", f"file://{folder}/staging")
        patch.setenv("REPORTS_URI", f"file://{folder}/reports")
        patch.setenv("ORDER_ATTRIBUTES", "sales_channel,group")
        patch.setenv("REPORT_ATTRIBUTE", "sales_channel")
        with engines.installed(patch):
            shop = open_shop(bigquery_emulator, patch, folder, dataset)
            sell(shop)
            browse(shop)
            predict(shop)
            refresh_catalogue(shop)
            export(shop)
            read_report(shop)
            look_up(shop)
            copy_rows(shop)
            migrate(shop.warehouse)
            for name, sql in samples():
                engines.ask(shop.warehouse, sql, name)
            patch.setattr(erasure, "customer_hash", lambda identity, _: identity)
            forget(shop)
            yield engines


def described(statements: Iterable[Compared]) -> str:
    return "\n\n".join(
        f"{statement.path}:\n{statement.key}" for statement in statements
    )


def test_the_rows_are_the_same_on_both_engines_and_depend_on_no_order(
    both: BothEngines,
) -> None:
    assert not both.differences, "\n\n".join(both.differences)


def test_every_file_with_a_query_is_compared(both: BothEngines) -> None:
    with_query = set()
    for path in googlesql.paths():
        parts = script_parts(
            googlesql.rendered(path, load_settings(googlesql.SETTINGS))
        )
        if any(part.query for part in parts):
            with_query.add(path)
    assert with_query - both.files == NOT_COMPARED.keys()


def test_what_googles_engine_cannot_run_is_known(both: BothEngines) -> None:
    assert {statement.path for statement in both.not_run} == NOT_RUN.keys(), (
        both.not_run
    )


def test_every_statement_had_rows_to_compare(both: BothEngines) -> None:
    empty = [statement for statement in both.times if not both.with_rows[statement]]
    assert {statement.path for statement in empty} == WITHOUT_ROWS.keys(), described(
        empty
    )


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "SELECT STRING_AGG(order_id) AS ids FROM orders",
            "depends on the order of rows",
        ),
        (
            "SELECT order_id, source FROM orders ORDER BY source",
            "depends on the order of rows",
        ),
        (
            "SELECT CAST(gross_amount AS STRING) AS text FROM orders",
            "differs from the emulator",
        ),
    ],
)
def test_a_difference_is_found(both: BothEngines, sql: str, found: str) -> None:
    earlier = list(both.differences)
    try:
        both.ask(connect(), sql, "a mistake")
        assert [
            text for text in both.differences if text not in earlier and found in text
        ]
    finally:
        both.differences[:] = earlier
