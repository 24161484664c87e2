"""The report of a weekly forecast from a warehouse: three weeks, of which the second and third look back."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.services.emulator import Emulator
from ecommerce.forecast import loading
from ecommerce.forecast.data.history import prepare, read_prepared
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.report import archive, steps
from ecommerce.forecast.report.figures import OUTSIDE_95, ForecastFigures
from ecommerce.forecast.weeks import Week
from ecommerce.sources.partner_ftp.files import Announced, PartnerFiles, Promotion
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import client as warehouse_client
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.schema import prepare as prepare_warehouse
from tests.integration.made_up_sales import CATEGORIES, amount, ask, environment, sell
from tests.integration.warehouse_contents import connect

pytestmark = pytest.mark.slow

MONDAY = date(2026, 11, 2)
FIRST = MONDAY - timedelta(days=10 * 7)
PARTNER = PartnerFiles(
    Announced((Promotion(date(2026, 12, 1), date(2026, 12, 2), "KIT-1", Decimal(10)),)),
    warnings=("one row is odd",),
)


def report_of(week: Week) -> tuple[ForecastFigures, dict[str, Any]]:
    """The tasks of a weekly run, but for the fetching: the figures, and what the mails are given."""
    run, store = DagRun("weekly_sales_forecast", f"run-{week}"), Store.of_models()
    prepared = prepare(run, week.as_of, PARTNER)
    history = read_prepared(prepared).panels()
    kept = training.fit(history, registry.champion(store, week.as_of), store)
    loaded = load_manifest(
        loading.FORECASTS,
        run,
        loading.write(
            training.predict_all(history, training.read(kept, store)), week.as_of, run
        ),
    )
    warnings = check_load(run, loaded, loading.FORECASTS)
    archived = steps.build_report(prepared, kept, warnings, run)
    return archive.read_figures(archived["uri"]), archived


def total(day: date) -> int:
    return sum(amount(day, place) for place in range(len(CATEGORIES)))


def test_each_report_looks_back_at_the_forecasts_before(
    bigquery_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = environment(bigquery_emulator, tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    prepare_warehouse(warehouse_client.connect(step="test"))
    client, dataset = connect(bigquery_emulator), given["BIGQUERY_DATASET"]
    weeks = [Week(MONDAY + timedelta(days=7 * number)) for number in range(3)]

    sell(client, dataset, FIRST, 11 * 7)
    first, archived = report_of(weeks[0])
    assert archived["uri"].endswith(f"/reports/forecasts/{weeks[0].as_of}")
    assert archived["drift"] == []
    assert [each.actual for each in first.past] == [
        total(each.day) for each in first.past
    ]
    assert all(each.complete for each in first.past)
    assert first.scores == []
    assert {each.name for each in first.series} == {"total", "channel:web"} | {
        f"category:{name}" for name in CATEGORIES
    }
    assert [(each.sku, each.first) for each in first.promotions] == [
        ("KIT-1", date(2026, 12, 1))
    ]
    assert first.warnings == ["one row is odd"]
    assert first.card.total_error is not None

    sell(client, dataset, weeks[1].monday, 7)
    second, _ = report_of(weeks[1])
    assert first.total
    said = [each.expected for each in first.total.days[:7]]
    assert [each.expected for each in second.last_week] == said
    of_total = second.scores[0]
    came = sum(total(day) for day in weeks[1].days)
    assert (of_total.of, of_total.periods, of_total.actual) == ("total", 7, came)
    missed = sum(
        abs(each.forecast - total(day))
        for each, day in zip(said, weeks[1].days, strict=True)
        if each
    )
    assert of_total.error == round(missed / came, 6)
    assert second.drift.reasons == []

    # Twice as much is sold as ever, and one day is not all there: it is in no score.
    sell(client, dataset, weeks[2].monday, 7)
    last = weeks[2].days[-1]
    ask(
        client,
        f"UPDATE {dataset}.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date >= '{weeks[2].monday}'",
    )
    ask(
        client,
        f"UPDATE {dataset}.daily_summary SET complete = FALSE WHERE business_date = '{last}'",
    )
    third, archived = report_of(weeks[2])
    assert [each.mark for each in third.last_week] == [OUTSIDE_95] * 6 + [""]
    assert third.scores[0].periods == third.drift.score.periods == 13
    assert archived["drift"] == []
