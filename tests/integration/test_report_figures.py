"""The report's queries against the warehouse that the load fills."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ecommerce.maintenance import erasure
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures import model
from ecommerce.sales.report.figures.quality import Provenance
from ecommerce.sales.report.findings import sentence
from ecommerce.sales.report.queries import read_figures
from ecommerce.sales.report.view.page import page_texts
from ecommerce.sources import (
    EXCHANGE_RATES,
    PARTNER_FILES,
    SALES_DB,
    SHOPIFY,
    SOURCES,
    STOREFRONT,
)
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import load
from tests.integration.warehouse.loadable import Folder, Order, at

DAY = date(2026, 3, 2)
DAG = "daily_sales_pipeline"
NOON = at("2026-03-02 17:00")


@pytest.fixture(scope="module")
def settings(bigquery_emulator, lend_dataset):
    """This process is the pipeline's environment, with a warehouse of its own."""
    with pytest.MonkeyPatch.context() as patch, lend_dataset() as dataset:
        patch.setenv("BIGQUERY_EMULATOR_HOST", bigquery_emulator.host)
        patch.setenv(
            "AIRFLOW_CONN_BIGQUERY",
            '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true, "project": "demo-shop"}}',
        )
        patch.setenv("BIGQUERY_DATASET", dataset)
        patch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
        patch.setenv("SHOP_TIMEZONE", "America/New_York")
        patch.setenv("REPORTING_CURRENCY", "USD")
        yield


@pytest.fixture(scope="module")
def warehouse(settings, tmp_path_factory):
    """Two weeks in which little happens, the days before DAY with gaps, and DAY with everything at once."""
    root = tmp_path_factory.mktemp("staging")
    warehouse = connect()

    def run(day, *folders, missing=()):
        run_id = f"run__{day}"
        read_at = at(f"{day + timedelta(days=1)} 11:00")
        brought = {folder.source: folder for folder in folders}
        manifests = []
        for source in SOURCES:
            if source in missing:
                continue
            folder = brought.get(source, Folder(source=source))
            folder.read_at = read_at
            manifests.append(folder.publish(root, day, run_id))
        return load(
            manifests,
            spec=ORDERS,
            business_date=day,
            run_id=run_id,
            dag_id=DAG,
            missing_sources=missing,
            warehouse=warehouse,
        )

    run(
        DAY - timedelta(days=12),
        Folder([Order("1", at("2026-02-18 17:00"), customer="old")]),
    )
    run(
        DAY - timedelta(days=7),
        Folder(
            [Order("2", at("2026-02-23 17:00"), [("Toys", "1", "80.00")], customer="b")]
        ),
    )
    run(DAY - timedelta(days=2), missing=[STOREFRONT])
    run(
        DAY - timedelta(days=1),
        Folder(
            [Order("3", at("2026-03-01 17:00"), [("Toys", "1", "50.00")], customer="c")]
        ),
    )
    run(
        DAY,
        Folder(
            [
                Order(
                    "10",
                    NOON,
                    [("Toys", "2", "60.00"), ("Garden", "1", "40.00")],
                    customer="old",
                    discount="10",
                    tax="7.2",
                    shipping="5",
                ),
                Order(
                    "11",
                    NOON,
                    [("Toys", "1", "30.00")],
                    customer="new",
                    country_code="DE",
                ),
                Order(
                    "12",
                    NOON,
                    [("Toys", "1", "500.00")],
                    customer="x",
                    status="cancelled",
                    is_sale=False,
                ),
                Order(
                    "13", NOON, [("Toys", "1", "700.00")], customer="y", is_test=True
                ),
            ],
            rejected=[
                {
                    "reason": "invalid_number",
                    "raw": "line of jane@example.com",
                    "file": None,
                },
                {"reason": "invalid_number", "raw": "second"},
                {"reason": "invalid_number", "raw": "third"},
                {"reason": "invalid_number", "raw": "fourth"},
                {"reason": "missing_value", "raw": "fifth"},
            ],
            totals={"source_orders": 4, "source_amount": "1330.00"},
        ),
        Folder(
            [
                Order(
                    "s1",
                    NOON,
                    [("Garden", "1", "20.00")],
                    source="storefront",
                    customer="new2",
                ),
                Order(
                    "s2",
                    NOON,
                    [("Garden", "3", "1000.00")],
                    source="storefront",
                    customer="br",
                    currency="BRL",
                ),
                Order(
                    "s3",
                    NOON,
                    [("Garden", "1", "108.00")],
                    source="storefront",
                    customer="eu",
                    currency="EUR",
                    country_code=None,
                    refunds=[("r1", NOON, "30.00"), ("r1", NOON, "24.00")],
                ),
            ],
            source="storefront",
        ),
        Folder(source=EXCHANGE_RATES, rates=[(DAY, "USD", "1.25")]),
    )
    return warehouse


