"""The forecast on a warehouse, by what its tasks call: what is known, what is loaded, what came of it."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from click.testing import CliRunner

from demo.services.emulator import Emulator
from ecommerce.cli.forecast import forecast as command
from ecommerce.core.errors import PipelineError
from ecommerce.forecast import loading
from ecommerce.forecast.data.history import History, NoHistory, prepare, read_prepared
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.weeks import Week
from ecommerce.sources.partner_ftp.files import PartnerFiles
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import client as warehouse_client
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.schema import prepare as prepare_warehouse
from tests.integration.conftest import LendDataset
from tests.integration.made_up_sales import CATEGORIES, amount, ask, environment, sell
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

    def sell(self, first: date, days: int, **options: Any) -> None:
        sell(self.client, self.dataset, first, days, **options)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return ask(
            self.client,
            sql.replace("sales_forecasts", f"{self.dataset}.sales_forecasts"),
        )

    def forecasts(self) -> list[dict[str, Any]]:
        rows = self.ask("SELECT * FROM sales_forecasts WHERE target_date IS NOT NULL")
        return sorted(
            rows, key=lambda row: (row["series"], row["made_at"], row["target_date"])
        )


@pytest.fixture
def shop(
    bigquery_emulator: Emulator,
    lend_dataset: LendDataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """An empty warehouse, which this process is connected to."""
    with lend_dataset() as dataset:
        for name, value in environment(bigquery_emulator, tmp_path, dataset).items():
            monkeypatch.setenv(name, value)
        prepare_warehouse(warehouse_client.connect(step="test"))
        yield Shop(tmp_path, dataset, connect(bigquery_emulator))


def run_week(
    week: Week, run_id: str = "first", partner: PartnerFiles = NOTHING_ANNOUNCED
) -> list[str]:
    """The tasks of a weekly run behind the fetching of the partner's files; the warnings of the checks."""
    run, store = DagRun("weekly_sales_forecast", run_id), Store.of_models()
    prepared = read_prepared(prepare(run, week.as_of, partner))
    kept = training.fit(prepared.panels(), registry.champion(store, week.as_of), store)
    predicted = training.predict_all(prepared.panels(), training.read(kept, store))
    loaded = load_manifest(
        loading.FORECASTS,
        run,
        loading.write(predicted, week.as_of, run, prepared.rejected),
    )
    return check_load(run, loaded, loading.FORECASTS)


def said(as_of: date, series: str = "total", **files: Path) -> list[str]:
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


def prepared(run_id: str) -> History:
    """The history that a run prepares for `WEEK`."""
    manifest = prepare(DagRun("weekly", run_id), WEEK.as_of, NOTHING_ANNOUNCED)
    return read_prepared(manifest).panels()


def total(day: date) -> int:
    return sum(amount(day, place) for place in range(len(CATEGORIES)))


def test_a_week_is_forecast_loaded_and_compared_with_what_came(shop):
    shop.sell(FIRST, HISTORY)
    assert run_week(WEEK) == []

    rows = shop.forecasts()
    series = {row["series"] for row in rows}
    assert series == {
        "total",
        "channel:web",
        *(f"category:{name}" for name in CATEGORIES),
    }
    of_total = [row for row in rows if row["series"] == "total"]
    assert [row["target_date"] for row in of_total] == [
        WEEK.as_of + timedelta(days=n) for n in range(28)
    ]
    assert {row["made_at"] for row in rows} == {
        datetime(2026, 11, 9, 5, tzinfo=UTC)
    }  # midnight in New York
    assert {row["actual"] for row in rows} == {None}
    for row in of_total:
        assert (
            row["lower_95"]
            <= row["lower_80"]
            <= row["forecast"]
            <= row["upper_80"]
            <= row["upper_95"]
        )
        assert abs(row["forecast"] - total(row["target_date"])) < Decimal(
            "0.05"
        ) * total(row["target_date"])
        parts = [
            each["forecast"]
            for each in rows
            if each["series"].startswith("category:")
            and each["target_date"] == row["target_date"]
        ]
        assert abs(sum(parts) - row["forecast"]) <= Decimal("0.0002")

    # Six of the next seven days are loaded when the next forecast is made.
    shop.sell(NEXT.monday, 6)
    run_week(NEXT)
    known = {
        row["target_date"]: row["actual"]
        for row in shop.forecasts()
        if row["series"] == "total"
        and row["made_at"] == datetime(2026, 11, 9, 5, tzinfo=UTC)
    }
    assert [known[day] for day in NEXT.days] == [
        *(total(day) for day in NEXT.days[:6]),
        None,
    ]
    assert not any(known[day] for day in known if day not in NEXT.days)
    kitchen = {
        row["target_date"]: row["actual"]
        for row in shop.forecasts()
        if row["series"] == "category:Kitchen"
    }
    assert kitchen[NEXT.monday] == amount(NEXT.monday, 0)


def test_the_same_week_twice_ends_in_the_same_rows_model_and_card(shop):
    shop.sell(FIRST, HISTORY)
    run_week(WEEK)
    before = [{**row, "run_id": ""} for row in shop.forecasts()]
    models = files(shop.folder / "models")
    run_week(WEEK, "second")
    assert [{**row, "run_id": ""} for row in shop.forecasts()] == before
    assert files(shop.folder / "models") == models


