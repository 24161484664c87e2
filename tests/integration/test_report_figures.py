"""The report's queries against the warehouse that the load fills."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ecommerce.maintenance import erasure
from ecommerce.sales.report.figures import model
from ecommerce.sources import EXCHANGE_RATES, SALES_DB, STOREFRONT
from tests.integration.report_days import (
    DAY,
    NOON,
    before,
    figures_of,
    load_day,
    loaded,
    noon,
    sold,
)
from tests.integration.warehouse.loadable import Folder, Order
from tests.unit.sales.report import readable

D = Decimal


@pytest.fixture(scope="module")
def settings(bigquery_emulator, lend_dataset):
    """This process is the pipeline's environment, with a warehouse of its own."""
    extra = {"is_anonymous": True, "project": "demo-shop"}
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    with pytest.MonkeyPatch.context() as patch, lend_dataset() as dataset:
        patch.setenv("BIGQUERY_EMULATOR_HOST", bigquery_emulator.host)
        patch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
        patch.setenv("BIGQUERY_DATASET", dataset)
        patch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
        patch.setenv("SHOP_TIMEZONE", "America/New_York")
        patch.setenv("REPORTING_CURRENCY", "USD")
        yield


@pytest.fixture(scope="module")
def warehouse(settings, tmp_path_factory):
    """The warehouse of `report_days`; tests add days after DAY, or remove what they added."""
    return loaded(tmp_path_factory.mktemp("staging"))


@pytest.fixture(scope="module")
def figures(warehouse):
    return figures_of(warehouse)


def insert(warehouse, table, columns, *rows):
    """Put rows into a table, each written as a tuple of SQL."""
    table = f"{warehouse.settings.bigquery_dataset}.{table}"
    sql = f"INSERT INTO `{table}` ({columns}) VALUES {', '.join(rows)}"
    warehouse.run(sql, "the test's rows")


def test_the_headline_counts_what_counts(figures):
    # Gross: 100 + 30 + 20 and 108 EUR at 1.25 = 135. Cancelled, test and unconverted orders are in no amount.
    assert {name: figure.value for name, figure in figures.headline.items()} == {
        "net_sales": D("207.50"),
        "gross_sales": D("285.00"),
        "discounts": D("10.00"),
        "returns": D("67.50"),
        "orders": 5,
        "units": 9,
        "customers": 5,
        "average_order_value": D("68.75"),
        "new_customers": 4,
        "returning_customers": 1,
        "tax": D("7.20"),
        "shipping": D("5.00"),
    }
    net = figures.headline["net_sales"]
    assert (net.day_before, net.week_before) == (50, 80)
    # Of 10, 80 and 50; the day without storefront is incomplete.
    assert (net.average, figures.averaged_days) == (D("46.6667"), 3)


@pytest.mark.parametrize("days_before", [0, 2, 12])
def test_everything_that_the_report_says(warehouse, days_before, snapshot):
    """Of a day with everything, of one that is incomplete and sold nothing, and of the first day ever."""
    figures = figures_of(warehouse, before(days_before))
    assert readable.page(figures) == snapshot
    stored = figures.model_dump_json()
    assert "jane" not in stored
    assert "bob" not in stored


def test_parts_add_up_to_the_headline(figures):
    changes = figures.changes
    for name in ("channels", "categories", "countries"):
        rows = getattr(figures, name)
        assert sum(row.net_sales for row in rows) == D("207.50")
        assert sum(row.units for row in rows) == 9
        moved = getattr(changes, name)
        assert sum(row.now - row.before for row in moved) == D("127.50")


def test_a_forecast_learns_from_what_counts(warehouse):
    days = {"first": DAY, "day": DAY, "recent": DAY}
    statement = "forecast/sku_series.sql"
    rows = warehouse.query(statement, parameters={"named": []}, most=9, **days)
    # Neither the cancelled nor the test order.
    assert {row["name"]: (row["product"], row["gross_sales"]) for row in rows} == {
        "garden-1": ("Garden 1", 155),
        "toys-1": ("Toys 1", 90),
        "garden-2": ("Garden 2", 40),
    }


