"""Reads the figures of one day's report from the warehouse, by the queries of include/sql/report. Sums over
breakdowns are exact: they add up the warehouse's decimals."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.errors import TransientError
from ecommerce.core.settings import Settings
from ecommerce.sales.day_state import doubtful_partners_of, unusual_sources
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report import findings
from ecommerce.sales.report.figures import (
    breakdowns,
    comparisons,
    contributions,
    forecast,
    model,
    rejected,
    restatements,
    website,
)
from ecommerce.sales.report.figures.base import CATEGORY, CHANNEL, COUNTRY, Query, Row
from ecommerce.sales.report.figures.comparisons import COMPARED_DAYS
from ecommerce.sales.report.figures.quality import (
    CurrencyTotals,
    Provenance,
    Quality,
    RefusedFile,
    SourceQuality,
    collected_warnings,
    export_warnings,
    file_warnings,
    no_delivery_warnings,
)
from ecommerce.sources import SOURCES
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
    """Return the current figures of business day `day`, with their findings. `warnings` are of extracts,
    transforms and checks; without one of the `required` sources a day is not complete.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    # Another run may commit between two queries, so the headline of recent days must be the same before and
    # after. Older days are in the headline alone: a load of history does not delay the report.
    recent = comparisons.recent_days(day)
    for _ in range(MOST_ATTEMPTS):
        headlines = warehouse.query(
            HEADLINE, spec=ORDERS, days=comparisons.compared_days(day)
        )
        figures = _read_once(
            warehouse, day, origin, warnings, required, headlines=headlines
        )
        before = [row for row in headlines if row["business_date"] in recent]
        if warehouse.query(HEADLINE, spec=ORDERS, days=recent) == before:
            return figures
    raise TransientError(
        f"other runs kept loading while the figures of {day} were read"
    )