@pytest.fixture(scope="module")
def figures(warehouse):
    return figures_of(warehouse)


def figures_of(warehouse, day=DAY, **origin):
    values = {
        "dag_id": DAG,
        "run_id": f"run__{day}",
        "code_version": "test",
        "timezone": "America/New_York",
        "window_start": NOON,
        "window_end": NOON,
        "generated_at": datetime.now(UTC),
    }
    warning = {"kind": "note", "text": "a warning of bob@example.com"}
    return read_figures(warehouse, day, Provenance(**values | origin), [warning])


def headline(figures):
    return {name: figure.value for name, figure in figures.headline.items()}


def test_the_headline_counts_what_counts(figures):
    # Gross: 100 + 30 + 20 and 108 EUR at 1.25 = 135. Cancelled, test and unconverted orders are in no amount.
    assert headline(figures) == {
        "net_sales": Decimal("207.50"),
        "gross_sales": Decimal("285.00"),
        "discounts": Decimal("10.00"),
        "returns": Decimal("67.50"),
        "orders": 5,
        "units": 9,
        "customers": 5,
        "average_order_value": Decimal("68.75"),
        "new_customers": 4,
        "returning_customers": 1,
        "tax": Decimal("7.20"),
        "shipping": Decimal("5.00"),
    }


def test_the_average_order_says_what_it_leaves_out(figures):
    notes = {
        name: figure.note for name, figure in figures.headline.items() if figure.note
    }
    assert notes == {
        "average_order_value": "without orders in BRL, which have no exchange rate"
    }


def test_it_is_compared_with_complete_days_only(figures):
    net = figures.headline["net_sales"]
    assert (net.day_before, net.week_before) == (50, 80)
    assert net.average == Decimal(
        "46.6667"
    )  # of 10, 80 and 50; the day without storefront is incomplete
    assert figures.averaged_days == 3


def test_the_trend_has_gaps_where_days_were_not_loaded(figures):
    trend = {day.business_date: day for day in figures.trend}
    assert len(trend) == 28
    assert trend[DAY].net_sales == Decimal("207.50")
    complete = {each for each in trend if trend[each].complete}
    assert complete == {
        DAY - timedelta(days=days) for days in (0, 1, 7, 12)
    }  # two days before lacks a source
    assert trend[DAY - timedelta(days=3)].net_sales is None
    assert trend[DAY - timedelta(days=2)].net_sales == 0


def test_breakdowns_add_up_to_the_headline(figures):
    for rows in (figures.channels, figures.categories, figures.countries):
        assert sum(row.net_sales for row in rows) == figures.headline["net_sales"].value
        assert sum(row.units for row in rows) == figures.headline["units"].value
    assert [(row.name, row.orders, row.net_sales) for row in figures.channels] == [
        ("sales_db", 2, Decimal("120.00")),
        ("storefront", 3, Decimal("87.50")),
    ]
    assert [(row.name, row.orders) for row in figures.countries] == [
        ("US", 3),
        ("ZZ", 1),
        ("DE", 1),
    ]
    categories = {row.name: row.net_sales for row in figures.categories}
    assert categories == {
        "Garden": Decimal("195.00"),
        "Toys": Decimal("80.00"),
        "unallocated": Decimal("-67.50"),
    }


