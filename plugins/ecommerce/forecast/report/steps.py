"""The steps of the forecast report: query the warehouse, assemble the figures, archive them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning, sentences
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.named_weeks import event, usual_week
from ecommerce.core.settings import load_settings
from ecommerce.forecast.data.history import History, read_prepared
from ecommerce.forecast.models import training
from ecommerce.forecast.report import archive, figures, scoring
from ecommerce.forecast.weeks import DAYS, HORIZON, Week
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
    as_of, settings = prepared.business_date + timedelta(days=1), load_settings()
    first, last = (
        as_of - timedelta(days=scoring.SCORED_DAYS),
        as_of + timedelta(days=HORIZON - 1),
    )
    warehouse = connect(dag=run.dag_id, step="report")
    made = {"begins_at": day_window(as_of, settings.shop_timezone).start}
    rows = warehouse.arrow(
        "forecast/report_rows.sql", parameters=made, first=first, day=last
    )
    days = warehouse.query(
        "forecast/complete_days.sql", first=first, day=prepared.business_date
    )
    report = assemble(
        rows.to_pylist(),
        {row["business_date"] for row in days},
        read_prepared(prepared).panels(),
        kept["card"],
        warnings=[*(prepared.control_totals.get("warnings") or ()), *warnings],
        origin=figures.ForecastProvenance.of(
            run, settings.shop_timezone, model=kept["name"]
        ),
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
    as_of, model = history.as_of, figures.ModelCard.model_validate(card)
    last, made_at = (
        as_of + timedelta(days=HORIZON - 1),
        day_window(as_of, origin.timezone).start,
    )
    by_day = sorted(rows, key=lambda row: row["target_date"])
    past = [row for row in by_day if row["target_date"] < as_of]
    total = [row for row in past if row["series"] == TOTAL]
    of_total = {
        row["target_date"]: figures.DayForecast.model_validate(row) for row in total
    }
    scored = [
        row
        for row in past
        if row["target_date"] in complete and row["actual"] is not None
    ]
    coming: dict[str, list[figures.ComingDay]] = defaultdict(list)
    for row in by_day[len(past) :]:
        if row["made_at"] == made_at:
            day = figures.ComingDay(
                day=row["target_date"], expected=figures.DayForecast.model_validate(row)
            )
            coming[row["series"]].append(day)
    since = as_of - timedelta(days=scoring.DRIFT_DAYS)
    sales = past_sales(history)
    past_days = [
        figures.PastDay(
            day=day.date(),
            actual=training.rounded(amount),
            complete=day.date() in complete,
            expected=of_total.get(day.date()),
        )
        for day, amount in zip(pd.DatetimeIndex(sales.index), sales[TOTAL], strict=True)
    ]
    # A closed day of an export had no run, so it is not among the complete ones.
    known = [each.complete or each.actual == 0 for each in past_days]
    return figures.ForecastFigures(
        as_of=as_of,
        currency=currency,
        past=past_days,
        series=[
            figures.ForecastSeries(
                name=name,
                category=history.categories.get(name.removeprefix("sku:")),
                usual_week=_usual_week(sales[name][known], as_of),
                days=coming[name],
            )
            for name in sorted(coming, key=lambda name: (name != TOTAL, name))
            if name == TOTAL or any(each.expected.forecast for each in coming[name])
        ],
        promotions=[
            figures.ComingPromotion(
                first=each.start_date,
                last=each.end_date,
                sku=each.sku,
                discount_percent=each.discount_percent,
            )
            for each in sorted(
                history.promotions, key=lambda each: (each.start_date, each.sku or "")
            )
            if each.end_date >= as_of and each.start_date <= last
        ],
        scores=scoring.scores(scored),
        drift=scoring.drift(
            [row for row in scored if row["target_date"] >= since], model.total_error
        ),
        events=[
            event(Week(as_of + timedelta(first)).days, calendar)
            for first in range(0, HORIZON, DAYS)
        ],
        products=dict(history.products),
        skipped={
            series: why
            for kind in card["kinds"]
            for series, why in kind["skipped"].items()
        },
        gaps=list(history.gaps),
        warnings=[mask_e_mails(text) for text in sentences(warnings)],
        card=model,
        provenance=origin,
    )


def _usual_week(sales: pd.Series, as_of: date) -> Decimal | None:
    """Return what a series sells in a usual week. `sales`: of the known days by day, NaN in gaps."""
    days = pd.DatetimeIndex(sales.index)
    return usual_week({day.date(): training.rounded(sales[day]) for day in days}, as_of)


def past_sales(history: History) -> pd.DataFrame:
    """Return the gross sales of the last eight weeks by series and of the total [day, series]; NaN where
    unknown."""
    days = pd.date_range(
        end=history.as_of - timedelta(days=1), periods=scoring.SCORED_DAYS
    )
    panels = history.panels.values()
    tables = [
        pd.DataFrame(each.values, each.dates[: each.days], each.series)
        for each in panels
    ]
    sales = pd.concat(tables, axis=1).reindex(days)
    return sales.assign(
        **{TOTAL: sales[[*history.panels["category"].series]].sum(axis=1, skipna=False)}
    )