def test_a_week_run_again_with_another_model_replaces_its_forecast(shop):
    shop.sell(FIRST, HISTORY)
    run_week(WEEK)
    record = {
        "champion": "ridge",
        "as_of": str(WEEK.monday),
        "chosen_because": "a test",
    }
    registry.keep(Store.of_models(), registry.CHAMPIONS, WEEK.monday, record)
    run_week(WEEK, "second")
    rows = shop.forecasts()
    assert {row["model"] for row in rows} == {"ridge"}
    assert len(rows) == len({(row["series"], row["target_date"]) for row in rows})


def test_rows_of_the_partner_that_cannot_be_used_are_kept_with_their_reason(shop):
    shop.sell(FIRST, HISTORY)
    bad = {"file": "promotions.csv", "line_number": 3, "reason": "invalid_discount"}
    bad |= {
        "detail": "discount_percent is -5",
        "raw": "2026-11-27,2026-11-30,MUG-01,-5",
    }
    for _ in range(2):
        run_week(WEEK, partner=PartnerFiles(rejected=(bad,)))
    own = "business_date IS NOT NULL AND source = 'sales_forecast'"
    rows = shop.ask(f"SELECT * FROM {shop.dataset}.rejected_rows WHERE {own}")
    assert rows == [
        {
            "business_date": WEEK.days[-1],
            "source": "sales_forecast",
            "run_id": "first",
            "row_number": 3,
            "reason": "invalid_discount",
            "detail": "discount_percent is -5",
            "file": "promotions.csv",
            "raw": "2026-11-27,2026-11-30,MUG-01,-5",
            "order_id": None,
        }
    ]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_which_days_have_had_a_run_and_which_forecasts_were_made(shop):
    shop.sell(FIRST, HISTORY - 2)
    shop.sell(WEEK.days[5], 1, runs=False)
    assert loading.week_state(WEEK, "test", FIRST) == ([*WEEK.days[5:]], set())
    run_week(WEEK)
    assert loading.week_state(WEEK, "test", FIRST) == ([*WEEK.days[5:]], {WEEK.as_of})
    assert loading.week_state(NEXT, "test", WEEK.as_of) == ([*NEXT.days], {WEEK.as_of})
    assert loading.week_state(NEXT, "test", NEXT.as_of) == ([*NEXT.days], set())
    assert loading.week_state(Week(WEEK.monday - timedelta(days=7)), "test", FIRST) == (
        [],
        set(),
    )


def test_nothing_of_the_day_or_later_is_looked_at_whatever_is_loaded(shop):
    shop.sell(FIRST, HISTORY, runs=False)
    out = shop.folder / "forecast.csv"
    before = said(WEEK.as_of, out=out)
    written = out.read_bytes()
    shop.sell(WEEK.as_of, 30)
    run_week(
        Week(WEEK.as_of + timedelta(days=21))
    )  # what later forecasts leave is not looked at, either
    assert said(WEEK.as_of, out=out) == before
    assert out.read_bytes() == written
    header, *lines = written.decode().splitlines()
    assert header == "series,target_date,forecast,lower_80,upper_80,lower_95,upper_95"
    assert [line.split(",")[1] for line in lines] == [
        str(WEEK.as_of + timedelta(days=n)) for n in range(28)
    ]
    assert said(WEEK.as_of + timedelta(days=14)) != before


def test_a_restated_day_is_known_as_it_is_now(shop):
    shop.sell(FIRST, HISTORY)
    run_week(WEEK)
    before = [row["forecast"] for row in shop.forecasts()]
    day = WEEK.days[4]
    shop.ask(
        f"UPDATE {shop.dataset}.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date = '{day}'"
    )
    history = prepared("again")
    panel = history.panels["category"]
    assert np.nansum(panel.values[(day - panel.first_day).days]) == 2 * total(day)
    run_week(WEEK, "again")
    rows = shop.forecasts()
    assert len(rows) == len(before)
    assert [row["forecast"] for row in rows] != before


def test_what_is_older_than_three_years_is_not_read(shop):
    shop.sell(FIRST, HISTORY, runs=False)
    shop.sell(WEEK.as_of - timedelta(days=1101), 1, runs=False)
    history = prepared("first")
    assert history.panels["category"].first_day == FIRST


def test_without_a_history_there_is_no_forecast_and_one_sentence_says_so(shop):
    with pytest.raises(
        NoHistory, match=f"has no sales in the three years before {WEEK.as_of}"
    ):
        run_week(WEEK)
    with pytest.raises(PipelineError, match="years before 2026-11-09"):
        said(WEEK.as_of)
    shop.sell(FIRST, HISTORY)
    with pytest.raises(NoHistory):
        said(FIRST)
    with pytest.raises(
        PipelineError, match="no series category:Toys before 2026-11-09; it has"
    ):
        said(WEEK.as_of, "category:Toys")
    with pytest.raises(
        PipelineError, match="total cannot be forecast: no category has 28 days of"
    ):
        said(FIRST + timedelta(days=3))


def test_a_model_that_was_changed_is_not_used(shop):
    shop.sell(FIRST, HISTORY)
    store = Store.of_models()
    history = prepared("first")
    kept = training.fit(history, registry.champion(store, WEEK.as_of), store)
    store.write(f"{kept['name']}/{training.MODEL}", b"something else")
    with pytest.raises(
        PipelineError,
        match=r"model\.pickle is gone or has changed: clear the task `train`",
    ):
        training.read(kept, store)