def test_changes_add_up_to_the_change_of_the_headline(figures):
    changes = figures.changes
    assert (changes.base, changes.before, changes.now) == (
        DAY - timedelta(days=7),
        80,
        Decimal("207.50"),
    )
    for rows in (changes.categories, changes.countries, changes.channels):
        assert sum(row.now - row.before for row in rows) == Decimal("127.50")
    assert [(row.name, row.before, row.now) for row in changes.categories] == [
        ("Garden", 0, 195),
        ("unallocated", 0, Decimal("-67.50")),
        ("Toys", 80, 80),
    ]
    assert [(row.name, row.before, row.now) for row in changes.channels] == [
        ("storefront", 0, Decimal("87.50")),
        ("sales_db", 80, 120),
    ]
    assert [(row.sku, row.now - row.before) for row in changes.rising] == [
        ("garden-1", 155),
        ("garden-2", 40),
    ]
    assert changes.falling == []


def test_the_month_so_far_has_no_comparison_where_days_are_missing(figures):
    month = figures.month
    assert (month.now.net_sales, month.now.orders, month.unfinished) == (
        Decimal("257.50"),
        6,
        0,
    )
    assert (month.last_month.last, month.last_month.net_sales) == (
        date(2026, 2, 2),
        None,
    )
    assert (month.last_year.last, month.last_year.net_sales) == (date(2025, 3, 2), None)


def test_reasons_of_returns_add_up_to_the_returns(figures):
    assert [
        (each.reason, each.refunds, each.amount) for each in figures.return_reasons
    ] == [(None, 1, Decimal("67.50"))]


def test_the_mean_of_a_weekday_leaves_out_the_day_itself(figures):
    assert figures.trend[-1].weekday_mean == 80
    assert figures.trend[-8].weekday_mean is None


def test_findings_name_what_is_in_no_amount_and_compare_the_rest(figures):
    assert figures.changes.unconverted == ["BRL"]
    assert [sentence(each, "USD") for each in figures.findings] == [
        "1 order in BRL is counted, but excluded from all amounts: there is no exchange rate.",
        "Channels since Mon 23 Feb: Storefront is new (+87.50 USD).",
        "Garden (category): +40.00 USD vs Mon 23 Feb, 100 % of the increase in net sales, without Storefront "
        "and amounts in BRL.",
    ]


def test_a_forecast_learns_from_what_counts(warehouse):
    rows = warehouse.query(
        "forecast/sku_series.sql",
        parameters={"named": []},
        first=DAY,
        day=DAY,
        recent=DAY,
        most=9,
    )
    assert {row["name"]: row["product"] for row in rows}["toys-1"] == "Toys 1"
    sold = {row["name"]: row["gross_sales"] for row in rows}
    assert sold == {"garden-1": 155, "toys-1": 90, "garden-2": 40}, (
        "neither the cancelled nor the test order"
    )


def test_the_best_products_come_first(figures):
    assert [(product.sku, product.sales) for product in figures.products] == [
        ("garden-1", Decimal("155.0000")),
        ("toys-1", Decimal("80.0000")),
        ("garden-2", Decimal("40.0000")),
    ]


