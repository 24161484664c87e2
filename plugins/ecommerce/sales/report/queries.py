"""Reads the figures of one day's report from the warehouse, by the queries of include/sql/report. Sums over
breakdowns are exact: they add up the warehouse's decimals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.errors import TransientError
from ecommerce.core.settings import Settings
from ecommerce.sales.completeness import doubtful_partners_of, unusual_sources
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures import (
    breakdowns,
    comparisons,
    contributions,
    forecast_comparison,
    model,
    month,
    rejected,
    restatements,
    return_reasons,
    upcoming,
    website,
)
from ecommerce.sales.report.figures import warnings as report_warnings
from ecommerce.sales.report.figures.base import Part, Query, Row
from ecommerce.sales.report.figures.comparisons import COMPARED_DAYS
from ecommerce.sales.report.figures.finding import ImplausibleAmount
from ecommerce.sales.report.figures.quality import (
    CurrencyTotals,
    Provenance,
    Quality,
    RefusedFile,
    SourceQuality,
)
from ecommerce.sales.report.findings import ranking
from ecommerce.sources import SOURCES, module
from ecommerce.warehouse.client import Warehouse

MOST_ATTEMPTS = 3
MOST_PRODUCTS = 20
MOST_SAMPLES = 3
OFF = "off"
"""The state of a source that is switched off."""
HEADLINE = "report/daily_sales/headline.sql"


def read_figures(
    warehouse: Warehouse,
    day: date,
    origin: Provenance,
    warnings: Sequence[DataWarning] = (),
    required: Collection[str] = SOURCES,
) -> model.Figures:
    """Return the current figures of business day `day`, with their findings.

    Args:
        warehouse: the warehouse to query.
        day: the report's.
        origin: who makes the report; its `run_id` selects the data quality figures of that run.
        warnings: of transform, load and checks.
        required: the sources without which a day is not complete.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    # Another run may commit between two queries, so the headline of recent days must be the same before and
    # after. Older days are in the headline alone: a load of history does not delay the report.
    recent = comparisons.recent_days(day)
    for _ in range(MOST_ATTEMPTS):
        headlines = warehouse.query(HEADLINE, spec=ORDERS, days=comparisons.compared_days(day))
        figures = _read_once(warehouse, day, origin, warnings, headlines=headlines, required=required)
        before = [row for row in headlines if row["business_date"] in recent]
        if warehouse.query(HEADLINE, spec=ORDERS, days=recent) == before:
            return figures
    raise TransientError(f"other runs kept loading while the figures of {day} were read")


def _read_once(
    warehouse: Warehouse,
    day: date,
    origin: Provenance,
    warnings: Sequence[DataWarning],
    *,
    headlines: Sequence[Row],
    required: Collection[str],
) -> model.Figures:
    def query(
        name: str, parameters: dict[str, Any] | None = None, days: Collection[date] = (), **values: Any
    ) -> list[dict[str, Any]]:
        path = f"report/daily_sales/{name}.sql"
        return warehouse.query(path, spec=ORDERS, parameters=parameters, days=days, **{"day": day, **values})

    settings, compared = warehouse.settings, comparisons.compared_days(day)
    empty, few = unusual_sources(warehouse, compared, required)
    days = {
        row["business_date"]: {**row, "complete": row["complete"] and row["business_date"] not in empty}
        for row in headlines
    }
    (known,) = query("first_days")
    days = comparisons.with_customers_since(days, known["customers_since"])
    for row in query("rate_bases", days=compared):
        days.get(row["business_date"], {}).update(row)
    today, averaged = days.get(day, {}), comparisons.averaged_days(day, days)
    sales, orders = query("sales"), query("orders")
    unconverted = breakdowns.unconverted_amounts(sales, orders)
    site = website.website_of(query, day, day - timedelta(days=COMPARED_DAYS))
    base = contributions.base_of(day, days)
    before = query("sales", day=base) if base else []
    products = _products(query, day, base, contributions.unconverted(sales, before))
    note = comparisons.new_customers_note(day, today, known["customers_since"])
    file_rows = query("file_warnings")
    exports = report_warnings.of_exports(query("history_loads"))
    all_warnings = report_warnings.collected(
        day, warnings, report_warnings.of_files(file_rows), exports, website.warnings(site, day)
    )
    quality = _quality(
        warehouse,
        query,
        day,
        run_id=origin.run_id,
        complete=bool(today.get("complete")),
        missing_sources=list(today.get("missing_sources") or ()),
        empty_sources=empty.get(day, []),
        doubtful_sources=sorted({*few.get(day, ()), *doubtful_partners_of(warehouse, day, required)}),
        refused=[row for row in file_rows if row["file"]],
        unconverted=unconverted,
        first_exported=known["first_exported"],
        warnings=all_warnings,
    )
    figures = model.Figures(
        business_date=day,
        currency=settings.reporting_currency,
        headline=comparisons.headline(day, days, unconverted, {"new_customers": note}),
        rate_bases=comparisons.rate_bases(day, days),
        averaged_days=len(averaged),
        averaged_days_without_sales=sum(not days[each]["orders"] for each in averaged),
        trend=comparisons.trend(day, days),
        channels=breakdowns.breakdown(sales, "channel", breakdowns.orders_by(orders, "channel")),
        categories=breakdowns.breakdown(sales, "category", None),
        countries=breakdowns.breakdown(sales, "country_code", breakdowns.orders_by(orders, "country_code")),
        attribute=settings.report_attribute,
        attributes=_attributes(query, day) if settings.report_attribute else [],
        products=_best(products),
        website=site,
        month=month.month_to_date(day, days),
        implausible=[ImplausibleAmount(**row) for row in query("implausible")],
        return_reasons=return_reasons.reasons(query("return_reasons")),
        quality=quality,
        provenance=origin,
    )
    window = day_window(day, settings.shop_timezone)
    expected = forecast_comparison.expectation_of(query, window, breakdowns.gross_sales_by_series(figures))
    if expected and unconverted and averaged:
        currencies = [each.currency for each in unconverted]
        shares = query("currency_shares", {"currencies": currencies}, days=averaged)
        expected = forecast_comparison.without(expected, currencies, shares)
    outlook = upcoming.outlook_of(query, window)
    figures = figures.model_copy(
        update={
            "expectation": forecast_comparison.judged(expected, complete=not figures.caveat),
            "outlook": upcoming.in_context(outlook, day, days, settings.holiday_calendar),
            "changes": base and _changes(query, (day, base), days, (before, sales), products),
        }
    )
    return figures.model_copy(update={"findings": ranking.findings_of(figures)})


