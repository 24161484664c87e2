"""The forecast on a warehouse, by what its tasks call: what is known, what is loaded, what came of it."""

import logging
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from click.testing import CliRunner

from ecommerce.cli.forecast import forecast as command
from ecommerce.core.errors import PipelineError
from ecommerce.forecast import loading, tasks
from ecommerce.forecast.data.history import NoHistory, prepare, read_prepared
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.partner_ftp.files import Announced, PartnerFiles, Promotion
from ecommerce.forecast.weeks import Week
from ecommerce.runtime.run_context import run_of
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from ecommerce.storage.staging import DagRun
from tests.integration.made_up_sales import (
    CATEGORIES,
    SALES_COLUMNS,
    amount,
    ask,
    environment,
    open_warehouse,
    sell,
)
from tests.integration.warehouse_contents import connect

MONDAY = date(2026, 11, 2)
WEEK, NEXT = Week(MONDAY), Week(MONDAY + timedelta(days=7))
FIRST = MONDAY - timedelta(days=17 * 7)
HISTORY = 18 * 7
"""Days up to the end of `WEEK`."""
NOTHING_ANNOUNCED = PartnerFiles()


@dataclass
class Shop:
    """A deployment, and its warehouse."""

    folder: Path
    dataset: str
    client: Any

    def sell(self, first, days, **options):
        sell(self.client, self.dataset, first, days, **options)

    def ask(self, sql):
        return ask(
            self.client,
            sql.replace("sales_forecasts", f"{self.dataset}.sales_forecasts"),
        )

    def forecasts(self):
        rows = self.ask("SELECT * FROM sales_forecasts WHERE target_date IS NOT NULL")
        return sorted(
            rows, key=lambda row: (row["series"], row["made_at"], row["target_date"])
        )


@pytest.fixture
def shop(
    bigquery_emulator,
    lend_dataset,
    tmp_path,
    monkeypatch,
):
    """An empty warehouse, which this process is connected to."""
    with lend_dataset() as dataset:
        settings = environment(bigquery_emulator, tmp_path, dataset)
        open_warehouse(settings, monkeypatch)
        yield Shop(tmp_path, dataset, connect(bigquery_emulator))


def context_of(week, run_id="first", **params):
    """What Airflow gives to the tasks of a run that somebody triggered for a week."""
    later = {"partition_key": None, "run_after": datetime(2027, 1, 20, tzinfo=UTC)}
    run = SimpleNamespace(dag_id="weekly_sales_forecast", **later)
    params = {"week": str(week.monday), **params}
    return {"dag_run": run, "run_id": run_id, "params": params}


def run_week(week, run_id="first", partner=NOTHING_ANNOUNCED):
    """The tasks of a weekly run behind the fetching of the partner's files; the warnings of the checks."""
    context = context_of(week, run_id)
    manifest = to_plain(prepare(run_of(context), week.as_of, partner))
    predicted = tasks.predict.function(
        manifest, tasks.train.function(manifest), **context
    )
    loaded = tasks.load.function(predicted, **context)
    return tasks.checks.function(loaded, **context)


def forecast_table(as_of, series="total", **files):
    """What `make forecast` prints."""
    options = [f"--{name}={value}" for name, value in files.items()]
    arguments = [f"--series={series}", f"--as-of={as_of}", *options]
    with patch.dict(
        os.environ
    ):  # the command adds the settings of this checkout's demo
        try:
            done = CliRunner().invoke(command, arguments, catch_exceptions=False)
        finally:
            logging.disable(logging.NOTSET)  # which `main` does
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def prepared(run_id):
    """The history that a run prepares for `WEEK`."""
    manifest = prepare(DagRun("weekly", run_id), WEEK.as_of, NOTHING_ANNOUNCED)
    return read_prepared(manifest).panels()