def test_a_products_sales_are_rounded_after_summing(warehouse, tmp_path):
    day = DAY + timedelta(days=1)
    noon, read_at = NOON + timedelta(days=1), NOON + timedelta(days=2)
    orders = [
        Order(
            f"e{number}",
            noon,
            [("Pins", "1", "1.00")],
            source="storefront",
            currency="GBP",
        )
        for number in range(300)
    ]
    manifests = [
        Folder(orders, source=STOREFRONT, read_at=read_at).publish(tmp_path, day),
        Folder(
            source=EXCHANGE_RATES,
            read_at=read_at,
            rates=[(day, "USD", "1.25"), (day, "GBP", "0.99996")],
        ).publish(tmp_path, day),
    ]
    load(
        manifests,
        spec=ORDERS,
        business_date=day,
        run_id="run",
        dag_id=DAG,
        warehouse=warehouse,
    )
    figures = figures_of(warehouse, day)
    # 1.25 / 0.99996 is 1.250050002: each pin alone would be 1.2501.
    assert [(product.sku, product.sales) for product in figures.products] == [
        ("pins-1", Decimal("375.015"))
    ]
    assert figures.headline["net_sales"].value == Decimal("375.015")
    # A week before nothing was loaded, so it is compared with the day before.
    changes = figures.changes
    assert (changes.base, changes.unconverted) == (DAY, ["BRL"])
    assert [(each.sku, each.before, each.now) for each in changes.rising] == [
        ("pins-1", 0, Decimal("375.015"))
    ]
    assert [(each.sku, each.before, each.now) for each in changes.falling] == [
        ("garden-1", 155, 0),
        ("toys-1", 80, 0),
        ("garden-2", 40, 0),
    ]
    assert [product.sku for product in figures.products] == ["pins-1"]


def test_a_shop_with_25_channels_and_30_categories_has_a_report(warehouse, tmp_path):
    day = DAY + timedelta(days=9)
    noon, read_at = NOON + timedelta(days=9), NOON + timedelta(days=10)
    lines = [(f"Category {number}", "1", f"{number + 1}.00") for number in range(30)]
    orders = [
        Order(
            f"m{at}",
            noon,
            lines[at : at + 6],
            source=PARTNER_FILES,
            channel=f"partner {at}",
        )
        for at in range(25)
    ]
    manifest = Folder(orders, source=PARTNER_FILES, read_at=read_at).publish(
        tmp_path, day
    )
    load(
        [manifest],
        spec=ORDERS,
        business_date=day,
        run_id="run",
        dag_id=DAG,
        warehouse=warehouse,
    )
    figures = figures_of(warehouse, day)
    sections = {each["id"]: each["rows"] for each in page_texts(figures)["sections"]}
    assert (len(figures.channels), len(figures.categories)) == (25, 30)
    for name in ("channels", "categories"):
        *_, last = sections[name]
        assert last[0] == f"{len(getattr(figures, name)) - 20} others"
        assert last[-4:-2] == ["0.00", "0.00"], "discounts and returns"
        assert (
            sum(Decimal(row[-2].replace(",", "")) for row in sections[name])
            == headline(figures)["net_sales"]
        )


def test_unconverted_amounts_are_told_in_their_own_currency(figures):
    (unconverted,) = figures.quality.unconverted
    assert (unconverted.currency, unconverted.orders, unconverted.net_sales) == (
        "BRL",
        1,
        Decimal("1000.00"),
    )


def test_every_source_is_accounted_for(figures):
    sources = {source.source: source for source in figures.quality.sources}
    assert set(sources) == set(SOURCES)
    database = sources[SALES_DB]
    assert database.status == "success"
    assert (database.source_orders, database.orders_loaded) == (4, 4)
    assert (database.source_amount, database.amount_loaded) == (
        Decimal("1330.0000"),
        Decimal("1330.0000"),
    )
    assert database.rows_rejected == 5


def test_rejects_are_counted_by_reason_with_three_samples(figures):
    first, second = figures.quality.rejects
    assert (first.source, first.reason, first.rows, len(first.samples)) == (
        SALES_DB,
        "invalid_number",
        4,
        3,
    )
    assert (second.reason, second.rows, len(second.samples)) == ("missing_value", 1, 1)
    assert "jane" not in figures.model_dump_json(indent=1)
    assert "bob" not in figures.model_dump_json(indent=1)


