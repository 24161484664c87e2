"""The steps of the forecast report: query the warehouse, assemble the figures, archive them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning, sentences
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.named_weeks import calendar_week, event, usual_week
from ecommerce.core.settings import load_settings
from ecommerce.forecast.data.history import History, read_prepared
from ecommerce.forecast.models.training import rounded
from ecommerce.forecast.report import archive, figures, scoring
from ecommerce.forecast.weeks import HORIZON, WEEKS
from ecommerce.forecast.wording import TOTAL
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import connect


def build_report(
    prepared: Manifest,
    kept: Mapping[str, Any],
    warnings: Iterable[DataWarning],
    run: DagRun,
) -> dict[str, Any]:
    """Build and archive the report, which replaces an older one of the same day; return as `archive.publish`.
    `prepared` is the folder that the model was trained on, `kept` the model, as `training.fit` returned it,
    `warnings` are of the steps before."""
    settings = load_settings()
    history = read_prepared(prepared).panels()
    as_of = history.as_of
    first = as_of - timedelta(days=scoring.SCORED_DAYS)
    warehouse = connect(dag=run.dag_id, step="report")
    rows = warehouse.arrow(
        "forecast/report_rows.sql",
        parameters={"begins_at": day_window(as_of, settings.shop_timezone).start},
        first=first,
        day=as_of + timedelta(days=HORIZON - 1),
    )
    days = warehouse.query(
        "forecast/complete_days.sql", first=first, day=prepared.business_date
    )
    origin = figures.ForecastProvenance.of(
        run, settings.shop_timezone, model=kept["name"]
    )
    all_warnings = list(prepared.control_totals["warnings"])
    all_warnings.extend(warnings)
    report = assemble(
        rows.to_pylist(),
        {row["business_date"] for row in days},
        history,
        kept["card"],
        warnings=all_warnings,
        origin=origin,
        currency=settings.reporting_currency,
        calendar=settings.holiday_calendar,
    )
    return archive.publish(settings.reports_uri, report)


def assemble(
    rows: Iterable[Mapping[str, Any]],
    complete: set[date],
    history: History,
    card: Mapping[str, Any],
    *,
    warnings: Iterable[DataWarning],
    origin: figures.ForecastProvenance,
    currency: str,
    calendar: str,
) -> figures.ForecastFigures:
    """Assemble the figures of a forecast. `rows`: the forecasts in force on the eight weeks before `as_of`,
    and this one's; `complete`: the days whose sales are complete; `history`: what the model of `card` was
    trained on; `currency`: the reporting currency; `calendar`: of the holidays that name weeks."""
    as_of = history.as_of
    made_at = day_window(as_of, origin.timezone).start
    in_force: dict[date, figures.DayForecast] = {}
    coming: dict[str, list[figures.ComingDay]] = defaultdict(list)
    scored = []
    for row in rows:
        day = row["target_date"]
        series = row["series"]
        expected = figures.DayForecast.model_validate(row)
        # Without this run's forecast, an older one does not take its place.
        if row["made_at"] == made_at:
            coming[series].append(figures.ComingDay(day=day, expected=expected))
        if day < as_of and series == TOTAL:
            in_force[day] = expected
        if day in complete and row["actual"] is not None:
            scored.append(row)
    scored_days = pd.DataFrame(scored, columns=scoring.COLUMNS)
    drift_start = as_of - timedelta(days=scoring.DRIFT_DAYS)
    recent = scored_days["target_date"] >= drift_start

    sales = past_sales(history)
    past = []
    for day, amount in zip(sales.index, sales[TOTAL], strict=True):
        past_day = figures.PastDay(
            day=day,
            actual=rounded(amount),
            complete=day in complete,
            expected=in_force.get(day),
        )
        past.append(past_day)
    # A closed day of an export had no run, so it is not among the complete ones.
    known_sales = sales[sales.index.isin(complete) | (sales[TOTAL] == 0)]

    model = figures.ModelCard.model_validate(card)
    skipped: dict[str, str] = {}
    for kind in card["kinds"]:
        skipped |= kind["skipped"]
    events = []
    for week in range(WEEKS):
        monday = as_of + timedelta(weeks=week)
        events.append(event(calendar_week(monday), calendar))
    recent_days = scored_days[recent]
    notes = [mask_e_mails(text) for text in sentences(warnings)]
    return figures.ForecastFigures(
        as_of=as_of,
        currency=currency,
        past=past,
        series=_series(coming, known_sales, history),
        promotions=_promotions(history),
        scores=scoring.scores(scored_days),
        drift=scoring.drift(recent_days, model.total_error),
        events=events,
        products=dict(history.products),
        skipped=skipped,
        gaps=list(history.gaps),
        warnings=notes,
        card=model,
        provenance=origin,
    )


def past_sales(history: History) -> pd.DataFrame:
    """Return the gross sales of the last eight weeks by series and of the total [day, series]; NaN where
    unknown."""
    tables = []
    for panel in history.panels.values():
        days = panel.dates[: panel.days]
        tables.append(pd.DataFrame(panel.values, days, panel.series))
    yesterday = history.as_of - timedelta(days=1)
    last_days = pd.date_range(end=yesterday, periods=scoring.SCORED_DAYS)
    sales = pd.concat(tables, axis=1).reindex(last_days)
    sales[TOTAL] = sales.filter(like="category:").sum(axis=1, skipna=False)
    sales.index = last_days.date
    return sales


def _series(
    coming: Mapping[str, list[figures.ComingDay]],
    sales: pd.DataFrame,
    history: History,
) -> list[figures.ForecastSeries]:
    """Return the total, then the series that are expected to sell; `sales` are those of known days."""
    series = []
    for name in sorted(coming, key=lambda name: (name != TOTAL, name)):
        days = coming[name]
        if name == TOTAL or any(day.expected.forecast for day in days):
            amounts = dict(sales[name].map(rounded))
            forecast = figures.ForecastSeries(
                name=name,
                category=history.categories.get(name.removeprefix("sku:")),
                usual_week=usual_week(amounts, history.as_of),
                days=days,
            )
            series.append(forecast)
    return series


def _promotions(history: History) -> list[figures.ComingPromotion]:
    """Return the promotions of the forecast days, by their first day."""
    end = history.as_of + timedelta(days=HORIZON)
    promotions = []
    for promotion in history.promotions:
        if promotion.end_date >= history.as_of and promotion.start_date < end:
            coming = figures.ComingPromotion(
                first=promotion.start_date,
                last=promotion.end_date,
                sku=promotion.sku,
                discount_percent=promotion.discount_percent,
            )
            promotions.append(coming)
    return sorted(promotions, key=lambda coming: (coming.first, coming.sku or ""))
