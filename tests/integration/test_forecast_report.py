"""The report of a weekly forecast from a warehouse: two weeks, of which the second looks back."""

from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core.periods import period_of
from ecommerce.forecast import loading
from ecommerce.forecast.data.history import prepare, read_prepared
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.partner_ftp.files import Announced, PartnerFiles, Promotion
from ecommerce.forecast.report import archive, steps
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import load_manifest
from tests.integration.made_up_sales import CATEGORIES, total

WEEK = period_of("week", date(2026, 11, 2))
NEXT = period_of("week", date(2026, 11, 9))
FIRST = WEEK.first - timedelta(days=10 * 7)
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
    """The tasks of a weekly run, but for the fetching: the figures, and what the mails are given."""
    run = DagRun("weekly_sales_forecast", f"run-{week}")
    store = Store.of_models()
    prepared = prepare(run, week.next.first, PARTNER)
    history = read_prepared(prepared).panels()
    kept = training.fit(
        history,
        registry.champion(store, week.next.first),
        store,
    )
    forecasts = training.predict_all(history, training.read(kept, store))
    loaded = load_manifest(
        loading.FORECASTS,
        run,
        loading.write(
            forecasts,
            week.next.first,
            run,
        ),
    )
    warnings = check_load(run, loaded, loading.FORECASTS)
    archived = steps.build_report(
        prepared,
        kept,
        warnings,
        run,
    )
    return archive.ARCHIVE.read_figures(archived["uri"]), archived


def test_the_second_report_looks_back_at_the_first(made_up_shop):
    made_up_shop.sell(FIRST, 11 * 7)
    first, archived = report_of(WEEK)
    assert archived["uri"].endswith("/reports/forecasts/2026-11-09")
    assert archived["drift"] == []
    for past in first.past:
        assert past.actual == total(past.day)
        assert past.complete
    assert first.scores == []
    names = {
        "total",
        "channel:web",
        *(f"category:{name}" for name in CATEGORIES),
    }
    assert {series.name for series in first.series} == names
    assert [promotion.sku for promotion in first.promotions] == ["KIT-1"]
    assert first.warnings == ["one row is odd"]
    assert first.card.total_error is not None

    # Twice as much is sold as ever, and one day is incomplete: it is in no score.
    made_up_shop.sell(NEXT.first, 7)
    made_up_shop.ask(
        "UPDATE {sales}.daily_sales SET gross_sales_reporting = 2 * gross_sales_reporting "
        f"WHERE business_date >= '{NEXT.first}'"
    )
    made_up_shop.ask(
        f"UPDATE {{sales}}.daily_summary SET complete = FALSE WHERE business_date = '{NEXT.days[-1]}'"
    )
    second, archived = report_of(NEXT)
    forecasts = [day.expected for day in first.total.days[:7]]
    assert [day.expected for day in second.last_week] == forecasts
    assert [past.expected for past in second.past[:-7]] == [None] * 49
    assert [day.outside for day in second.last_week] == [95] * 6 + [None]
    sold = [2 * total(day) for day in NEXT.days[:6]]
    score = second.scores[0]
    assert (score.of, score.periods, score.actual) == ("total", 6, sum(sold))
    missed = sum(sold) - sum(forecast.forecast for forecast in forecasts[:6])
    assert score.error == round(missed / sum(sold), 6)
    assert second.drift.score.periods == 6
    assert archived["drift"] == [], "too few days are scored"