def test_missing_days_are_named_with_the_command_that_fills_them(figures):
    loaded = {DAY - timedelta(days=days) for days in (12, 7, 2, 1)}
    expected = [DAY - timedelta(days=days) for days in range(12, 0, -1)]
    assert figures.quality.missing_days == [
        day for day in expected if day not in loaded
    ]
    assert figures.quality.fill_command == "make backfill FROM=2026-02-19 TO=2026-02-27"
    assert figures.quality.first_loaded == DAY - timedelta(days=12)


def test_the_first_day_ever_is_a_report(warehouse):
    figures = figures_of(warehouse, DAY - timedelta(days=12))
    assert figures.headline["net_sales"].value == figures.month.now.net_sales == 10
    assert (figures.quality.first_loaded, figures.quality.first_exported) == (
        figures.business_date,
        None,
    )
    assert figures.rates["repeat_share"].value is None
    assert (figures.changes, figures.outlook, figures.findings) == (None, None, [])
    assert [product.sku for product in figures.products] == ["toys-1"]


def test_an_incomplete_day_names_its_missing_sources(warehouse):
    figures = figures_of(warehouse, DAY - timedelta(days=2))
    assert not figures.quality.complete
    assert figures.quality.missing_sources == [STOREFRONT]
    statuses = {source.source: source.status for source in figures.quality.sources}
    assert statuses == {
        EXCHANGE_RATES: "success",
        PARTNER_FILES: "success",
        SALES_DB: "success",
        SHOPIFY: "success",
        STOREFRONT: "failed",
    }


def test_a_day_without_sales_is_a_report(warehouse):
    figures = figures_of(warehouse, DAY - timedelta(days=2))
    assert not figures.has_sales
    assert headline(figures)["net_sales"] == 0
    assert headline(figures)["average_order_value"] is None
    assert figures.channels == figures.categories == figures.products == []
    assert figures.return_reasons == []
    assert [(each.kind, each.about) for each in figures.findings] == [
        ("missing", [STOREFRONT])
    ]


def test_a_load_that_commits_while_the_figures_are_read_is_in_all_of_them(
    warehouse, tmp_path, monkeypatch
):
    day, noon = DAY + timedelta(days=10), NOON + timedelta(days=10)

    def bring(order_id, amount):
        folder = Folder(
            [Order(order_id, noon, [("Toys", "1", amount)])],
            read_at=noon + timedelta(days=1),
        )
        manifest = folder.publish(tmp_path, day, order_id)
        load(
            [manifest],
            spec=ORDERS,
            business_date=day,
            run_id=order_id,
            dag_id=DAG,
            warehouse=warehouse,
        )

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
    assert (
        figures.headline["net_sales"].value
        == sum(row.net_sales for row in figures.channels)
        == 15
    )


def test_reading_again_gives_the_same_hash(warehouse, figures):
    assert model.figures_hash(
        figures_of(warehouse, code_version="later")
    ) == model.figures_hash(figures)


def forecast(warehouse, made_at, *rows):
    """Put forecasts into the warehouse. `rows`: day, series, forecast, how far the intervals of 80 and of
    95 % reach to both sides."""
    values = [
        f"('{series}', DATE '{day}', 'blend', TIMESTAMP '{made_at}', NUMERIC '{value}', "
        + ", ".join(f"NUMERIC '{value + side}'" for side in (-near, near, -far, far))
        + ", NULL, 'forecast run')"
        for day, series, value, near, far in rows
    ]
    columns = "series, target_date, model, made_at, forecast, lower_80, upper_80, lower_95, upper_95"
    table = f"{warehouse.settings.bigquery_dataset}.sales_forecasts"
    sql = (
        f"INSERT INTO `{table}` ({columns}, actual, run_id) VALUES {', '.join(values)}"
    )
    warehouse.run(sql, "insert")


