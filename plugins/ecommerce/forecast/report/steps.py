"""The steps of the forecast report: query the warehouse, assemble the figures, archive them."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import SERIES_SKIPPED, DataWarning, sentences
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.paths import code_version
from ecommerce.core.settings import load_settings
from ecommerce.core.text import in_report_locale
from ecommerce.forecast import scoring
from ecommerce.forecast.data.history import Sales, read_prepared
from ecommerce.forecast.models import training
from ecommerce.forecast.report import archive
from ecommerce.forecast.report.figures import (
    ComingDay,
    ComingPromotion,
    ForecastFigures,
    ForecastProvenance,
    ForecastSeries,
    KindCard,
    ModelCard,
    PastDay,
    figures_hash,
)
from ecommerce.forecast.scoring import DayForecast, StoredForecast
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.forecast.wording import TOTAL
from ecommerce.sources.partner_ftp.files import Promotion
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)

PAST_DAYS = scoring.SCORED_DAYS


@dataclass(frozen=True, slots=True)
class PastSales:
    """What the prepared folder holds for the report. `actuals`: gross sales by series and day of the last
    eight weeks. `unknown`: gaps, and days before the history begins."""

    actuals: Mapping[str, Mapping[date, Decimal]]
    categories: Mapping[str, str]
    unknown: Collection[date]
    gaps: Sequence[date]
    promotions: Sequence[Promotion]


@in_report_locale
def build_report(
    prepared: Manifest, kept: Mapping[str, Any], warnings: Iterable[DataWarning], run: DagRun
) -> dict[str, Any]:
    """Build and archive the report; it replaces an older one of the same day.

    Args:
        prepared: the folder that the model was trained on.
        kept: the model, as `training.fit` returned it.
        warnings: of the steps before.
        run: the report's run.

    Returns:
        Plain JSON for the mails: the archived folder's `uri`, `as_of`, `figures_hash`, `drift` (reasons).
    """
    as_of = prepared.business_date + timedelta(days=1)
    first, last = as_of - timedelta(days=PAST_DAYS), as_of + timedelta(days=HORIZON - 1)
    settings = load_settings()
    card = training.read_card(kept, Store.of_models()) | {"why": kept.get("why", "")}
    warehouse = connect(dag=run.dag_id, step="report")
    forecasts = warehouse.arrow("forecast/report_rows.sql", first=first, day=last).to_pylist()
    days = warehouse.query("forecast/complete_days.sql", first=first, day=prepared.business_date)
    figures = assemble(
        [StoredForecast(**row) for row in forecasts],
        {row["business_date"] for row in days},
        past_sales(read_prepared(prepared), as_of),
        card,
        warnings=[*(prepared.control_totals.get("warnings") or ()), *warnings],
        origin=ForecastProvenance(
            dag_id=run.dag_id,
            run_id=run.run_id,
            code_version=code_version(),
            timezone=settings.shop_timezone,
            model=kept["name"],
            generated_at=datetime.now(UTC),
        ),
        as_of=as_of,
        currency=settings.reporting_currency,
    )
    return archive_report(figures)


@in_report_locale
def archive_report(figures: ForecastFigures) -> dict[str, Any]:
    """Archive the report of `figures`; returns and raises as `build_report`."""
    uri = archive.publish(load_settings().reports_uri, figures)
    log.info("the forecast of %s is at %s", figures.as_of, uri)
    return {
        "uri": uri,
        "as_of": figures.as_of.isoformat(),
        "figures_hash": figures_hash(figures),
        "drift": figures.drift.reasons,
    }


def past_sales(sales: Sales, as_of: date) -> PastSales:
    """Return what the sales before `as_of` hold for the report."""
    history, first = sales.panels(), as_of - timedelta(days=PAST_DAYS)
    begun = min(panel.first_day for panel in history.panels.values())
    actuals: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    categories = {}
    for row in sales.table.to_pylist():
        name, day = f"{row['kind']}:{row['name']}", row["business_date"]
        if row["category"]:
            categories[name] = row["category"]
        if day >= first:
            for series in (name, TOTAL) if row["kind"] == "category" else (name,):
                actuals[series][day] += row["gross_sales"] or 0
    return PastSales(
        actuals=actuals,
        categories=categories,
        unknown={first + timedelta(days=day) for day in range((begun - first).days)} | set(history.gaps),
        gaps=history.gaps,
        promotions=sales.announced.promotions,
    )


def assemble(
    rows: Iterable[StoredForecast],
    complete: set[date],
    sales: PastSales,
    card: Mapping[str, Any],
    *,
    warnings: Iterable[DataWarning],
    origin: ForecastProvenance,
    as_of: date,
    currency: str,
) -> ForecastFigures:
    """Assemble the figures of a forecast.

    Args:
        rows: forecasts of the eight weeks before `as_of` and the four from it on.
        complete: days whose sales are complete.
        sales: the past.
        card: the model card, with the reason of the selection as `why`.
        warnings: of the run; those about skipped series are dropped, as the report lists them itself.
        origin: the report's provenance.
        as_of: the first forecast day.
        currency: the reporting currency.
    """
    made_at, last = day_window(as_of, origin.timezone).start, as_of + timedelta(days=HORIZON - 1)
    past = scoring.in_force(
        (each for each in rows if each.target_date < as_of),
        lambda day: day_window(day, origin.timezone).start,
    )
    of_total = {each.target_date: DayForecast.of(dict(each)) for each in past if each.series == TOTAL}
    coming: dict[str, list[ComingDay]] = {}
    for each in sorted(rows, key=lambda each: each.target_date):
        if each.made_at == made_at and each.model == card["champion"]:
            day = ComingDay(day=each.target_date, expected=DayForecast.of(dict(each)))
            coming.setdefault(each.series, []).append(day)
    kinds = card["kinds"]
    model = ModelCard(
        champion=card["champion"],
        selected=None if card["selected"] == training.BY_DEFAULT else card["selected"],
        why=card.get("why", ""),
        forecasts=card["forecasts"],
        not_for=card["not_for"],
        total_error=kinds.get("category", {}).get("total_error_of_13_weeks"),
        kinds=[
            KindCard(
                kind=kind,
                series=len(facts["series"]),
                first_day=facts["first_day"],
                days=facts["days"],
                weights=facts["weights"],
                error=facts["champion_error_of_13_weeks"],
                error_of_last_week=facts["relative_error_of_13_weeks"].get("seasonal_naive"),
            )
            for kind, facts in kinds.items()
        ],
    )
    days = [as_of - timedelta(days=back) for back in range(PAST_DAYS, 0, -1)]
    actuals = {each: sales.actuals.get(TOTAL, {}).get(each, Decimal(0)) for each in days}
    return ForecastFigures(
        as_of=as_of,
        currency=currency,
        past=[
            PastDay(
                day=each,
                actual=None if each in sales.unknown else actuals[each],
                complete=each in complete,
                expected=of_total.get(each),
            )
            for each in days
        ],
        series=[
            ForecastSeries(
                name=name,
                category=sales.categories.get(name),
                usual_week=_usual_week(sales, name, days[-HORIZON:]),
                days=coming[name],
            )
            for name in sorted(coming, key=lambda name: (name != TOTAL, name))
        ],
        promotions=[
            ComingPromotion(
                first=each.start_date,
                last=each.end_date,
                sku=each.sku,
                discount_percent=each.discount_percent,
            )
            for each in sorted(sales.promotions, key=lambda each: (each.start_date, each.sku or ""))
            if each.end_date >= as_of and each.start_date <= last
        ],
        scores=scoring.scores(scoring.ended(past, as_of, complete)),
        drift=scoring.drift(scoring.ended(past, as_of, complete, scoring.DRIFT_DAYS), model.total_error),
        skipped={series: why for kind in kinds.values() for series, why in kind["skipped"].items()},
        gaps=sorted(sales.gaps),
        warnings=[
            mask_e_mails(text)
            for text in sentences(each for each in warnings if each["kind"] != SERIES_SKIPPED)
        ],
        card=model,
        provenance=origin,
    )


def _usual_week(sales: PastSales, name: str, days: Iterable[date]) -> Decimal | None:
    """The average week of these days, over those that have data."""
    of_series = sales.actuals.get(name, {})
    values = [of_series.get(day, Decimal(0)) for day in days if day not in sales.unknown]
    if not values:
        return None
    return (sum(values, Decimal(0)) / len(values) * DAYS).quantize(training.AMOUNT, ROUND_HALF_UP)