def _quality(
    warehouse: Warehouse,
    query: Query,
    day: date,
    *,
    run_id: str,
    complete: bool,
    doubtful_sources: list[str],
    refused: Iterable[Row],
    **facts: Any,
) -> Quality:
    runs = warehouse.query("warehouse/tables/load_audit/daily_runs.sql", spec=ORDERS, day=day)
    missing = missing_days(day, [row["business_date"] for row in runs])
    sources = [SourceQuality(**row) for row in query("sources", {"run_id": run_id})]
    totals = warehouse.query("report/currency_totals.sql", spec=ORDERS, first=day, day=day)
    return Quality(
        complete=complete,
        doubtful_sources=doubtful_sources if complete else [],
        refused_files=[RefusedFile(**_fields(RefusedFile, row)) for row in refused],
        sources=sources,
        totals=[CurrencyTotals(**_fields(CurrencyTotals, row)) for row in totals],
        rejects=rejected.rejects(query("rejects", most=MOST_SAMPLES)),
        missing_days=missing,
        first_loaded=min((row["business_date"] for row in runs), default=None),
        fill_command=f"make backfill FROM={missing[0]} TO={missing[-1]}" if missing else None,
        restatements=restatements.merged(query("restatements")),
        limits=limits({each.source for each in sources if each.status != OFF}, warehouse.settings),
        **facts,
    )


def _fields(part: type[Part], row: Row) -> dict[str, Any]:
    return {name: row[name] for name in part.model_fields}


def _attributes(query: Query, day: date) -> list[model.Breakdown]:
    refunded = (row["business_date"] for row in query("refunded_order_days"))
    return breakdowns.attributes(query("attribute", days={day, *refunded}))


def _products(query: Query, day: date, base: date | None, excluded: list[str]) -> list[dict[str, Any]]:
    # Without a day to compare with, the query compares the day with itself; that part is not used.
    other = base or day
    most = {"most": MOST_PRODUCTS, "most_movers": contributions.MOST_MOVERS}
    return query("products", {"excluded": excluded}, days={day, other}, base=other, **most)


def _best(products: Iterable[Row]) -> list[model.Product]:
    sold = [row for row in products if row["sales"] is not None]
    sold.sort(key=lambda row: (-row["sales"], row["sku"]))
    return [model.Product(**_fields(model.Product, row)) for row in sold[:MOST_PRODUCTS]]


def _changes(
    query: Query,
    compared: tuple[date, date],
    days: Mapping[date, Row],
    sales: tuple[Sequence[Row], Sequence[Row]],
    products: Iterable[Row],
) -> contributions.Changes:
    day, base = compared
    totals = days[base]["net_sales"], days[day]["net_sales"] if day in days else Decimal(0)
    since = {"week_before": base - timedelta(days=6), "quarter_before": base - contributions.QUARTER}
    channels = contributions.channel_changes(day, base, query("channel_days", base=base, **since))
    return contributions.changes(base, totals, sales, products, channels)


def missing_days(day: date, loaded: Collection[date]) -> list[date]:
    """Return the days of the last 28 before `day` without a daily run, since the first day that ever had
    one."""
    if not loaded:
        return []
    days = (day - timedelta(days=back) for back in range(COMPARED_DAYS, 0, -1))
    return [each for each in days if each > min(loaded) and each not in loaded]


def limits(sources: Collection[str], settings: Settings) -> list[str]:
    """Return the limits of the `sources` in use: changes that runs notice late or never."""
    return [text for source in SOURCES if source in sources for text in module(source).limits(settings)]
