"""The steps of the forecast report: query the warehouse, assemble the figures, archive them."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd
from more_itertools import chunked

from ecommerce.core.business_day import day_window, shop_day
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.data_warnings import DataWarning, sentences
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.named_weeks import event
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Json, Row
from ecommerce.forecast.data.history import History, read_prepared
from ecommerce.forecast.models.training import rounded
from ecommerce.forecast.report import archive
from ecommerce.forecast.report.figures import (
    ForecastFigures,
    ForecastProvenance,
    ModelCard,
    Score,
)
from ecommerce.forecast.report.scoring import (
    DRIFT_DAYS,
    SCORED_DAYS,
    drift,
)
from ecommerce.forecast.weeks import DAYS, HORIZON, WEEKS
from ecommerce.forecast.wording import TOTAL, Names
from ecommerce.reporting.expected_week import OUTLOOK, ExpectedWeek
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import Warehouse, connect


def build_report(
    prepared: Manifest,
    kept: Json,
    warnings: list[DataWarning],
    run: DagRun,
) -> Json:
    """Build and archive the report, which replaces an older one of the same day; return as `archive.publish`.
    `prepared` is the folder that the model was trained on, `kept` the model, as `training.fit` returned it,
    `warnings` are of the steps before."""
    settings = load_settings()
    figures = read_figures(
        connect(dag=run.dag_id, step="report"),
        read_prepared(prepared).panels(),
        kept["card"],
        warnings=prepared.control_totals["warnings"] + warnings,
        origin=ForecastProvenance.of(run, settings.shop_timezone, model=kept["name"]),
    )
    return archive.publish(settings.reports_uri, figures)


def read_figures(
    warehouse: Warehouse,
    history: History,
    card: Json,
    *,
    warnings: list[DataWarning],
    origin: ForecastProvenance,
) -> ForecastFigures:
    """Return the figures of the forecast after `history`, which the model of `card` was trained on."""
    settings = warehouse.settings
    as_of = history.as_of
    begins_at = day_window(as_of, origin.timezone).start
    yesterday = as_of - timedelta(days=1)
    first = as_of - timedelta(days=SCORED_DAYS)
    last = as_of + timedelta(days=HORIZON - 1)
    ended = last_known_day(as_of, shop_day(origin.generated_at, origin.timezone).date)
    rows = warehouse.query(
        "forecast/complete_days.sql",
        first=first,
        day=ended,
    )
    complete = {row["business_date"] for row in rows}
    coming = warehouse.query(
        "forecast/coming_days.sql",
        parameters={"begins_at": begins_at},
        first=as_of,
        last=last,
    )
    outlook = []
    # Without this forecast, an older one does not take its place.
    if coming and coming[0]["series"] == TOTAL:
        day = max(complete | {yesterday})
        outlook = warehouse.query(
            OUTLOOK,
            parameters={"ends_at": begins_at},
            report_day=day,
            first=as_of,
            last=last,
        )
    net_weeks = [ExpectedWeek.of_days(week) for week in chunked(outlook, DAYS)]
    in_force = warehouse.query(
        "forecast/past_days.sql",
        first=first,
        day=yesterday,
    )
    scores = warehouse.query(
        "forecast/scores.sql",
        first=first,
        day=yesterday,
    )
    recent = warehouse.query(
        "forecast/scores.sql",
        first=as_of - timedelta(days=DRIFT_DAYS),
        day=yesterday,
    )
    weeks = [calendar_week(as_of + timedelta(weeks=week)) for week in range(WEEKS)]
    sales = past_sales(history)
    model = ModelCard.model_validate(card)
    skipped: Names = {}
    for kind in card["kinds"]:
        skipped |= kind["skipped"]
    return ForecastFigures.model_validate(
        {
            "as_of": as_of,
            "currency": settings.reporting_currency,
            "past": _past_days(sales, complete, in_force),
            "series": _series(coming, history, usual_weeks(sales, complete)),
            "promotions": _promotions(history),
            "scores": [score for score in scores if score["periods"]],
            "drift": drift(Score.model_validate(recent[0]), model.total_error),
            "events": [event(week, settings.holiday_calendar) for week in weeks],
            "products": history.products,
            "skipped": skipped,
            "gaps": history.gaps,
            "warnings": map(mask_e_mails, sentences(warnings)),
            "card": model,
            "provenance": origin,
            "net_weeks": net_weeks,
            "net_usual_week": outlook[0]["net_usual_week"] if outlook else None,
        }
    )


def _series(
    coming: list[Row],
    history: History,
    usual: "pd.Series[Any]",
) -> Iterator[Json]:
    """Return the series of the rows of `coming_days.sql`, with their `usual` weeks."""
    for name, rows in groupby(coming, itemgetter("series")):
        yield {
            "name": name,
            "category": history.categories.get(name.removeprefix("sku:")),
            "usual_week": usual[name],
            "days": [{"day": row["target_date"], "expected": row} for row in rows],
        }


def _past_days(
    sales: pd.DataFrame,
    complete: set[date],
    in_force: list[Row],
) -> Iterator[Json]:
    """Return the days of `past_sales` with the forecasts that were in force."""
    forecasts = {row["target_date"]: row for row in in_force}
    for day, actual in sales[TOTAL].items():
        yield {
            "day": day,
            "actual": rounded(actual),
            "complete": day in complete,
            "expected": forecasts.get(day),
        }


def last_known_day(as_of: date, today: date) -> date:
    """Return the newest day whose actual sales count in a report that is made `today`. In the first forecast
    week that is the day before; a report of a past week states its forecast alone."""
    if as_of < today < as_of + timedelta(days=DAYS):
        return today - timedelta(days=1)
    return as_of - timedelta(days=1)


def past_sales(history: History) -> pd.DataFrame:
    """Return the gross sales of the last eight weeks by series and of the total [day, series]; NaN where
    unknown."""
    tables = [
        pd.DataFrame(panel.values, panel.dates[: panel.days], panel.series)
        for panel in history.panels.values()
    ]
    sales = pd.concat(tables, axis=1)
    last_days = pd.date_range(end=sales.index[-1], periods=SCORED_DAYS)
    sales = sales.reindex(last_days)
    sales[TOTAL] = sales.filter(like="category:").sum(axis=1, skipna=False)
    sales.index = last_days.date
    return sales


def usual_weeks(sales: pd.DataFrame, complete: set[date]) -> "pd.Series[Any]":
    """Return the median of the last eight weeks by series. A week with a day that is not known and complete
    is left out; None without any other. `sales` is as `past_sales` returns them."""
    # A closed day of an export had no run, so it is not among the complete ones.
    is_complete = sales.index.isin(complete) | (sales[TOTAL] == 0)
    known_sales = sales[is_complete]
    calendar_weeks = pd.to_datetime(known_sales.index).to_period("W")
    weeks = known_sales.groupby(calendar_weeks).sum(min_count=DAYS)
    return weeks.median().map(rounded)


def _promotions(history: History) -> Iterator[Json]:
    """Return the promotions of the forecast days, by first day and SKU, whatever their order in the file."""
    end = history.as_of + timedelta(days=HORIZON)
    promotions = sorted(
        history.promotions,
        key=lambda promotion: (promotion.start_date, promotion.sku or ""),
    )
    for promotion in promotions:
        first = promotion.start_date
        last = promotion.end_date
        if last >= history.as_of and first < end:
            yield asdict(promotion) | {"first": first, "last": last}