def _read_once(
    warehouse: Warehouse,
    day: date,
    origin: Provenance,
    warnings: Sequence[DataWarning],
    required: Collection[str],
    *,
    headlines: Sequence[Row],
) -> model.Figures:
    def query(
        name: str, parameters: Row | None = None, **values: Any
    ) -> list[dict[str, Any]]:
        path, values = f"report/daily_sales/{name}.sql", {"day": day, **values}
        return warehouse.query(path, spec=ORDERS, parameters=parameters, **values)

    settings, compared = warehouse.settings, comparisons.compared_days(day)
    empty, few = unusual_sources(warehouse, compared, required)
    days = {
        row["business_date"]: {
            **row,
            "complete": row["complete"] and row["business_date"] not in empty,
        }
        for row in headlines
    }
    (known,) = query("first_days")
    for row in query("rate_bases", days=compared):
        days.get(row["business_date"], {}).update(row)
    days = comparisons.with_lacking(days, known["customers_since"])
    today, averaged = days.get(day, {}), comparisons.averaged_days(day, days)
    complete = bool(today.get("complete"))
    doubtful = sorted(
        {*few.get(day, ()), *doubtful_partners_of(warehouse, day, required)}
    )
    base = contributions.base_of(day, days)
    # Without a day to compare with, the day is compared with itself; that part is not used.
    order_days = _days_of_orders(query, {day, base or day})
    sales, orders = query("sales", **order_days), query("orders")
    unconverted = breakdowns.unconverted_amounts(sales, orders)
    site = website.website_of(query, day, day - timedelta(days=COMPARED_DAYS))
    before = query("sales", day=base, **order_days) if base else []
    excluded = contributions.unconverted(sales, before)
    most = {"most": MOST_PRODUCTS, "most_movers": contributions.MOST_MOVERS}
    products = query(
        "products",
        {"excluded": excluded},
        days={day, base or day},
        base=base or day,
        **most,
    )
    sold = [row for row in products if row["sales"] is not None]
    sold.sort(key=lambda row: (-row["sales"], row["sku"]))
    attributes = []
    if settings.report_attribute:
        attributes = breakdowns.attributes(query("attribute", **order_days))
    files = query("file_warnings")
    refused = [RefusedFile.of(row) for row in files if row["file"]]
    missing_sources = list(today.get("missing_sources") or ())
    stored_warnings = [
        *no_delivery_warnings(day, missing_sources, refused),
        *file_warnings(files),
        *export_warnings(query("history_loads")),
        *website.warnings(site, day),
    ]
    runs = warehouse.query(
        "warehouse/tables/load_audit/daily_runs.sql", spec=ORDERS, day=day
    )
    missing = missing_days(day, [row["business_date"] for row in runs])
    sources = [SourceQuality(**row) for row in query("sources")]
    control_totals = warehouse.query(
        "report/currency_totals.sql", spec=ORDERS, first=day, day=day
    )
    quality = Quality(
        complete=complete,
        missing_sources=missing_sources,
        empty_sources=empty.get(day, []),
        doubtful_sources=doubtful if complete else [],
        refused_files=refused,
        sources=sources,
        totals=[CurrencyTotals.of(row) for row in control_totals],
        rejects=rejected.rejects(query("rejects", most=MOST_SAMPLES)),
        unconverted=unconverted,
        missing_days=missing,
        first_loaded=min((row["business_date"] for row in runs), default=None),
        first_exported=known["first_exported"],
        fill_command=f"make backfill FROM={missing[0]} TO={missing[-1]}"
        if missing
        else None,
        restatements=restatements.merged(query("restatements")),
        warnings=collected_warnings(day, warnings, stored_warnings),
        limits=limits(
            {each.source for each in sources if each.status != OFF}, settings
        ),
    )
    changes = None
    if base:
        totals = days[base]["net_sales"], today.get("net_sales", Decimal(0))
        week, quarter = base - timedelta(days=6), base - contributions.QUARTER
        rows = query(
            "channel_days", base=base, week_before=week, quarter_before=quarter
        )
        channels = contributions.channel_changes(day, base, rows)
        changes = contributions.changes(
            base, totals, (before, sales), products, channels
        )
    window = day_window(day, settings.shop_timezone)
    figures = model.Figures(
        business_date=day,
        currency=settings.reporting_currency,
        headline=comparisons.headline(day, days, unconverted),
        rate_bases=comparisons.rate_bases(day, days),
        averaged_days=len(averaged),
        averaged_days_without_sales=sum(not days[each]["orders"] for each in averaged),
        trend=comparisons.trend(day, days),
        channels=breakdowns.breakdown(sales, CHANNEL.column, orders),
        categories=breakdowns.breakdown(sales, CATEGORY.column, None),
        countries=breakdowns.breakdown(sales, COUNTRY.column, orders),
        attribute=settings.report_attribute,
        attributes=attributes,
        products=[model.Product.of(row) for row in sold[:MOST_PRODUCTS]],
        website=site,
        month=comparisons.month_to_date(day, days),
        targets=[model.Target.of(row) for row in query("targets")],
        margin=comparisons.margin(today),
        implausible=[model.ImplausibleAmount(**row) for row in query("implausible")],
        return_reasons=breakdowns.return_reasons(query("return_reasons")),
        changes=changes,
        outlook=forecast.outlook_of(query, window, days, settings.holiday_calendar),
        quality=quality,
        provenance=origin,
    )
    expected = forecast.expectation_of(
        query, window, breakdowns.gross_sales_by_series(figures)
    )
    if expected and unconverted and averaged:
        currencies = [each.currency for each in unconverted]
        shares = query("currency_shares", {"currencies": currencies}, days=averaged)
        expected = forecast.without(expected, currencies, shares)
    judged = forecast.judged(expected, complete=not figures.caveat)
    figures = figures.model_copy(update={"expectation": judged})
    return figures.model_copy(update={"findings": findings.findings_of(figures)})


def _days_of_orders(query: Query, days: Collection[date]) -> dict[str, Any]:
    """Return the arguments of statements that read refunded orders: `days` with the days of the orders that
    were refunded on them, and the `first` of all."""
    refunded = query("refunded_order_days", days=days)
    order_days = {*days, *(row["business_date"] for row in refunded)}
    return {"days": order_days, "first": min(order_days)}


def missing_days(day: date, loaded: Collection[date]) -> list[date]:
    """Return the days of the last 28 before `day` without a daily run, since the first day that ever had
    one."""
    days = (day - timedelta(days=back) for back in range(COMPARED_DAYS, 0, -1))
    return [
        each for each in days if loaded and each not in loaded and each > min(loaded)
    ]


def limits(sources: Collection[str], settings: Settings) -> list[str]:
    """Return the limits of the `sources` in use: changes that runs notice late or never."""
    return [
        text
        for source in SOURCES
        if source in sources
        for text in SOURCES[source].limits(settings)
    ]
