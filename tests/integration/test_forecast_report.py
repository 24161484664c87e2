"""The report of a weekly forecast from a warehouse: two weeks, of which the second looks back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.forecast import loading
from ecommerce.forecast.data.history import prepare, read_prepared
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.partner_ftp.files import Announced, PartnerFiles, Promotion
from ecommerce.forecast.report import archive, steps
from ecommerce.forecast.weeks import Week
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import load_manifest
from tests.integration.made_up_sales import (
    CATEGORIES,
    amount,
    ask,
    environment,
    open_warehouse,
    sell,
)
from tests.integration.warehouse_contents import connect

WEEK, NEXT = Week(date(2026, 11, 2)), Week(date(2026, 11, 9))
FIRST = WEEK.monday - timedelta(days=10 * 7)
PROMOTION = Promotion(date(2026, 12, 1), date(2026, 12, 2), "KIT-1", Decimal(10))
PARTNER = PartnerFiles(Announced((PROMOTION,)), warnings=("one row is odd",))


def report_of(week):
    """The tasks of a weekly run, but for the fetching: the figures, and what the mails are given."""
    run, store = DagRun("weekly_sales_forecast", f"run-{week}"), Store.of_models()
    prepared = prepare(run, week.as_of, PARTNER)
    history = read_prepared(prepared).panels()
    kept = training.fit(history, registry.champion(store, week.as_of), store)
    forecasts = training.predict_all(history, training.read(kept, store))
    loaded = load_manifest(
        loading.FORECASTS, run, loading.write(forecasts, week.as_of, run)
    )
    warnings = check_load(run, loaded, loading.FORECASTS)
    archived = steps.build_report(prepared, kept, warnings, run)
    return archive.read_figures(archived["uri"]), archived


def total(day):
    return sum(amount(day, place) for place in range(len(CATEGORIES)))


@pytest.fixture
def warehouse(
    bigquery_emulator,
    lend_dataset,
    tmp_path,
    monkeypatch,
):
    """Ten weeks of sales in the warehouse to which this process is connected."""
    with lend_dataset() as dataset:
        settings = environment(bigquery_emulator, tmp_path, dataset)
        open_warehouse(settings, monkeypatch)
        client = connect(bigquery_emulator)
        sell(client, dataset, FIRST, 11 * 7)

        yield client, dataset


def test_the_second_report_looks_back_at_the_first(warehouse):
    first, archived = report_of(WEEK)
    assert archived["uri"].endswith("/reports/forecasts/2026-11-09")
    assert archived["drift"] == []
    for each in first.past:
        assert (each.actual, each.complete) == (total(each.day), True)
    assert first.scores == []
    names = {"total", "channel:web", *(f"category:{name}" for name in CATEGORIES)}
    assert {each.name for each in first.series} == names
    assert [each.sku for each in first.promotions] == ["KIT-1"]
    assert first.warnings == ["one row is odd"]
    assert first.card.total_error is not None

    # Twice as much is sold as ever, and one day is incomplete: it is in no score.
    client, dataset = warehouse
    sell(client, dataset, NEXT.monday, 7)
    ask(
        client,
        f"UPDATE {dataset}.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date >= '{NEXT.monday}'",
    )
    last = NEXT.days[-1]
    incomplete = f"SET complete = FALSE WHERE business_date = '{last}'"
    ask(client, f"UPDATE {dataset}.daily_summary {incomplete}")
    second, archived = report_of(NEXT)
    forecasts = [each.expected for each in first.total.days[:7]]
    assert [each.expected for each in second.last_week] == forecasts
    assert [each.expected for each in second.past[:-7]] == [None] * 49
    assert [each.outside for each in second.last_week] == [95] * 6 + [None]
    score = second.scores[0]
    sold = [2 * total(day) for day in NEXT.days[:6]]
    assert (score.of, score.periods, score.actual) == ("total", 6, sum(sold))
    missed = sum(day - forecasts[place].forecast for place, day in enumerate(sold))
    assert score.error == round(missed / sum(sold), 6)
    assert second.drift.score.periods == 6
    assert archived["drift"] == [], "too few days are scored"