def test_a_products_sales_are_rounded_after_summing(warehouse, tmp_path):
    day, read_at = before(-1), noon(-2)
    shop = {"source": STOREFRONT, "currency": "GBP"}
    lines = [("Pins", "1", "1.00")]
    orders = [Order(f"e{n}", noon(-1), lines, **shop) for n in range(300)]
    rates = [(day, "USD", "1.25"), (day, "GBP", "0.99996")]
    folders = [
        Folder(orders, source=STOREFRONT, read_at=read_at),
        Folder(source=EXCHANGE_RATES, read_at=read_at, rates=rates),
    ]
    manifests = [folder.publish(tmp_path, day) for folder in folders]
    load_day(warehouse, day, manifests)
    figures = figures_of(warehouse, day)
    # 1.25 / 0.99996 is 1.250050002: each pin alone would be 1.2501.
    products = [(product.sku, product.sales) for product in figures.products]
    assert products == [("pins-1", D("375.015"))]
    assert figures.headline["net_sales"].value == D("375.015")
    # A week before nothing was loaded, so it is compared with the day before.
    changes = figures.changes
    assert (changes.base, changes.unconverted) == (DAY, ["BRL"])
    rising = [(each.sku, each.before, each.now) for each in changes.rising]
    assert rising == [("pins-1", 0, D("375.015"))]
    falling = [(each.sku, each.before, each.now) for each in changes.falling]
    assert falling == [("garden-1", 155, 0), ("toys-1", 80, 0), ("garden-2", 40, 0)]


def test_a_load_that_commits_while_the_figures_are_read_is_in_all_of_them(
    warehouse, tmp_path, monkeypatch
):
    day = before(-10)

    def bring(order_id, amount):
        folder = Folder([sold(order_id, -10, amount)], read_at=noon(-11))
        manifest = folder.publish(tmp_path, day, order_id)
        load_day(warehouse, day, [manifest], run_id=order_id)

    bring("first", "10.00")
    query, interfered = warehouse.query, []

    def interfering(path, **options):
        if path == "report/daily_sales/sales.sql" and not interfered:
            interfered.append(path)
            bring("second", "5.00")
        return query(path, **options)

    monkeypatch.setattr(warehouse, "query", interfering)
    figures = figures_of(warehouse, day)
    assert interfered
    assert figures.headline["net_sales"].value == 15
    assert sum(row.net_sales for row in figures.channels) == 15


def forecast(warehouse, made_at, *rows):
    """Put forecasts into the warehouse. `rows`: day, series, forecast, how far the intervals of 80 and of
    95 % reach to both sides."""
    values = []
    for day, series, value, near, far in rows:
        numbers = (value, value - near, value + near, value - far, value + far)
        amounts = ", ".join(f"NUMERIC '{number}'" for number in numbers)
        made = f"TIMESTAMP '{made_at}+00'"
        values.append(f"('{series}', '{day}', 'blend', {made}, {amounts}, 'a run')")
    bounds = "forecast, lower_80, upper_80, lower_95, upper_95"
    columns = f"series, target_date, model, made_at, {bounds}, run_id"
    insert(warehouse, "sales_forecasts", columns, *values)


def test_the_day_is_compared_with_the_forecast_that_was_in_force(warehouse, figures):
    # Midnight in New York, an instant later, and a week before; the day begins at 05:00 UTC.
    forecast(
        warehouse,
        "2026-03-02 05:00:00",
        (DAY, "total", 280, 10, 20),
        (DAY, "channel:sales_db", 150, 10, 20),
        (DAY, "channel:storefront", 140, 10, 14),
        (DAY, "category:Toys", 90, 0, 0),
        (DAY, "category:Books", 7, 2, 9),
        (DAY, "sku:toys-1", 90, 10, 20),
        (before(-1), "total", 1, 0, 0),
    )
    forecast(warehouse, "2026-03-02 05:00:01", (DAY, "total", 2, 0, 0))
    forecast(
        warehouse,
        "2026-02-23 05:00:00",
        (DAY, "total", 3, 0, 0),
        (DAY, "category:Garden", 3, 0, 0),
        (before(2), "total", 90, 10, 20),
    )
    # One made when the day ends is of what comes; it reaches a day too far. The next is a second too late.
    ahead = [(before(-days), "total", 5, 1, 2) for days in (1, 7, 8)]
    forecast(warehouse, "2026-03-03 05:00:00", *ahead)
    forecast(warehouse, "2026-03-03 05:00:01", (before(-2), "total", 6, 1, 2))

    later = figures_of(warehouse)
    found = later.expectation
    assert figures.expectation is None
    assert model.figures_hash(later) == model.figures_hash(figures)
    assert found.made_at == datetime(2026, 3, 2, 5, tzinfo=UTC)
    numbers = [(each.series, each.forecast, each.actual) for each in found.series]
    assert numbers == [
        ("total", 280, 285),
        ("channel:sales_db", 150, 130),
        ("channel:storefront", 140, 155),
        ("category:Toys", 90, 90),
        ("category:Books", 7, 0),
    ]
    assert [each.verdict for each in found.series] == [
        "as expected",
        "unusual",
        "very unusual",
        "as expected",
        "unusual",
    ]
    total = found.series[0]
    bounds = (total.lower_80, total.upper_80, total.lower_95, total.upper_95)
    assert bounds == (270, 290, 260, 300)
    assert found.unforecast == ["category:Garden"]

    assert figures.outlook is None
    assert later.outlook.made_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    first, last = later.outlook.days
    assert (first.day, last.day) == (before(-1), before(-7))
    assert (first.forecast, first.lower_80, first.upper_80) == (5, 4, 6)
    (incomplete,) = figures_of(warehouse, before(2)).expectation.series
    numbers = (incomplete.forecast, incomplete.actual, incomplete.verdict)
    assert numbers == (90, 0, None)