def files(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def total(day):
    return sum(amount(day, place) for place in range(len(CATEGORIES)))


BAD_ROW = {
    "file": "promotions.csv",
    "line_number": 3,
    "reason": "invalid_discount",
    "detail": "discount_percent is -5",
    "raw": "2026-11-27,2026-11-30,MUG-01,-5",
}
MADE_AT = datetime(2026, 11, 9, 5, tzinfo=UTC)
"""Midnight in New York."""


def test_a_week_is_forecast_loaded_and_repeated(shop):
    shop.sell(FIRST, HISTORY)
    assert loading.week_state(WEEK, "test") == ([], set())
    assert run_week(WEEK, partner=PartnerFiles(rejected=(BAD_ROW,))) == []
    assert loading.week_state(WEEK, "test") == ([], {WEEK.as_of})
    assert loading.week_state(NEXT, "test") == ([*NEXT.days], {WEEK.as_of})
    earlier = Week(WEEK.monday - timedelta(days=7))
    assert loading.week_state(earlier, "test") == ([], set())

    rows = shop.forecasts()
    names = {"total", "channel:web", *(f"category:{name}" for name in CATEGORIES)}
    days = [WEEK.as_of + timedelta(days=ahead) for ahead in range(28)]
    assert {row["series"] for row in rows} == names
    assert {(row["made_at"], row["actual"]) for row in rows} == {(MADE_AT, None)}
    assert len(rows) == 5 * 28
    of_total = [row for row in rows if row["series"] == "total"]
    assert [row["target_date"] for row in of_total] == days
    names = ("lower_95", "lower_80", "forecast", "upper_80", "upper_95")
    for row in of_total:
        day, forecast = row["target_date"], row["forecast"]
        amounts = [row[name] for name in names]
        assert amounts == sorted(amounts)
        assert abs(forecast - total(day)) < Decimal("0.05") * total(day)
        parts = 0
        for part in rows:
            is_category = part["series"].startswith("category:")
            parts += part["forecast"] * (is_category and part["target_date"] == day)
        assert abs(parts - forecast) <= Decimal("0.0002")

    # The same week again ends in the same rows, model and card.
    models = files(shop.folder / "models")
    run_week(WEEK, partner=PartnerFiles(rejected=(BAD_ROW,)))
    run_week(WEEK, "second")
    assert [{**row, "run_id": "first"} for row in shop.forecasts()] == rows
    assert files(shop.folder / "models") == models
    own = "business_date IS NOT NULL AND source = 'sales_forecast'"
    (rejected,) = shop.ask(f"SELECT * FROM {shop.dataset}.rejected_rows WHERE {own}")
    facts = {key: BAD_ROW[key] for key in ("file", "reason", "detail", "raw")}
    origin = {
        "business_date": WEEK.days[-1],
        "source": "sales_forecast",
        "order_id": None,
    }
    assert rejected == facts | origin | {"row_number": 3, "run_id": "first"}

    with pytest.raises(AirflowSkipException, match="force"):
        tasks.due.function(**context_of(WEEK))
    tasks.due.function(**context_of(WEEK, force=True))

    # Another model replaces it.
    store = Store.of_models()
    registry.keep(store, registry.CHAMPIONS, WEEK.as_of, {"champion": "ridge"})
    run_week(WEEK, "third")
    replaced = shop.forecasts()
    assert len(replaced) == len(rows)
    assert {row["model"] for row in replaced} == {"ridge"}


def test_only_what_was_known_before_the_day_counts_as_it_is_now(shop):
    shop.sell(FIRST, HISTORY - 2)
    shop.sell(WEEK.days[5], 2, runs=False)
    assert loading.week_state(WEEK, "test") == ([*WEEK.days[5:]], set())
    shop.sell(WEEK.as_of - timedelta(days=1101), 1, runs=False)
    out = shop.folder / "forecast.csv"
    printed = forecast_table(WEEK.as_of, out=out)
    written = out.read_bytes()
    shop.sell(WEEK.as_of, 30)
    run_week(Week(WEEK.as_of + timedelta(days=21)))
    assert forecast_table(WEEK.as_of, out=out) == printed
    assert out.read_bytes() == written
    assert forecast_table(WEEK.as_of + timedelta(days=14)) != printed
    header, *lines = written.decode().splitlines()
    assert header == "series,target_date,forecast,lower_80,upper_80,lower_95,upper_95"
    days = [str(WEEK.as_of + timedelta(days=ahead)) for ahead in range(28)]
    assert [line.split(",")[1] for line in lines] == days
    assert printed[0] == "total: gross sales in USD, by blend, as of 2026-11-09"
    assert printed[2].split()[:2] == ["2026-11-09", "495.12"]

    day = WEEK.days[4]
    shop.ask(
        f"UPDATE {shop.dataset}.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date = '{day}'"
    )
    history = prepared("again")
    panel = history.panels["category"]
    assert panel.first_day == FIRST, "no day is older than three years"
    sold = panel.values.sum(axis=1)
    assert sold[-3:].tolist() == [2 * total(day), *map(total, WEEK.days[5:])]

    store = Store.of_models()
    kept = training.fit(history, registry.champion(store, WEEK.as_of), store)
    store.write(f"{kept['name']}/{training.MODEL}", b"something else")
    with pytest.raises(PipelineError, match=r"clear the task `train` with downstream"):
        training.read(kept, store)


def test_without_a_history_there_is_no_forecast_and_no_selection(shop):
    with pytest.raises(
        NoHistory, match="no sales in the three years before 2026-11-09"
    ):
        run_week(WEEK)
    run_after = datetime(2026, 11, 10, 4, tzinfo=UTC)  # the 9th in New York
    run = SimpleNamespace(dag_id="forecast_model_selection", run_after=run_after)
    context = {"dag_run": run, "run_id": "scheduled", "params": {"as_of": None}}
    with pytest.raises(AirflowSkipException, match="years before 2026-11-09"):
        tasks.prepare_selection.function(**context)

    shop.sell(FIRST, HISTORY)
    chosen = context | {"params": {"as_of": "2026-11-01"}}
    manifest = tasks.prepare_selection.function(**chosen)
    assert manifest["business_date"] == "2026-10-31"
    for as_of, series, sentence in (
        (FIRST, "total", "no sales in the three years before"),
        (
            WEEK.as_of,
            "category:Toys",
            "Toys cannot be forecast: the warehouse has less than 28 days",
        ),
        (
            FIRST + timedelta(days=3),
            "total",
            "total cannot be forecast: the warehouse has less",
        ),
        (WEEK.as_of, "Toys", "'Toys' is not a series: use total, category:"),
    ):
        with pytest.raises(PipelineError, match=sentence):
            forecast_table(as_of, series)


def order_line(
    number, sku, back, amount, *, name="Product", sale=True, test=False, currency="USD"
):
    """The values of an order line so many days before the forecast."""
    day = WEEK.as_of - timedelta(days=back)
    return (
        f"('sales_db', 'O-{number}', 1, '{day}', 'web', '{sku}', '{name}', 'Kitchen', 1, {amount}, 0, "
        f"{amount}, 0, '{currency}', {sale}, {test}, TIMESTAMP('{day}'), TIMESTAMP('{day}'), 'run')"
    )


def test_products_are_the_best_selling_of_a_quarter_and_the_promoted_ones(shop):
    shop.sell(FIRST, HISTORY)
    lines = [
        order_line(40, "promoted", 1, 1),
        order_line(41, "S-29", 2, 5, name="Older name"),
        order_line(42, "before", 92, 9999),
        order_line(43, "s-29", 91, 700),
        order_line(44, "today", 0, 9999),
        order_line(45, "test", 1, 9999, test=True),
        order_line(46, "cancelled", 1, 9999, sale=False),
        order_line(47, "S-28", 1, 9, currency="CHF"),
        order_line(48, "free", 2, 0),
    ]
    for number in range(30):
        lines.append(order_line(number, f"S-{number:02}", 1, 100 + number))
    columns = (
        "source, order_id, line_number, business_date, channel, sku, product_name, category, quantity, "
        "gross_amount, discount_amount, amount_after_discount, tax_amount, currency, is_sale, is_test, "
        "ordered_at, read_at, run_id"
    )
    shop.ask(
        f"INSERT INTO {shop.dataset}.order_lines ({columns}) VALUES {', '.join(lines)}"
    )
    day = WEEK.days[-1]
    shop.ask(
        f"INSERT INTO {shop.dataset}.exchange_rates VALUES "
        f"('{day}', 'USD', 1.1), ('{day}', 'CHF', 0.9)"
    )
    # An export that ended yesterday has sold in a channel of its own.
    amounts = "1, 1, 5, 0, 0, 5, 5, 0, 0, 5"
    shop.ask(
        f"INSERT INTO {shop.dataset}.daily_sales ({SALES_COLUMNS}) VALUES "
        f"('{day}', 'old_shop', 'old', 'Kitchen', 'US', 'USD', {amounts})"
    )
    shop.ask(
        f"INSERT INTO {shop.dataset}.load_audit (business_date, source, run_id, status, "
        f"window_start, window_end, read_at) VALUES ('{day}', 'old_shop', 'run', "
        f"'history', '{MADE_AT}', '{MADE_AT}', '{MADE_AT}')"
    )
    days = (WEEK.as_of, WEEK.as_of + timedelta(days=1))
    announced = Announced((Promotion(*days, "promoted", Decimal(10)),))
    run = DagRun("weekly", "first")
    manifest = prepare(run, WEEK.as_of, PartnerFiles(announced))
    sales = read_prepared(manifest)
    sold = {}
    for row in sales.table.to_pylist():
        if row["kind"] == "sku":
            back = (WEEK.as_of - row["business_date"]).days
            sold[row["name"], back] = row
    expected = {(f"S-{number:02}", 1): 100 + number for number in range(6, 30)}
    expected |= {("S-28", 1): 128 + 11}  # 9 CHF at 1.1 / 0.9
    expected |= {("promoted", 1): 1, ("S-29", 2): 5, ("s-29", 91): 700}
    assert {key: row["gross_sales"] for key, row in sold.items()} == expected
    assert sold["S-29", 2]["category"] == "Kitchen"
    history = sales.panels()
    assert history.products["S-29"] == "Product"
    assert len(history.panels["sku"].series) == 25
    assert history.promotions == announced.promotions
    assert history.panels["channel"].series == ("channel:web",)
    kitchen = history.panels["category"].values[-1, 1]
    assert kitchen == amount(day, CATEGORIES.index("Kitchen")) + 5
    best = {name for (name, _), row in sold.items() if row["is_best_seller"]}
    assert best == {name for name, _ in expected} - {"promoted"}
    # A day before, few products have sales; what is free is none of them.
    manifest = prepare(DagRun("weekly", "earlier"), day, NOTHING_ANNOUNCED)
    series = read_prepared(manifest).panels().panels["sku"].series
    assert series == ("sku:S-29", "sku:before", "sku:s-29")
    with pytest.raises(
        PipelineError, match="sku:S-00 cannot be forecast: the warehouse has less"
    ):
        forecast_table(WEEK.as_of, "sku:S-00")
