"""The steps of the forecast report: query the warehouse, assemble the figures, archive them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import SERIES_SKIPPED, DataWarning, sentences
from ecommerce.core.paths import code_version
from ecommerce.core.settings import load_settings
from ecommerce.core.text import in_report_locale, mask_e_mails
from ecommerce.forecast import scoring
from ecommerce.forecast.data import dataset
from ecommerce.forecast.data.history import TOTAL
from ecommerce.forecast.forecast_rows import AMOUNT
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.report import archive
from ecommerce.forecast.report.figures import (
    ComingDay,
    ComingPromotion,
    DayForecast,
    ForecastFigures,
    ForecastProvenance,
    ForecastSeries,
    KindCard,
    ModelCard,
    PastDay,
    figures_hash,
)
from ecommerce.forecast.scoring import StoredForecast
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.sources.partner_ftp.files import Promotion
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import Warehouse, connect

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

    Raises:
        PipelineError: the warehouse is unavailable, or a folder cannot be read or written.
    """
    as_of = prepared.business_date + timedelta(days=1)
    settings, store = load_settings(), Store.of_models()
    card = training.read_card(kept, store)
    rows, complete = query_forecasts(connect(dag=run.dag_id, step="report"), as_of)
    figures = assemble(
        rows,
        complete,
        past_sales(dataset.read_prepared(prepared), as_of),
        card | {"why": registry.why(store, card["selected"])},
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


def query_forecasts(warehouse: Warehouse, as_of: date) -> tuple[list[StoredForecast], set[date]]:
    """Return the forecasts of the eight weeks before `as_of` and the four from it on, and the complete days
    of the former; raises as `Warehouse.query`."""
    first, last = as_of - timedelta(days=PAST_DAYS), as_of + timedelta(days=HORIZON - 1)
    rows = warehouse.arrow("forecast/report_rows.sql", first=first, day=last).to_pylist()
    days = warehouse.query("forecast/complete_days.sql", first=first, day=as_of - timedelta(days=1))
    return [StoredForecast(**row) for row in rows], {row["business_date"] for row in days}


def past_sales(prepared: dataset.Prepared, as_of: date) -> PastSales:
    """Return what a prepared folder holds for the report."""
    history = prepared.panels()
    first = as_of - timedelta(days=PAST_DAYS)
    begun = min((panel.first_day for panel in history.panels.values()), default=as_of)
    older = {first + timedelta(days=day) for day in range((begun - first).days)}
    products = prepared.products.select(["name", "category"]).to_pylist()
    return PastSales(
        actuals=prepared.amounts(first),
        categories={f"sku:{row['name']}": row["category"] for row in products if row["category"]},
        unknown=older | set(history.gaps),
        gaps=history.gaps,
        promotions=prepared.announced.promotions,
    )


def assemble(
    rows: Sequence[StoredForecast],
    complete: Collection[date],
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
        rows: forecasts, as `query_forecasts` returns them.
        complete: days whose sales are complete, from the same query.
        sales: the past.
        card: the model card, with the reason of the selection as `why`.
        warnings: of the run; those about skipped series are dropped, as the report lists them itself.
        origin: the report's provenance.
        as_of: the first forecast day.
        currency: the reporting currency.
    """
    timezone, last = origin.timezone, as_of + timedelta(days=HORIZON - 1)
    past = scoring.in_force(
        (each for each in rows if each.target_date < as_of), lambda day: day_window(day, timezone).start
    )
    made_at = day_window(as_of, timezone).start
    coming = [each for each in rows if each.made_at == made_at and each.model == card["champion"]]
    skipped = {series: why for kind in card["kinds"].values() for series, why in kind["skipped"].items()}
    others = sentences(each for each in warnings if each["kind"] != SERIES_SKIPPED)
    total_error = _decimal(card["kinds"].get("category", {}).get("total_error_of_13_weeks"))
    return ForecastFigures(
        as_of=as_of,
        currency=currency,
        past=_past(past, complete, sales, as_of),
        series=_series(coming, sales, as_of),
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
        scores=scoring.scores(past, as_of, complete),
        drift=scoring.drift(past, as_of, complete, total_error),
        skipped=skipped,
        gaps=sorted(sales.gaps),
        warnings=list(map(mask_e_mails, others)),
        card=ModelCard(
            champion=card["champion"],
            selected=None if card["selected"] == training.BY_DEFAULT else card["selected"],
            why=card.get("why", ""),
            forecasts=card["forecasts"],
            not_for=card["not_for"],
            total_error=total_error,
            kinds=_kinds(card),
        ),
        provenance=origin,
    )


def _past(
    in_force: scoring.InForce, complete: Collection[date], sales: PastSales, as_of: date
) -> list[PastDay]:
    days = (as_of - timedelta(days=back) for back in range(PAST_DAYS, 0, -1))
    total = sales.actuals.get(TOTAL, {})
    return [
        PastDay(
            day=day,
            actual=None if day in sales.unknown else total.get(day, Decimal(0)),
            complete=day in complete,
            expected=DayForecast.of(in_force[TOTAL, day]) if (TOTAL, day) in in_force else None,
        )
        for day in days
    ]


def _series(coming: Iterable[StoredForecast], sales: PastSales, as_of: date) -> list[ForecastSeries]:
    days: dict[str, list[ComingDay]] = {}
    for each in sorted(coming, key=lambda each: each.target_date):
        day = ComingDay(day=each.target_date, expected=DayForecast.of(each))
        days.setdefault(each.series, []).append(day)
    return [
        ForecastSeries(
            name=name,
            category=sales.categories.get(name),
            usual_week=_usual_week(sales, name, as_of),
            days=days[name],
        )
        for name in sorted(days, key=lambda name: (name != TOTAL, name))
    ]


def _usual_week(sales: PastSales, name: str, as_of: date) -> Decimal | None:
    """Return the average week of the last four, over the days that have data."""
    days = [as_of - timedelta(days=back) for back in range(1, HORIZON + 1)]
    of_series = sales.actuals.get(name, {})
    values = [of_series.get(day, Decimal(0)) for day in days if day not in sales.unknown]
    if not values:
        return None
    return (sum(values, Decimal(0)) / len(values) * DAYS).quantize(AMOUNT, ROUND_HALF_UP)


def _kinds(card: Mapping[str, Any]) -> list[KindCard]:
    return [
        KindCard(
            kind=kind,
            series=len(facts["series"]),
            first_day=date.fromisoformat(facts["first_day"]),
            days=facts["days"],
            weights={name: Decimal(str(weight)) for name, weight in facts["weights"].items()},
            error=_decimal(facts["champion_error_of_13_weeks"]),
            error_of_last_week=_decimal(facts["relative_error_of_13_weeks"].get("seasonal_naive")),
        )
        for kind, facts in card["kinds"].items()
    ]


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
