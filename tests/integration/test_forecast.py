"""The forecast on a warehouse, by its tasks: what is known, what is loaded and reported, how it is scored."""

import logging
import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from click.testing import CliRunner

from ecommerce.cli.forecast import forecast as command
from ecommerce.core.business_day import days_between
from ecommerce.core.errors import PipelineError
from ecommerce.core.periods import period_of
from ecommerce.forecast import loading, tasks
from ecommerce.forecast.data.history import NoHistory, prepare, read_prepared
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.partner_ftp.files import Announced, PartnerFiles, Promotion
from ecommerce.forecast.report import archive
from ecommerce.runtime.run_context import run_of
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from ecommerce.storage.staging import DagRun
from tests.integration.made_up_sales import CATEGORIES, amount, sell, total
from tests.integration.warehouse.loadable import daily_sales, midnight
from tests.rows import column_of, columns_of

WEEK = period_of("week", date(2026, 11, 2))
NEXT = period_of("week", date(2026, 11, 9))
FIRST = WEEK.first - timedelta(days=17 * 7)
HISTORY = 18 * 7
"""Days up to the end of `WEEK`."""
NOTHING_ANNOUNCED = PartnerFiles()


def context_of(week, run_id="first", **params):
    """What Airflow gives to the tasks of a run that somebody triggered for a week."""
    run = SimpleNamespace(
        dag_id="weekly_sales_forecast",
        partition_key=None,
        run_after=datetime(2027, 1, 20, tzinfo=UTC),
    )
    params["week"] = str(week.first)
    return {"dag_run": run, "run_id": run_id, "params": params}


def run_week(week, run_id="first", partner=NOTHING_ANNOUNCED):
    """The tasks of a weekly run behind the fetching of the partner's files; what that of the report gets: the
    prepared sales, the model, the warnings of the checks."""
    context = context_of(week, run_id)
    manifest = to_plain(
        prepare(
            run_of(context),
            week.next.first,
            partner,
        )
    )
    model = tasks.train.function(manifest)
    predicted = tasks.predict.function(manifest, model, **context)
    loaded = tasks.load.function(predicted, **context)
    return manifest, model, tasks.checks.function(loaded, **context)


def forecast_table(as_of, series="total", *options):
    """What `make forecast` prints."""
    arguments = [
        f"--series={series}",
        f"--as-of={as_of}",
        *options,
    ]
    # The command adds the settings of this checkout's demo, and `main` disables logging.
    with patch.dict(os.environ):
        try:
            done = CliRunner().invoke(command, arguments, catch_exceptions=False)
        finally:
            logging.disable(logging.NOTSET)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def forecasts(shop):
    return shop.sql(
        "SELECT * FROM sales.sales_forecasts WHERE target_date IS NOT NULL "
        "ORDER BY series, made_at, target_date"
    )


def kept_models(shop):
    paths = (shop.folder / "models").rglob("*")
    return {path: path.read_bytes() for path in paths if path.is_file()}


BOUNDS = ("lower_95", "lower_80", "forecast", "upper_80", "upper_95")
BAD_ROW = {
    "file": "promotions.csv",
    "row_number": 3,
    "reason": "invalid_discount",
    "detail": "discount_percent is -5",
    "raw": "2026-11-27,2026-11-30,MUG-01,-5",
}
MADE_AT = datetime(2026, 11, 9, 5, tzinfo=UTC)
"""Midnight in New York."""


def test_a_week_is_forecast_loaded_and_repeated(made_up_shop):
    sell(made_up_shop, FIRST, HISTORY)
    assert loading.week_state(WEEK, "test") == ([], set())
    partner = PartnerFiles(rejected=(BAD_ROW,))
    *_, warnings = run_week(WEEK, partner=partner)
    assert warnings == []
    assert loading.week_state(WEEK, "test") == ([], {WEEK.next.first})
    assert loading.week_state(NEXT, "test") == (
        [*NEXT.days],
        {WEEK.next.first},
    )
    assert loading.week_state(WEEK.before, "test") == ([], set())

    rows = forecasts(made_up_shop)
    series = [f"category:{name}" for name in sorted(CATEGORIES)]
    series += ["channel:web", "total"]
    days = days_between(
        WEEK.next.first,
        WEEK.next.first + timedelta(days=27),
    )
    keys = columns_of(rows, "series", "target_date")
    assert keys == list(product(series, days))
    sums = Counter()
    for row in rows:
        assert row["made_at"] == MADE_AT
        assert row["actual"] is None
        bounds = [row[name] for name in BOUNDS]
        assert bounds == sorted(bounds)
        if row["series"].startswith("category:"):
            sums[row["target_date"]] += row["forecast"]
    for row in rows[-28:]:
        day = row["target_date"]
        assert row["forecast"] == pytest.approx(
            total(day),
            rel=Decimal("0.05"),
        )
        assert abs(sums[day] - row["forecast"]) <= Decimal("0.0002")

    # The same week again ends in the same rows, model and card.
    models = kept_models(made_up_shop)
    run_week(WEEK, partner=partner)
    run_week(WEEK, "second")
    again = [row | {"run_id": "first"} for row in forecasts(made_up_shop)]
    assert again == rows
    assert kept_models(made_up_shop) == models
    [rejected] = made_up_shop.sql(
        "SELECT * FROM sales.rejected_rows WHERE business_date IS NOT NULL"
    )
    assert rejected == BAD_ROW | {
        "business_date": WEEK.last,
        "source": "sales_forecast",
        "run_id": "first",
        "order_id": None,
    }

    with pytest.raises(AirflowSkipException, match="force"):
        tasks.due.function(**context_of(WEEK))
    tasks.due.function(**context_of(WEEK, force=True))

    # Another model replaces it.
    ridge = {"champion": "ridge"}
    registry.keep(
        Store.of_models(),
        registry.CHAMPIONS,
        WEEK.next.first,
        ridge,
    )
    run_week(WEEK, "third")
    replaced = forecasts(made_up_shop)
    assert column_of(replaced, "model") == ["ridge"] * len(rows)


