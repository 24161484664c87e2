"""Builds the forecast's report: from the warehouse and what the run left, into the archive."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.code_version import code_version
from ecommerce.core.settings import load_settings
from ecommerce.core.text import in_report_locale, mask_e_mails
from ecommerce.forecast import loading, scoring
from ecommerce.forecast.data import dataset
from ecommerce.forecast.data.history import TOTAL
from ecommerce.forecast.forecast_rows import AMOUNT
from ecommerce.forecast.models import registry, training
from ecommerce.forecast.report import archive
from ecommerce.forecast.report import figures as model
from ecommerce.forecast.scoring import Made
from ecommerce.forecast.weeks import DAYS, HORIZON
from ecommerce.sources.partner_ftp.files import Promotion
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.client import Warehouse, connect

log = logging.getLogger(__name__)

PAST_DAYS = scoring.SCORED_DAYS


@dataclass(frozen=True, slots=True)
class Known:
    """What the run knows beside the warehouse's rows. `actuals`: gross sales by series and day of the last
    eight weeks. `unknown`: days of which nothing is known, or that are older than the history."""

    actuals: Mapping[str, Mapping[date, Decimal]]
    categories: Mapping[str, str]
    unknown: Collection[date]
    gaps: Sequence[date]
    promotions: Sequence[Promotion]


@in_report_locale
def build_report(
    prepared: Manifest, kept: Mapping[str, Any], warnings: Iterable[str], run: DagRun
) -> dict[str, Any]:
    """Build the report and archive it in place of an older one of the same day.

    Args:
        prepared: what the model was trained on.
        kept: the model, as `training.fit` returned it.
        warnings: sentences of the steps before.
        run: who makes the report.

    Returns plain JSON for the mails: `uri` of the archived folder, `as_of`, `figures_hash`, and `drift`
    (sentences).

    Raises:
        PipelineError: the warehouse cannot be asked, or a folder cannot be read or written.
    """
    as_of = prepared.business_date + timedelta(days=1)
    settings, store = load_settings(), Store.of_models()
    card = training.read_card(kept, store)
    origin = model.Provenance(
        dag_id=run.dag_id,
        run_id=run.run_id,
        code_version=code_version(),
        timezone=settings.shop_timezone,
        model=kept["name"],
        generated_at=datetime.now(UTC),
    )
    rows, complete = ask(connect(dag=run.dag_id, step="report"), as_of)
    known = known_of(dataset.read_prepared(prepared), as_of)
    told = [*(prepared.control_totals.get("warnings") or ()), *warnings]
    figures = put_together(
        rows,
        complete,
        known,
        card | {"why": registry.why(store, card["selected"])},
        warnings=told,
        origin=origin,
        as_of=as_of,
        currency=settings.reporting_currency,
    )
    return archive_report(figures)


@in_report_locale
def archive_report(figures: model.Figures) -> dict[str, Any]:
    """Archive the report of `figures`; returns and raises as `build_report`."""
    uri = archive.publish(load_settings().reports_uri, figures)
    log.info("the forecast of %s is at %s", figures.as_of, uri)
    return {
        "uri": uri,
        "as_of": figures.as_of.isoformat(),
        "figures_hash": model.figures_hash(figures),
        "drift": figures.drift.reasons,
    }


def ask(warehouse: Warehouse, as_of: date) -> tuple[list[Made], set[date]]:
    """The forecasts of the eight weeks before `as_of` and of the four after it, and the days of the former
    whose sales are all there; raises as `Warehouse.query`."""
    first, last = as_of - timedelta(days=PAST_DAYS), as_of + timedelta(days=HORIZON - 1)
    rows = warehouse.arrow("forecast/report_rows.sql", first=first, day=last).to_pylist()
    days = warehouse.query("forecast/complete_days.sql", first=first, day=as_of - timedelta(days=1))
    return scoring.made(rows), {row["business_date"] for row in days}


def known_of(prepared: dataset.Prepared, as_of: date) -> Known:
    """What a prepared folder tells the report."""
    history = prepared.panels()
    first = as_of - timedelta(days=PAST_DAYS)
    begun = min((panel.first_day for panel in history.panels.values()), default=as_of)
    older = {first + timedelta(days=day) for day in range(max((begun - first).days, 0))}
    articles = prepared.articles.select(["name", "category"]).to_pylist()
    return Known(
        actuals=prepared.amounts(first),
        categories={f"sku:{row['name']}": row["category"] for row in articles if row["category"]},
        unknown=older | set(history.gaps),
        gaps=history.gaps,
        promotions=prepared.announced.promotions,
    )


def put_together(
    rows: Sequence[Made],
    complete: Collection[date],
    known: Known,
    card: Mapping[str, Any],
    *,
    warnings: Iterable[str],
    origin: model.Provenance,
    as_of: date,
    currency: str,
) -> model.Figures:
    """The figures of the forecast `as_of`, from what was asked and kept; `rows` and `complete` as `ask`."""
    timezone = origin.timezone
    past = scoring.in_force(
        (each for each in rows if each.target_date < as_of), lambda day: day_window(day, timezone).start
    )
    own = day_window(as_of, timezone).start
    coming = [each for each in rows if each.made_at == own and each.model == card["champion"]]
    kinds = _kinds(card)
    skipped = {series: why for kind in card["kinds"].values() for series, why in kind["skipped"].items()}
    # What is skipped has a section of its own.
    told = [
        each for each in warnings if each not in {*map(loading.skipped_warning, skipped, skipped.values())}
    ]
    last = as_of + timedelta(days=HORIZON - 1)
    usual_error = _ratio(card["kinds"].get("category", {}).get("total_error_of_13_weeks"))
    return model.Figures(
        as_of=as_of,
        currency=currency,
        past=_past(past, complete, known, as_of),
        series=_series(coming, known, as_of),
        promotions=[
            model.ComingPromotion(
                first=each.start_date,
                last=each.end_date,
                sku=each.sku,
                discount_percent=each.discount_percent,
            )
            for each in sorted(known.promotions, key=lambda each: (each.start_date, each.sku or ""))
            if each.end_date >= as_of and each.start_date <= last
        ],
        scores=scoring.scores(past, as_of, complete),
        drift=scoring.drift(past, as_of, complete, usual_error),
        skipped=skipped,
        gaps=sorted(known.gaps),
        warnings=list(dict.fromkeys(map(mask_e_mails, told))),
        card=model.Card(
            champion=card["champion"],
            selected=None if card["selected"] == training.BY_DEFAULT else card["selected"],
            why=card.get("why", ""),
            forecasts=card["forecasts"],
            not_for=card["not_for"],
            total_error=usual_error,
            kinds=kinds,
        ),
        provenance=origin,
    )


def _past(kept: scoring.Kept, complete: Collection[date], known: Known, as_of: date) -> list[model.PastDay]:
    days = (as_of - timedelta(days=back) for back in range(PAST_DAYS, 0, -1))
    total = known.actuals.get(TOTAL, {})
    return [
        model.PastDay(
            day=day,
            actual=None if day in known.unknown else total.get(day, Decimal(0)),
            complete=day in complete,
            expected=_expected(kept[TOTAL, day]) if (TOTAL, day) in kept else None,
        )
        for day in days
    ]


def _series(coming: Iterable[Made], known: Known, as_of: date) -> list[model.Series]:
    days: dict[str, list[Made]] = {}
    for each in coming:
        days.setdefault(each.series, []).append(each)
    return [
        model.Series(
            name=name,
            category=known.categories.get(name),
            usual_week=_usual_week(known, name, as_of),
            days=[
                model.ComingDay(day=each.target_date, expected=_expected(each))
                for each in sorted(days[name], key=lambda each: each.target_date)
            ],
        )
        for name in sorted(days, key=lambda name: (name != TOTAL, name))
    ]


def _usual_week(known: Known, name: str, as_of: date) -> Decimal | None:
    """The mean week of the last four, by their days that are known."""
    days = [as_of - timedelta(days=back) for back in range(1, HORIZON + 1)]
    of_series = known.actuals.get(name, {})
    values = [of_series.get(day, Decimal(0)) for day in days if day not in known.unknown]
    if not values:
        return None
    return (sum(values, Decimal(0)) / len(values) * DAYS).quantize(AMOUNT, ROUND_HALF_UP)


def _expected(each: Made) -> model.Expected:
    return model.Expected(**{name: getattr(each, name) for name in model.Expected.model_fields})


def _kinds(card: Mapping[str, Any]) -> list[model.KindCard]:
    return [
        model.KindCard(
            kind=kind,
            series=len(found["series"]),
            first_day=date.fromisoformat(found["first_day"]),
            days=found["days"],
            weights={name: Decimal(str(weight)) for name, weight in found["weights"].items()},
            error=_ratio(found["champion_error_of_13_weeks"]),
            error_of_last_week=_ratio(found["relative_error_of_13_weeks"].get("seasonal_naive")),
        )
        for kind, found in card["kinds"].items()
    ]


def _ratio(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
