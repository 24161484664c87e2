"""What else happens to a small shop: an export, web events, catalogues, forecasts, look-ups, an erasure."""

from datetime import timedelta
from types import SimpleNamespace

from ecommerce.catalogue.loading import CATALOGUE, stored_products
from ecommerce.core.business_day import day_window
from ecommerce.core.periods import FORMATS, period_of
from ecommerce.events.loading import EVENTS
from ecommerce.forecast import loading as forecast_loading
from ecommerce.pages import day_status
from ecommerce.pages.views import quality
from ecommerce.pages.warehouse_queries import WarehouseQueries
from ecommerce.sales import delivery_log, erasure
from ecommerce.sales.days import state
from ecommerce.sales.history import undo
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.periods.reader import read_net_sales
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage import staging
from ecommerce.warehouse import load_history
from tests.integration.warehouse.loadable import (
    at,
    forecast,
    rejection,
)
from tests.integration.warehouse.small_shop import (
    DAY,
    EXPORT,
    FOLDERS,
    MORNING,
    NOON,
    ONE_DAY,
    check,
)
from tests.integration.warehouse.test_events_load import awkward
from tests.integration.warehouse.test_other_loads import load_catalogue
from tests.integration.warehouse.web_events import Website
from tests.integration.warehouse_contents import of_all_days

SLICES = [WHOLE, Slice(channel=["acme"]), Slice(category=["Toys"], country=["US"])]
WEBSITE_AND_RESTATEMENTS = (
    "website_steps",
    "website_devices",
    "matched_orders",
    "restated_figures",
)


def export(shop):
    """Load an export and remove it."""
    shop.load(
        *FOLDERS["export"],
        day=DAY - 900 * ONE_DAY,
        run_id="manual__export",
        dag_id="sales_history_load",
        status="history",
    )
    read_report(shop)
    undo.undo(EXPORT)


def read_report(shop):
    """Read all that reports and pages show."""
    for day in (DAY, DAY - ONE_DAY):
        shop.report(day, "again")
        read_breakdowns(shop, day)
    for kind in FORMATS:
        period = period_of(kind, DAY)
        shop.period_figures(period, SLICES)
        read_net_sales(shop.warehouse, period, SLICES)
    page = SimpleNamespace(warehouse=WarehouseQueries(lambda: shop.warehouse, 60))
    assert not day_status.load_days(
        page,
        DAY - 7 * ONE_DAY,
        DAY,
    ).failed
    quality.page_texts(shop.warehouse, DAY, "USD")
    state.load_day_states(
        shop.warehouse,
        DAY - 7 * ONE_DAY,
        DAY,
    )


def read_breakdowns(shop, day):
    """Read the sales of a day, and what they contribute to the change since the day before."""
    base = day - ONE_DAY
    order_days = [day - number * ONE_DAY for number in range(28)]
    queries = {
        "breakdowns": {},
        "attributes": {},
        "contributions": {"base": base},
    }
    for name, values in queries.items():
        shop.warehouse.query(
            f"report/daily_sales/{name}.sql",
            spec=ORDERS,
            report_day=day,
            days=order_days,
            read_days=order_days,
            **values,
        )
    # Only a complete day is compared with, and each day of the shop lacks a source.
    is_base = f"business_date = DATE '{base}'"
    shop.sql(f"UPDATE `sales.daily_summary` SET complete = TRUE WHERE {is_base}")
    shop.rows("sales_contributions")


def buy(website, order_id):
    """Add the purchase of an order."""
    website.add(
        f"of {order_id}",
        NOON,
        "purchase",
        visitor_id="zoe",
        order_id=order_id,
        sku="toys-1",
    )


def browse(shop):
    """Load three days of web events, and one again."""
    website = Website(shop)
    awkward(website)
    website.add(
        "w1",
        NOON,
        visitor_id="zoe",
        sku="lamp",
    )
    for order_id in ("s1", "2000", "s2"):
        buy(website, order_id)
    for day in (DAY - 2 * ONE_DAY, DAY - ONE_DAY, DAY, DAY):
        website.run(
            day,
            MORNING - (DAY - day),
            run_id=f"events {day}",
            check=False,
        )
    check(shop, EVENTS, f"events {DAY}")
    # Of the periods of reports, no other days' events are read.
    yesterday = DAY - ONE_DAY
    days = {
        "first": DAY,
        "before": yesterday,
        "before_last": yesterday,
    }
    path = "report/periods/funnel.sql"
    shop.warehouse.query(
        path,
        report_day=DAY,
        slices=[WHOLE.columns],
        **days,
    )


def refresh_catalogue(shop):
    """Load three catalogues, and the last one again."""
    for number, name in enumerate(("older", "newer", "third", "third")):
        read_at = MORNING + timedelta(hours=number)
        rejected = [
            rejection(
                "product_catalogue",
                DAY,
                name,
                raw="x",
            )
        ]
        load_catalogue(
            shop,
            name,
            read_at,
            day=DAY,
            rejected_rows=rejected,
        )
        check(shop, CATALOGUE, name)
        stored_products()