def test_only_what_was_known_before_the_day_counts_as_it_is_now(made_up_shop):
    as_of = WEEK.next.first
    sell(made_up_shop, FIRST, HISTORY - 2)
    sell(
        made_up_shop,
        WEEK.days[5],
        2,
        runs=False,
    )
    assert loading.week_state(WEEK, "test") == (
        [*WEEK.days[5:]],
        set(),
    )
    sell(
        made_up_shop,
        as_of - timedelta(days=1101),
        1,
        runs=False,
    )
    out = made_up_shop.folder / "forecast.csv"
    printed = forecast_table(as_of, "total", f"--out={out}")
    written = out.read_text()
    sell(made_up_shop, as_of, 30)
    run_week(period_of("week", as_of + timedelta(days=21)))
    assert forecast_table(as_of, "total", f"--out={out}") == printed
    assert out.read_text() == written
    assert forecast_table(as_of + timedelta(days=14)) != printed
    assert len(written.splitlines()) == 1 + 28
    assert printed[0] == "total: gross sales in USD, by blend, as of 2026-11-09"
    assert printed[2].split()[:2] == ["2026-11-09", "495.15"]

    day = WEEK.days[4]
    made_up_shop.sql(
        "UPDATE sales.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date = '{day}'"
    )
    manifest = prepare(DagRun("weekly", "again"), as_of, NOTHING_ANNOUNCED)
    history = read_prepared(manifest).panels()
    panel = history.panels["category"]
    assert panel.first_day == FIRST, "no day is older than three years"
    sold = panel.values.sum(axis=1)
    assert sold[-3:].tolist() == [
        2 * total(day),
        *map(total, WEEK.days[5:]),
    ]

    store = Store.of_models()
    kept = training.fit(
        history,
        registry.champion(store, as_of),
        store,
    )
    store.write(
        f"{kept['name']}/{training.MODEL}",
        b"something else",
    )
    with pytest.raises(PipelineError, match=r"clear the task `train` with downstream"):
        training.read(kept, store)


SHORT = "cannot be forecast: the warehouse has fewer than 28 days"
WITHOUT_HISTORY = [
    (FIRST, "total", "no sales in the three years before"),
    (WEEK.next.first, "category:Toys", f"Toys {SHORT}"),
    (FIRST + timedelta(days=3), "total", f"total {SHORT}"),
    (WEEK.next.first, "Toys", "'Toys' is not a series: use total, category:"),
]


def test_without_a_history_there_is_no_forecast_and_no_selection(made_up_shop):
    missing = "no sales in the three years before 2026-11-09"
    with pytest.raises(NoHistory, match=missing):
        run_week(WEEK)
    context = context_of(WEEK, as_of=None)
    context["dag_run"].run_after = MADE_AT + timedelta(hours=23)
    with pytest.raises(AirflowSkipException, match="years before 2026-11-09"):
        tasks.prepare_selection.function(**context)

    sell(made_up_shop, FIRST, HISTORY)
    context["params"]["as_of"] = "2026-11-01"
    manifest = tasks.prepare_selection.function(**context)
    assert manifest["business_date"] == "2026-10-31"
    for as_of, series, sentence in WITHOUT_HISTORY:
        with pytest.raises(PipelineError, match=sentence):
            forecast_table(as_of, series)


def order_line(sku, back, amount, **values):
    """A row of an order line so many days before the forecast."""
    day = WEEK.next.first - timedelta(days=back)
    return {
        "order_id": f"O-{sku}-{back}",
        "sku": sku,
        "product_name": "Product",
        "business_date": day,
        "gross_amount": amount,
        "is_sale": True,
        "currency": "USD",
        "category": "Kitchen",
        "ordered_at": midnight(day),
        "read_at": midnight(day),
    } | values


