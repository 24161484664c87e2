"""The steps of the forecast report: query the warehouse, assemble the figures, archive them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import pandas as pd

from ecommerce.core.business_day import day_window, shop_day
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.data_warnings import DataWarning, sentences
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.named_weeks import event
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Json
from ecommerce.forecast.data.history import History, read_prepared
from ecommerce.forecast.models.training import rounded
from ecommerce.forecast.report import archive, scoring
from ecommerce.forecast.report.figures import (
    ForecastFigures,
    ForecastProvenance,
    ModelCard,
)
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS, usual_week
from ecommerce.forecast.wording import TOTAL, Names
from ecommerce.reporting.expected_week import OUTLOOK, ExpectedWeek
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import connect


def build_report(
    prepared: Manifest, kept: Json, warnings: list[DataWarning], run: DagRun
) -> Json:
    """Build and archive the report, which replaces an older one of the same day; return as `archive.publish`.
    `prepared` is the folder that the model was trained on, `kept` the model, as `training.fit` returned it,
    `warnings` are of the steps before."""
    settings = load_settings()
    history = read_prepared(prepared).panels()
    as_of = history.as_of
    first = as_of - timedelta(days=scoring.SCORED_DAYS)
    warehouse = connect(dag=run.dag_id, step="report")
    begins_at = day_window(as_of, settings.shop_timezone).start
    last = as_of + timedelta(days=HORIZON - 1)
    rows = warehouse.arrow(
        "forecast/report_rows.sql",
        parameters={"begins_at": begins_at},
        first=first,
        day=last,
    )
    origin = ForecastProvenance.of(run, settings.shop_timezone, model=kept["name"])
    ended = last_known_day(as_of, shop_day(origin.generated_at, origin.timezone).date)
    days = warehouse.query("forecast/complete_days.sql", first=first, day=ended)
    complete = {row["business_date"] for row in days}
    outlook = warehouse.query(
        OUTLOOK,
        parameters={"ends_at": begins_at},
        day=max(complete | {as_of - timedelta(days=1)}),
        first=as_of,
        last=last,
    )
    figures = assemble(
        rows.to_pylist(),
        {day for day in complete if day < as_of},
        history,
        kept["card"],
        warnings=prepared.control_totals["warnings"] + warnings,
        origin=origin,
        currency=settings.reporting_currency,
        calendar=settings.holiday_calendar,
        outlook=outlook,
    )
    return archive.publish(settings.reports_uri, figures)


def last_known_day(as_of: date, today: date) -> date:
    """Return the newest day whose actual sales count in a report that is made `today`. In the first forecast
    week that is the day before; a report of a past week states its forecast alone."""
    is_under_way = as_of < today < as_of + timedelta(days=DAYS)
    return (today if is_under_way else as_of) - timedelta(days=1)


def assemble(
    rows: Iterable[Json],
    complete: set[date],
    history: History,
    card: Json,
    *,
    warnings: Iterable[DataWarning],
    origin: ForecastProvenance,
    currency: str,
    calendar: str,
    outlook: Sequence[Json] = (),
) -> ForecastFigures:
    """Assemble the figures of a forecast. `rows`: the forecasts in force on the eight weeks before `as_of`,
    and this one's; `complete`: the days whose sales are complete; `history`: what the model of `card` was
    trained on; `currency`: the reporting currency; `calendar`: of the holidays that name weeks;
    `outlook`: the rows of `OUTLOOK` for the forecast days."""
    as_of = history.as_of
    made_at = day_window(as_of, origin.timezone).start
    in_force = {}
    coming = defaultdict(list)
    scored = []
    for row in rows:
        day = row["target_date"]
        series = row["series"]
        # Without this run's forecast, an older one does not take its place.
        if row["made_at"] == made_at:
            coming[series].append({"day": day, "expected": row})
        elif series == TOTAL:
            in_force[day] = row
        if day in complete and row["actual"] is not None:
            scored.append(row)
    scored_days = pd.DataFrame(scored, columns=scoring.COLUMNS)
    drift_start = as_of - timedelta(days=scoring.DRIFT_DAYS)
    recent_days = scored_days[scored_days["target_date"] >= drift_start]

    sales = past_sales(history)
    past = [
        {
            "day": day,
            "actual": rounded(amount),
            "complete": day in complete,
            "expected": in_force.get(day),
        }
        for day, amount in sales[TOTAL].items()
    ]
    # A closed day of an export had no run, so it is not among the complete ones.
    known_sales = sales[sales.index.isin(complete) | (sales[TOTAL] == 0)]
    all_series = []
    # The total, then the series that are expected to sell.
    for name in sorted(coming, key=lambda name: (name != TOTAL, name)):
        days = coming[name]
        if name == TOTAL or any(day["expected"]["forecast"] for day in days):
            amounts = dict(known_sales[name].map(rounded))
            all_series.append(
                {
                    "name": name,
                    "category": history.categories.get(name.removeprefix("sku:")),
                    "usual_week": usual_week(amounts, as_of),
                    "days": days,
                }
            )

    # As above, an older forecast does not take the place of this one.
    net_rows = [row for row in outlook if row["made_at"] == made_at]
    net_weeks = []
    for start in range(0, len(net_rows), DAYS):
        net_weeks.append(ExpectedWeek.of_days(net_rows[start : start + DAYS]))

    model = ModelCard.model_validate(card)
    skipped: Names = {}
    for kind in card["kinds"]:
        skipped |= kind["skipped"]
    mondays = [as_of + timedelta(weeks=week) for week in range(WEEKS)]
    facts = {
        "as_of": as_of,
        "currency": currency,
        "past": past,
        "series": all_series,
        "promotions": _promotions(history),
        "scores": scoring.scores(scored_days),
        "drift": scoring.drift(recent_days, model.total_error),
        "events": [event(calendar_week(monday), calendar) for monday in mondays],
        "products": history.products,
        "skipped": skipped,
        "gaps": history.gaps,
        "warnings": map(mask_e_mails, sentences(warnings)),
        "card": model,
        "provenance": origin,
        "net_weeks": net_weeks,
        "net_usual_week": net_rows[0]["net_usual_week"] if net_rows else None,
    }
    return ForecastFigures.model_validate(facts)


def past_sales(history: History) -> pd.DataFrame:
    """Return the gross sales of the last eight weeks by series and of the total [day, series]; NaN where
    unknown."""
    tables = [
        pd.DataFrame(panel.values, panel.dates[: panel.days], panel.series)
        for panel in history.panels.values()
    ]
    sales = pd.concat(tables, axis=1)
    last_days = pd.date_range(end=sales.index[-1], periods=scoring.SCORED_DAYS)
    sales = sales.reindex(last_days)
    sales[TOTAL] = sales.filter(like="category:").sum(axis=1, skipna=False)
    sales.index = last_days.date
    return sales


def _promotions(history: History) -> list[Json]:
    """Return the promotions of the forecast days, by their first day."""
    end = history.as_of + timedelta(days=HORIZON)
    promotions = []
    for promotion in history.promotions:
        if promotion.end_date >= history.as_of and promotion.start_date < end:
            promotions.append(
                {
                    "first": promotion.start_date,
                    "last": promotion.end_date,
                    "sku": promotion.sku,
                    "discount_percent": promotion.discount_percent,
                }
            )
    return sorted(promotions, key=lambda coming: (coming["first"], coming["sku"] or ""))