def predict(shop):
    """Load forecasts of two weeks, and read all that a forecast reads."""
    names = ("total", "category:Toys", "channel:sales_db", "sku:toys-1")
    for as_of in (DAY - 7 * ONE_DAY, DAY, DAY):
        rows = []
        for name in names:
            for number in range(9):
                day = as_of + timedelta(days=number)
                values = {"model": "blend", "forecast": 100 + number}
                values |= {"lower_80": 90, "upper_80": 130}
                values |= {"lower_95": 80, "upper_95": 150}
                rows.append(
                    forecast(
                        name,
                        day,
                        MORNING,
                        **values,
                    )
                )
        refused = [{"file": "p.csv", "row_number": 2, "reason": "invalid_date"}]
        refused[0] |= {"detail": None, "raw": "x"}
        run = staging.DagRun("forecast", f"forecast {as_of}")
        manifest = forecast_loading.write(
            rows,
            as_of,
            run,
            refused,
        )
        spec = forecast_loading.FORECASTS
        day = manifest.business_date
        shop.load_staged(
            [manifest],
            spec=spec,
            day=day,
            run_id=run.run_id,
        )
        check(shop, spec, run.run_id)
    first = DAY - 7 * ONE_DAY
    shop.warehouse.query(
        "forecast/coming_days.sql",
        parameters={"begins_at": day_window(DAY, "America/New_York").start},
        first=DAY,
        last=DAY + 3 * ONE_DAY,
    )
    for name in ("past_days", "complete_days", "scores"):
        shop.warehouse.query(f"forecast/{name}.sql", first=first, day=DAY)


def look_up(shop):
    """What extracts, reconciliations and forecasts look up."""
    days = [DAY - ONE_DAY, DAY]
    for source in ("sales_db", "partner_files"):
        load_history.earlier_runs(source, DAY)
        order_ids = ["1999", "2000", "2007", "2009", "A1", "A2"]
        for table in ("orders", "order_lines", "refunds"):
            load_history.stored_rows(table, source, order_ids)
        load_history.known_lines(source, order_ids)
        load_history.refunded_channels(source)
        load_history.loaded_files(source, [f"acme_{DAY}.csv"], ["A2", "A3", "A4"])
        load_history.delivered_files(source, days[0])
        load_history.read_days(source, *days)
        load_history.known_orders(source, DAY)
        load_history.refunded_orders(source, days)
        for table in ("orders", "refunds"):
            path = f"warehouse/tables/{table}/for_reconciliation.sql"
            shop.warehouse.query(
                path,
                days=days,
                parameters={"source": source},
            )
    delivery_log.deliveries(DAY)
    forecast_loading.week_state(period_of("week", DAY - 2 * ONE_DAY), "forecast")
    first = DAY - 30 * ONE_DAY
    recent = DAY - 10 * ONE_DAY
    for name in WEBSITE_AND_RESTATEMENTS:
        for day in (DAY, DAY + ONE_DAY, DAY + 40 * ONE_DAY):
            shop.warehouse.query(f"report/daily_sales/{name}.sql", report_day=day)
    compare_with_forecasts(shop)
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


def compare_with_forecasts(shop):
    """Compare days with their forecasts."""
    options = {"report_day": DAY, "spec": ORDERS}
    shop.warehouse.query("report/daily_sales/expectation.sql", **options)
    shop.warehouse.query(
        "report/daily_sales/outlook.sql",
        first=DAY - ONE_DAY,
        last=DAY + 7 * ONE_DAY,
        parameters={"ends_at": MORNING},
        **options,
    )
    shop.rows("forecast_comparisons")


def copy_rows(shop):
    """Store some rows twice, as two loads did that should have excluded each other."""
    for table in ("orders", "refunds", "products", "exchange_rates", "sales_forecasts"):
        rows = f"SELECT * FROM `sales.{table}` {of_all_days(table)}"
        shop.sql(f"INSERT INTO `sales.{table}` {rows}")


def forget(shop):
    """Forget a customer. Load their row without an order, then an order of theirs that is new, with its web
    event."""
    erasure.forget("c2", shop.warehouse)
    later = MORNING + timedelta(hours=9)
    shop.load(
        *FOLDERS["listed"],
        day=DAY,
        run_id="listed",
    )
    shop.load(
        *FOLDERS["forgotten"],
        day=DAY,
        run_id="forgotten",
    )
    website = Website(shop)
    buy(website, "3000")
    website.add(
        "w8", at("2026-11-14 23:00"), "purchase", order_id="3000", received=NOON
    )  # too late
    website.run(
        DAY,
        later,
        run_id="forgotten",
        check=False,
    )
    shop.warehouse.query("warehouse/tables/forgotten_hashes/all.sql")