def test_restatements_since_the_last_mailed_report_are_listed(warehouse):
    def mailed(day, name, state, sent_at):
        sent = f"TIMESTAMP '{sent_at}+00'" if sent_at else "NULL"
        return f"('{day}', '{name}', '<{name}@x>', '{state}', {sent}, {sent})"

    def restated(day, figure, at, old, new):
        return f"('{day}', '{figure}', TIMESTAMP '{at}+00', {old}, {new}, 'why')"

    insert(
        warehouse,
        "report_deliveries",
        "business_date, figures_hash, message_id, state, sent_at, figures_at",
        mailed("2026-03-01", "a", "sent", "2026-03-02 11:20:00"),
        mailed("2026-03-02", "b", "sent", "2026-03-03 11:30:00"),
        mailed("2026-02-20", "old", "sent", "2026-03-03 11:15:00"),
        mailed("2026-02-28", "c", "claimed", ""),
    )
    insert(
        warehouse,
        "report_restatements",
        "business_date, figure, detected_at, old, `new`, reason",
        # In the last report, while that one waited for its mail, and since.
        restated("2026-02-23", "net_sales", "2026-03-02 11:10:00", 90, 85),
        restated("2026-02-23", "returns", "2026-03-02 12:10:00", 0, 5),
        restated("2026-02-23", "net_sales", "2026-03-03 11:10:00", 85, 80),
        # Of the day itself, and of a later day.
        restated("2026-03-02", "tax", "2026-03-03 12:10:00", 7, 8),
        restated("2026-03-03", "tax", "2026-03-04 12:10:00", 7, 8),
    )
    rows = figures_of(warehouse).quality.restatements
    assert [(each.business_date, each.figure, each.old, each.new) for each in rows] == [
        (DAY, "tax", 7, 8),
        # A report of an earlier day, mailed since, has said nothing of this one.
        (date(2026, 2, 23), "net_sales", 85, 80),
        (date(2026, 2, 23), "returns", 0, 5),
    ]


def test_a_forgotten_customer_changes_no_figure(
    warehouse, figures, monkeypatch, tmp_path
):
    uris = dict.fromkeys(("staging_uri", "reports_uri"), f"file://{tmp_path}")
    monkeypatch.setattr(warehouse, "settings", replace(warehouse.settings, **uris))
    monkeypatch.setattr(erasure, "customer_hash", lambda *_: "new")
    erasure.forget("new@customers.test", warehouse)
    again = figures_of(warehouse, code_version="later")
    assert again.headline == figures.headline
    assert model.figures_hash(again) == model.figures_hash(figures)


def test_web_events_match_orders_until_the_day_after_and_bots_look_at_nothing(
    warehouse,
):
    events = [
        (before(-1), "purchase", "NULL", "'10'", False),
        (before(-2), "purchase", "NULL", "'11'", False),
        (DAY, "view_item", "'lamp'", "NULL", False),
        (DAY, "view_item", "'clock'", "NULL", True),
    ]
    moment = f"TIMESTAMP '{NOON}'"
    rows = []
    for number, (day, kind, sku, order, is_bot) in enumerate(events):
        event = (
            f"'{day}', '{number}', {moment}, {moment}, '{kind}', 'ann', {sku}, {order}"
        )
        rows.append(f"({event}, {is_bot}, FALSE, {moment}, 'r')")
    columns = "business_date, event_id, occurred_at, received_at, event_type, visitor_hash, sku, order_id"
    insert(warehouse, "user_events", f"{columns}, is_bot, is_skewed, read_at, run_id", *rows)  # fmt: skip
    read = f"('{DAY}', 'web_events', 'r', 'success')"
    insert(warehouse, "load_audit", "business_date, source, run_id, status", read)
    one = timedelta(days=1)
    days = {"first": DAY, "before_first": DAY - one, "day": DAY, "day_after": DAY + one}
    tracked = warehouse.query("report/daily_sales/tracked_orders.sql", **days)
    assert {row["source"]: (row["orders"], row["seen"]) for row in tracked} == {
        SALES_DB: (2, 1),
        STOREFRONT: (3, 0),
    }
    viewed = "report/daily_sales/viewed_not_purchased.sql"
    rows = warehouse.query(viewed, day=DAY, most=9)
    assert [(row["sku"], row["visitors"]) for row in rows] == [("lamp", 1)]
