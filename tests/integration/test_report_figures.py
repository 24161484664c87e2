"""The report's queries against the warehouse that the load fills."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ecommerce.sales import erasure
from ecommerce.sales.report.figures.daily import figures_hash
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
from tests.source_names import EXCHANGE_RATES, SALES_DB, STOREFRONT
from tests.unit.sales.report import readable
from tests.unit.sales.tables import cells

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
    rates = [(day, "USD", "2.5"), (day, "GBP", "1.99992")]
    folders = [
        Folder(orders, source=STOREFRONT, read_at=read_at),
        Folder(source=EXCHANGE_RATES, read_at=read_at, rates=rates),
    ]
    manifests = [folder.publish(tmp_path, day) for folder in folders]
    load_day(warehouse, day, manifests)
    figures = figures_of(warehouse, day)
    # 2.5 / 1.99992 is 1.250050002: each pin alone would be 1.2501.
    products = [(product.sku, product.sales) for product in figures.products]
    assert products == [("pins-1", D("375.015"))]
    assert figures.headline["net_sales"].value == D("375.015")
    # A week before nothing was loaded, so it is compared with the day before.
    changes = figures.changes
    assert (changes.base, changes.unconverted) == (DAY, ["BRL"])
    movers = changes.rising + changes.falling
    assert [(each.sku, each.before, each.now) for each in movers] == [
        ("pins-1", 0, D("375.015")),
        ("garden-1", 155, 0),
        ("toys-1", 80, 0),
        ("garden-2", 40, 0),
    ]


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
        if path == "report/daily_sales/breakdowns.sql" and not interfered:
            interfered.append(path)
            bring("second", "5.00")
        return query(path, **options)

    monkeypatch.setattr(warehouse, "query", interfering)
    figures = figures_of(warehouse, day)
    assert interfered
    assert figures.headline["net_sales"].value == 15
    assert sum(row.net_sales for row in figures.channels) == 15


# `near` and `far`: how far the intervals of 80 and of 95 % reach to both sides. The day begins at 05:00 UTC
# in New York; a forecast made when it ends is of what comes, and reaches a day too far.
FORECASTS = """
made_at             | target_date | series             | forecast | near | far
2026-03-02 05:00:00 | 2026-03-02  | total              | 280      | 10   | 20
2026-03-02 05:00:00 | 2026-03-02  | channel:sales_db   | 150      | 10   | 20
2026-03-02 05:00:00 | 2026-03-02  | channel:storefront | 140      | 10   | 14
2026-03-02 05:00:00 | 2026-03-02  | category:Toys      | 90       | 0    | 0
2026-03-02 05:00:00 | 2026-03-02  | category:Books     | 7        | 2    | 9
2026-03-02 05:00:00 | 2026-03-02  | sku:toys-1         | 90       | 10   | 20
2026-03-02 05:00:00 | 2026-03-03  | total              | 1        | 0    | 0
2026-03-02 05:00:01 | 2026-03-02  | total              | 2        | 0    | 0
2026-02-23 05:00:00 | 2026-03-02  | total              | 3        | 0    | 0
2026-02-23 05:00:00 | 2026-03-02  | category:Garden    | 3        | 0    | 0
2026-02-23 05:00:00 | 2026-02-28  | total              | 90       | 10   | 20
2026-03-03 05:00:00 | 2026-03-03  | total              | 5        | 1    | 2
2026-03-03 05:00:00 | 2026-03-09  | total              | 5        | 1    | 2
2026-03-03 05:00:00 | 2026-03-10  | total              | 5        | 1    | 2
2026-03-03 05:00:00 | 2026-03-04  | channel:sales_db   | 9        | 1    | 2
2026-03-03 05:00:01 | 2026-03-04  | total              | 6        | 1    | 2
"""


def test_the_day_is_compared_with_the_forecast_that_was_in_force(warehouse, figures):
    rows = []
    for row in cells(FORECASTS):
        middle, near, far = (int(row[name]) for name in ("forecast", "near", "far"))
        bounds = f"{middle - near}, {middle + near}, {middle - far}, {middle + far}"
        made_at = f"TIMESTAMP '{row['made_at']}+00'"
        which = f"'{row['series']}', '{row['target_date']}', 'blend', {made_at}"
        rows.append(f"({which}, {middle}, {bounds}, 'a run')")
    columns = "series, target_date, model, made_at, forecast"
    bounds = "lower_80, upper_80, lower_95, upper_95"
    insert(warehouse, "sales_forecasts", f"{columns}, {bounds}, run_id", *rows)

    later = figures_of(warehouse)
    found = later.expectation
    assert figures.expectation is None
    assert figures_hash(later) == figures_hash(figures)
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
    # Page one has the whole shop in the measure of the headline.
    assert found.net.actual == figures.headline["net_sales"].value

    assert figures.outlook is None
    assert later.outlook.made_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    first, last = later.outlook.days
    assert (first.day, last.day) == (before(-1), before(-7))
    assert (first.forecast, first.lower_80, first.upper_80) == (5, 4, 6)
    (incomplete,) = figures_of(warehouse, before(2)).expectation.series
    numbers = (incomplete.forecast, incomplete.actual, incomplete.verdict)
    assert numbers == (90, 0, None)


def test_restatements_since_the_last_mailed_report_are_listed(warehouse):
    insert(
        warehouse,
        "report_deliveries",
        "business_date, figures_hash, message_id, state, sent_at, figures_at",
        """
        ('2026-03-01', 'a', '<a@x>', 'sent',
            TIMESTAMP '2026-03-02 11:20:00+00', TIMESTAMP '2026-03-02 11:20:00+00'),
        ('2026-03-02', 'b', '<b@x>', 'sent',
            TIMESTAMP '2026-03-03 11:30:00+00', TIMESTAMP '2026-03-03 11:30:00+00'),
        ('2026-02-20', 'old', '<old@x>', 'sent',
            TIMESTAMP '2026-03-03 11:15:00+00', TIMESTAMP '2026-03-03 11:15:00+00'),
        ('2026-02-28', 'c', '<c@x>', 'claimed', NULL, NULL)
        """,
    )
    # In the last report, while that one waited for its mail, since; of the day itself, of a later day.
    insert(
        warehouse,
        "report_restatements",
        "business_date, figure, detected_at, old, `new`, reason",
        """
        ('2026-02-23', 'net_sales', TIMESTAMP '2026-03-02 11:10:00+00', 90, 85, 'why'),
        ('2026-02-23', 'returns', TIMESTAMP '2026-03-02 12:10:00+00', 0, 5, 'why'),
        ('2026-02-23', 'net_sales', TIMESTAMP '2026-03-03 11:10:00+00', 85, 80, 'why'),
        ('2026-03-02', 'tax', TIMESTAMP '2026-03-03 12:10:00+00', 7, 8, 'why'),
        ('2026-03-03', 'tax', TIMESTAMP '2026-03-04 12:10:00+00', 7, 8, 'why')
        """,
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
    monkeypatch.setattr(
        warehouse, "settings", warehouse.settings.model_copy(update=uris)
    )
    monkeypatch.setattr(erasure, "customer_hash", lambda *_: "new")
    erasure.forget("new@customers.test", warehouse)
    again = figures_of(warehouse, code_version="later")
    assert again.headline == figures.headline
    assert figures_hash(again) == figures_hash(figures)


def test_web_events_match_orders_until_the_day_after_and_bots_look_at_nothing(
    warehouse,
):
    moment = f"TIMESTAMP '{NOON}'"
    rest = f"FALSE, {moment}, 'r'"
    insert(
        warehouse,
        "user_events",
        "business_date, event_id, event_type, sku, order_id, is_bot, occurred_at, received_at, "
        "visitor_hash, is_skewed, read_at, run_id",
        f"""
        ('{before(-1)}', '0', 'purchase', NULL, '10', FALSE, {moment}, {moment}, 'ann', {rest}),
        ('{before(-2)}', '1', 'purchase', NULL, '11', FALSE, {moment}, {moment}, 'ann', {rest}),
        ('{DAY}', '2', 'view_item', 'lamp', NULL, FALSE, {moment}, {moment}, 'ann', {rest}),
        ('{DAY}', '3', 'view_item', 'clock', NULL, TRUE, {moment}, {moment}, 'ann', {rest}),
        ('{DAY}', '4', 'view_item', 'lamp', NULL, FALSE, {moment}, {moment}, 'ann', {rest}),
        ('{DAY}', '5', 'view_item', 'toys-1', NULL, FALSE, {moment}, {moment}, 'bob', {rest}),
        ('{before(1)}', '6', 'purchase', NULL, 's1', FALSE, {moment}, {moment}, 'bob', {rest}),
        ('{DAY}', '7', 'purchase', NULL, 's2', FALSE, {moment}, {moment}, 'bob', {rest})
        """,
    )
    read = f"('{DAY}', 'web_events', 'r', 'success')"
    insert(warehouse, "load_audit", "business_date, source, run_id, status", read)
    site = figures_of(warehouse).website
    tracked = [(each.source, each.orders, each.seen) for each in site.tracked]
    assert tracked == [(SALES_DB, 2, 1), (STOREFRONT, 3, 2)]
    # What was purchased is not listed, and who looks twice is one visitor.
    assert [(each.sku, each.visitors) for each in site.viewed] == [("lamp", 1)]