def test_products_are_the_best_selling_of_a_quarter_and_the_promoted_ones(
    made_up_shop,
):
    sell(made_up_shop, FIRST, HISTORY)
    lines = [
        order_line("promoted", 1, 1),
        order_line("S-29", 2, 5, product_name="Older name"),
        order_line("before", 92, 9999),
        order_line("s-29", 91, 700),
        order_line("today", 0, 9999),
        order_line("test", 1, 9999, is_test=True),
        order_line("cancelled", 1, 9999, is_sale=False),
        order_line("francs", 1, 900, currency="CHF"),
        order_line("free", 2, 0),
    ]
    expected = {
        ("promoted", 1): 1,
        ("S-29", 2): 5,
        ("s-29", 91): 700,
    }
    expected["francs", 1] = 1100  # at 1.1 / 0.9
    for number in range(30):
        sku = f"S-{number:02}"
        lines.append(order_line(sku, 1, 100 + number))
        if number >= 7:
            expected[sku, 1] = 100 + number
    made_up_shop.insert("order_lines", lines)
    day = WEEK.days[-1]
    rates = [{"currency": "USD", "rate": 1.1}, {"currency": "CHF", "rate": 0.9}]
    made_up_shop.insert("exchange_rates", rates, rate_date=day)
    # An export that ended yesterday has sold in a channel of its own.
    sold = daily_sales(day, "old_shop", 5, category="Kitchen")
    made_up_shop.insert("daily_sales", [sold])
    made_up_shop.exported("old_shop", day, day)
    as_of = WEEK.next.first
    promotion = Promotion(as_of, as_of, "promoted", Decimal(10))
    partner = PartnerFiles(Announced((promotion,)))
    sales = read_prepared(prepare(DagRun("weekly", "first"), as_of, partner))
    sold = {}
    for row in sales.table.to_pylist():
        if row["kind"] == "sku":
            assert row["category"] == "Kitchen"
            assert row["is_best_seller"] == (row["name"] != "promoted")
            back = (as_of - row["business_date"]).days
            sold[row["name"], back] = row["gross_sales"]
    assert sold == expected
    history = sales.panels()
    assert history.products["S-29"] == "Product"
    assert len(history.panels["sku"].series) == 25
    assert history.promotions == (promotion,)
    assert history.panels["channel"].series == ("channel:web",)
    kitchen = history.panels["category"].values[-1, 1]
    assert kitchen == amount(day, CATEGORIES.index("Kitchen")) + 5
    # A day before, few products have sales; what is free is none of them.
    earlier = prepare(DagRun("weekly", "earlier"), day, NOTHING_ANNOUNCED)
    series = read_prepared(earlier).panels().panels["sku"].series
    assert series == ("sku:S-29", "sku:before", "sku:s-29")
    with pytest.raises(PipelineError, match=f"sku:S-00 {SHORT[:40]}"):
        forecast_table(as_of, "sku:S-00")


PROMOTION = Promotion(
    date(2026, 12, 1),
    date(2026, 12, 2),
    "KIT-1",
    Decimal(10),
)
PARTNER = PartnerFiles(
    Announced((PROMOTION,)),
    warnings=("one row is odd",),
)


def report_of(week):
    """The figures of a week's report, and what the mails are given."""
    prepared = run_week(week, partner=PARTNER)
    archived = tasks.report.function(*prepared, **context_of(week))
    return archive.ARCHIVE.read_figures(archived["uri"]), archived


def test_the_second_report_looks_back_at_the_first(made_up_shop):
    sell(made_up_shop, WEEK.first - timedelta(days=10 * 7), 11 * 7)
    first, archived = report_of(WEEK)
    assert archived["uri"].endswith("/reports/forecasts/2026-11-09")
    for past in first.past:
        assert past.actual == total(past.day)
    assert [promotion.sku for promotion in first.promotions] == ["KIT-1"]
    assert first.warnings == ["one row is odd"]
    assert first.card.total_error is not None

    # Twice as much is sold as ever, and one day is incomplete: it is in no score.
    sell(made_up_shop, NEXT.first, 7)
    made_up_shop.sql(
        "UPDATE sales.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date >= '{NEXT.first}'"
    )
    made_up_shop.sql(
        f"UPDATE sales.daily_summary SET complete = FALSE WHERE business_date = '{NEXT.days[-1]}'"
    )
    second, archived = report_of(NEXT)
    forecasts = [day.expected for day in first.total.days[:7]]
    assert [day.expected for day in second.last_week] == forecasts
    assert [day.outside for day in second.last_week] == [95] * 6 + [None]
    score = second.scores[0]
    assert score.actual == sum(2 * total(day) for day in NEXT.days[:6])
    assert second.drift.score.periods == 6
    assert archived["drift"] == [], "too few days are scored"