def test_the_day_is_compared_with_the_forecast_that_was_in_force(warehouse):
    before = figures_of(warehouse)
    incomplete = DAY - timedelta(days=2)
    # Midnight in New York, an instant later, and a week before; the day begins at 05:00 UTC.
    forecast(
        warehouse,
        "2026-03-02 05:00:00+00",
        (DAY, "total", 280, 10, 20),
        (DAY, "channel:sales_db", 150, 10, 20),
        (DAY, "channel:storefront", 140, 10, 14),
        (DAY, "category:Toys", 90, 0, 0),
        (DAY, "category:Books", 7, 2, 9),
        (DAY, "sku:toys-1", 90, 10, 20),
        (DAY + timedelta(days=1), "total", 1, 0, 0),
    )
    forecast(warehouse, "2026-03-02 05:00:01+00", (DAY, "total", 2, 0, 0))
    week_before = ((DAY, "category:Garden", 3, 0, 0), (incomplete, "total", 90, 10, 20))
    forecast(warehouse, "2026-02-23 05:00:00+00", (DAY, "total", 3, 0, 0), *week_before)

    # One made when the day ends is of what comes; it reaches a day too far. The next is a second too late.
    in_days = (DAY + timedelta(days=days) for days in (1, 7, 8))
    forecast(
        warehouse,
        "2026-03-03 05:00:00+00",
        *((each, "total", 5, 1, 2) for each in in_days),
    )
    forecast(
        warehouse, "2026-03-03 05:00:01+00", (DAY + timedelta(days=2), "total", 6, 1, 2)
    )

    figures = figures_of(warehouse)
    found = figures.expectation
    assert before.expectation is None
    assert model.figures_hash(figures) == model.figures_hash(before)
    assert (found.made_at, found.model) == (
        datetime(2026, 3, 2, 5, tzinfo=UTC),
        "blend",
    )
    assert [
        (each.series, each.forecast, each.actual, each.verdict) for each in found.series
    ] == [
        ("total", 280, 285, "as expected"),
        ("channel:sales_db", 150, 130, "unusual"),
        ("channel:storefront", 140, 155, "very unusual"),
        ("category:Toys", 90, 90, "as expected"),
        ("category:Books", 7, 0, "unusual"),
    ]
    bounds = found.series[0].model_dump(
        include={"lower_80", "upper_80", "lower_95", "upper_95"}
    )
    assert bounds == {
        "lower_80": 270,
        "upper_80": 290,
        "lower_95": 260,
        "upper_95": 300,
    }
    assert found.unforecast == ["category:Garden"]

    assert before.outlook is None
    assert figures.outlook.made_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert [
        (each.day, each.forecast, each.lower_80, each.upper_80)
        for each in figures.outlook.days
    ] == [
        (DAY + timedelta(days=1), 5, 4, 6),
        (DAY + timedelta(days=7), 5, 4, 6),
    ]
    (of_incomplete,) = figures_of(warehouse, incomplete).expectation.series
    assert (of_incomplete.forecast, of_incomplete.actual, of_incomplete.verdict) == (
        90,
        0,
        None,
    )


def test_restatements_since_the_last_mailed_report_are_listed(warehouse):
    dataset = warehouse.settings.bigquery_dataset

    def insert(table, columns, values):
        warehouse.run(
            f"INSERT INTO `{dataset}.{table}` ({columns}) VALUES {values}", "insert"
        )

    insert(
        "report_deliveries",
        "business_date, figures_hash, message_id, state, sent_at, figures_at",
        "(DATE '2026-03-01', 'a', '<a@x>', 'sent', TIMESTAMP '2026-03-02 14:30:00+00',"
        " TIMESTAMP '2026-03-02 11:20:00+00'),"
        "(DATE '2026-03-02', 'b', '<b@x>', 'sent', TIMESTAMP '2026-03-03 11:30:00+00',"
        " TIMESTAMP '2026-03-03 11:30:00+00'),"
        "(DATE '2026-02-20', 'old', '<old@x>', 'sent', TIMESTAMP '2026-03-03 11:15:00+00',"
        " TIMESTAMP '2026-03-03 11:15:00+00'),"
        "(DATE '2026-02-28', 'c', '<c@x>', 'claimed', NULL, NULL)",
    )
    insert(
        "report_restatements",
        "business_date, figure, detected_at, old, `new`, reason",
        "(DATE '2026-02-23', 'net_sales', TIMESTAMP '2026-03-02 11:10:00+00', 90, 85, 'in the last report'),"
        "(DATE '2026-02-23', 'returns', TIMESTAMP '2026-03-02 12:10:00+00', 0, 5, 'while that one waited'),"
        "(DATE '2026-02-23', 'net_sales', TIMESTAMP '2026-03-03 11:10:00+00', 85, 80, 'late refund'),"
        "(DATE '2026-03-02', 'tax', TIMESTAMP '2026-03-03 12:10:00+00', 7, 8, 'of the day itself'),"
        "(DATE '2026-03-03', 'tax', TIMESTAMP '2026-03-04 12:10:00+00', 7, 8, 'of a later day')",
    )
    restatements = figures_of(warehouse).quality.restatements
    assert [
        (each.business_date, each.figure, each.old, each.new) for each in restatements
    ] == [
        (DAY, "tax", 7, 8),
        # A report of an earlier day, mailed since, has said nothing of this one.
        (date(2026, 2, 23), "net_sales", 85, 80),
        (date(2026, 2, 23), "returns", 0, 5),
    ]


def test_a_forgotten_customer_changes_no_figure(warehouse, monkeypatch, tmp_path):
    folders = {
        name: f"file://{tmp_path}/{name}" for name in ("staging_uri", "reports_uri")
    }
    monkeypatch.setattr(warehouse, "settings", replace(warehouse.settings, **folders))
    monkeypatch.setattr(erasure, "customer_hash", lambda *_: "new")
    before = figures_of(warehouse)
    erasure.forget("new@customers.test", warehouse)
    assert headline(figures_of(warehouse)) == headline(before)


@pytest.fixture
def web_events(warehouse):
    dataset, one = warehouse.settings.bigquery_dataset, timedelta(days=1)
    events = [
        (DAY + one, "purchase", "NULL", "'10'", False),
        (DAY + 2 * one, "purchase", "NULL", "'11'", False),
        (DAY, "view_item", "'lamp'", "NULL", False),
        (DAY, "view_item", "'clock'", "NULL", True),
    ]
    noon = f"TIMESTAMP '{NOON}'"
    rows = ", ".join(
        f"('{day}', '{number}', {noon}, {noon}, '{kind}', 'ann', {sku}, {order}, {bot}, FALSE, {noon}, 'r')"
        for number, (day, kind, sku, order, bot) in enumerate(events)
    )
    warehouse.run(
        f"INSERT INTO `{dataset}.user_events` (business_date, event_id, occurred_at, received_at, "
        f"event_type, visitor_hash, sku, order_id, is_bot, is_skewed, read_at, run_id) VALUES {rows}; "
        f"INSERT INTO `{dataset}.load_audit` (business_date, source, run_id, status) "
        f"VALUES ('{DAY}', 'web_events', 'r', 'success')",
        "the test's events",
    )
    yield
    warehouse.run(
        f"DELETE FROM `{dataset}.user_events` WHERE business_date = '{DAY}' AND run_id = 'r'; "
        f"DELETE FROM `{dataset}.load_audit` WHERE business_date = '{DAY}' AND run_id = 'r'",
        "the test's events",
    )


def test_web_events_match_orders_until_the_day_after_and_bots_look_at_nothing(
    warehouse, web_events
):
    one = timedelta(days=1)
    days = {"first": DAY, "before_first": DAY - one, "day": DAY, "day_after": DAY + one}
    tracked = warehouse.query("report/daily_sales/tracked_orders.sql", **days)
    assert {row["source"]: (row["orders"], row["seen"]) for row in tracked} == {
        SALES_DB: (2, 1),
        STOREFRONT: (3, 0),
    }
    viewed = warehouse.query(
        "report/daily_sales/viewed_not_purchased.sql", day=DAY, most=9
    )
    assert [(row["sku"], row["visitors"]) for row in viewed] == [("lamp", 1)]
