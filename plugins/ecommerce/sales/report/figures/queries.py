"""Asks the warehouse for one day's report: runs include/sql/report and puts the answers together. Sums over
breakdowns are exact: the warehouse's decimals are added up as decimals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import TransientError
from ecommerce.core.settings import Settings
from ecommerce.sales.completeness import doubtful_partners_of, unusual_sources
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures import (
    comparisons,
    contributions,
    forecast_comparison,
    implausible,
    model,
    month,
    rejected,
    restatements,
    return_reasons,
    upcoming,
    website,
)
from ecommerce.sales.report.figures import warnings as report_warnings
from ecommerce.sales.report.figures.comparisons import COMPARED_DAYS
from ecommerce.sales.report.figures.rounding import rounded_parts
from ecommerce.sales.report.findings import ranking
from ecommerce.sources import SOURCES, module
from ecommerce.warehouse.client import Warehouse

MOST_LOOKS = 3
MOST_PRODUCTS = 20
MOST_SAMPLES = 3
NO_ATTRIBUTE = "(none)"
OFF = "off"  # state of a source that is switched off
HEADLINE = "report/daily_sales/headline.sql"
Row = Mapping[str, Any]


def read_figures(
    warehouse: Warehouse,
    day: date,
    origin: model.Provenance,
    warnings: Sequence[str | Row] = (),
    required: Collection[str] = SOURCES,
) -> model.Figures:
    """The report of business day `day` as the warehouse stands now.

    Args:
        origin: who makes the report; its `run_id` selects the data quality figures of that run.
        warnings: what transform, load and checks warned of: sentences, or the fields of a `Remark`.
        required: the sources without which a day is not complete.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    # A report takes several queries. What another run commits between two of them would be in one figure and
    # not in the next, so the headline must be the same before and after. (Days long ago are in the headline
    # alone: a load of history need not hold up the report.)
    recent = comparisons.recent_days(day)
    for _ in range(MOST_LOOKS):
        headlines = warehouse.query(HEADLINE, spec=ORDERS, days=comparisons.days_asked(day))
        found = _read_once(warehouse, day, origin, warnings, headlines=headlines, required=required)
        before = [row for row in headlines if row["business_date"] in recent]
        if warehouse.query(HEADLINE, spec=ORDERS, days=recent) == before:
            return found
    raise TransientError(f"other runs kept loading while the figures of {day} were read")


def _read_once(
    warehouse: Warehouse,
    day: date,
    origin: model.Provenance,
    warnings: Sequence[str | Row],
    *,
    headlines: Sequence[Row],
    required: Collection[str],
) -> model.Figures:
    run: dict[str, Any] = {"run_id": origin.run_id}

    def ask(
        name: str, parameters: dict[str, Any] | None = None, days: Collection[date] = (), **values: Any
    ) -> list[dict[str, Any]]:
        path = f"report/daily_sales/{name}.sql"
        named = {"day": day, **values}
        return warehouse.query(path, spec=ORDERS, parameters=parameters, days=days, **named)

    empty, few = unusual_sources(warehouse, comparisons.days_asked(day), required)
    days = {
        row["business_date"]: {**row, "complete": row["complete"] and row["business_date"] not in empty}
        for row in headlines
    }
    (known,) = ask("first_days")
    days = comparisons.with_customers_since(days, known["customers_since"])
    today = days.get(day, {})
    complete = bool(today.get("complete"))
    for row in ask("rate_bases", days=comparisons.days_asked(day)):
        days.get(row["business_date"], {}).update(row)
    note = comparisons.new_customers_note(day, today, known["customers_since"])
    sales, orders = ask("sales"), ask("orders")
    runs = warehouse.query("warehouse/tables/load_audit/daily_runs.sql", spec=ORDERS, day=day)
    missing = missing_days(day, [row["business_date"] for row in runs])
    attribute = warehouse.settings.report_attribute
    of_attribute: list[dict[str, Any]] = []
    if attribute:
        of_attribute = ask(
            "attribute", days={day, *(row["business_date"] for row in ask("refunded_order_days"))}
        )
    unconverted = _unconverted(sales, orders)
    site = website.read(ask, day, day - timedelta(days=COMPARED_DAYS))
    of_files = ask("file_warnings")
    told = [*map(_export, ask("history_loads")), *website.warnings(site, day)]
    sources = [model.SourceQuality(**row) for row in ask("sources", run)]
    quality = model.Quality(
        complete=complete,
        empty_sources=empty.get(day, []),
        refused_files=[
            model.RefusedFile(**{name: row[name] for name in model.RefusedFile.model_fields})
            for row in of_files
            if row["file"]
        ],
        doubtful_sources=sorted({*few.get(day, ()), *doubtful_partners_of(warehouse, day, required)})
        if complete
        else [],
        missing_sources=list(today.get("missing_sources") or ()),
        sources=sources,
        totals=[
            model.CurrencyTotals(**{name: row[name] for name in model.CurrencyTotals.model_fields})
            for row in warehouse.query("report/currency_totals.sql", spec=ORDERS, first=day, day=day)
        ],
        rejects=rejected.rejects(ask("rejects", most=MOST_SAMPLES)),
        unconverted=unconverted,
        missing_days=missing,
        first_loaded=min((row["business_date"] for row in runs), default=None),
        first_exported=known["first_exported"],
        fill_command=f"make backfill FROM={missing[0]} TO={missing[-1]}" if missing else None,
        restatements=restatements.merged(ask("restatements")),
        warnings=report_warnings.remarks(
            [*report_warnings.until(day, warnings), *(row["warning"] for row in of_files), *told]
        ),
        limits=limits({each.source for each in sources if each.status != OFF}, warehouse.settings),
    )
    base = contributions.base_of(day, days)
    before = ask("sales", day=base) if base else []
    products = _products(ask, day, base, contributions.unconverted(sales, before))
    found = model.Figures(
        business_date=day,
        currency=warehouse.settings.reporting_currency,
        headline=comparisons.headline(day, days, unconverted, {"new_customers": note}),
        rate_bases=comparisons.rate_bases(day, days),
        averaged_days=len(averaged := comparisons.averaged_days(day, days)),
        averaged_days_without_sales=sum(not days[each]["orders"] for each in averaged),
        trend=comparisons.trend(day, days),
        channels=breakdown(sales, "channel", _orders_by(orders, "channel")),
        categories=breakdown(sales, "category", None),
        countries=breakdown(sales, "country_code", _orders_by(orders, "country_code")),
        attribute=attribute,
        attributes=attributes(of_attribute),
        products=_best(products),
        website=site,
        month=month.month_to_date(day, days),
        implausible=[implausible.ImplausibleAmount(**row) for row in ask("implausible")],
        return_reasons=return_reasons.reasons(ask("return_reasons")),
        quality=quality,
        provenance=origin,
    )
    window = day_window(day, warehouse.settings.shop_timezone)
    calendar = warehouse.settings.holiday_calendar
    expected = forecast_comparison.read(ask, window, came(found))
    if expected and unconverted and averaged:
        currencies = [each.currency for each in unconverted]
        shares = ask("currency_shares", {"currencies": currencies}, days=averaged)
        expected = forecast_comparison.without(expected, currencies, shares)
    found = found.model_copy(
        update={
            "expectation": forecast_comparison.judged(expected, complete=not found.caveat),
            "outlook": upcoming.in_context(upcoming.read(ask, window), day, days, calendar),
            "changes": base and _changes(ask, (day, base), days, (before, sales), products),
        }
    )
    return found.model_copy(update={"findings": ranking.find(found)})


def _products(
    ask: forecast_comparison.Ask, day: date, base: date | None, excluded: list[str]
) -> list[dict[str, Any]]:
    # Without another day to compare with, the query compares the day with itself, and no one reads that.
    other = base or day
    most = {"most": MOST_PRODUCTS, "most_movers": contributions.MOST_MOVERS}
    return ask("products", {"excluded": excluded}, days={day, other}, base=other, **most)


def _best(products: Iterable[Row]) -> list[model.Product]:
    names = ("sku", "name", "category", "units", "sales", "thumbnail")
    sold = [row for row in products if row["sales"] is not None]
    sold.sort(key=lambda row: (-row["sales"], row["sku"]))
    return [model.Product(**{name: row[name] for name in names}) for row in sold[:MOST_PRODUCTS]]


def _changes(
    ask: forecast_comparison.Ask,
    compared: tuple[date, date],
    days: Mapping[date, Row],
    sales: tuple[Sequence[Row], Sequence[Row]],
    products: Iterable[Row],
) -> contributions.Changes:
    day, base = compared
    totals = days[base]["net_sales"], days[day]["net_sales"] if day in days else Decimal(0)
    since = {"week_before": base - timedelta(days=6), "quarter_before": base - contributions.QUARTER}
    channels = contributions.channel_changes(day, base, ask("channel_days", base=base, **since))
    return contributions.changes(base, totals, sales, products, channels)


def came(figures: model.Figures) -> dict[str, Decimal]:
    """The day's gross sales in reporting currency, by the series that forecasts have."""
    found = {forecast_comparison.TOTAL: figures.headline["gross_sales"].value or Decimal(0)}
    parts = (
        (forecast_comparison.CHANNEL, figures.channels),
        (forecast_comparison.CATEGORY, figures.categories),
    )
    return found | {f"{kind}:{row.name}": row.gross_sales for kind, rows in parts for row in rows}


def _export(row: Row) -> report_warnings.Remark:
    loaded = f"{row['source']}: an export of {row['orders']:,} orders was loaded by {row['run_id']}"
    if not row["rows_rejected"]:
        return report_warnings.Remark(
            found=loaded,
            meaning="past days have these orders now",
            action="nothing, where the export was meant to be loaded",
            weight=report_warnings.HARMLESS,
        )
    # They are kept once: a later load of the same export has taken their place.
    why = f" ({row['reasons']})" if row["reasons"] else ""
    return report_warnings.Remark(
        found=f"{loaded}; {row['rows_rejected']:,} of its {row['rows_read']:,} rows were rejected{why}",
        meaning="the figures lack what was rejected",
        action="mend the rows in the export, take it back (make undo-history) and load it again",
        weight=report_warnings.DOUBTFUL,
    )


def breakdown(sales: Iterable[Row], column: str, orders: Mapping[str, int] | None) -> list[model.Breakdown]:
    """The sales added up by `column`, largest net sales first; unconverted amounts count as units only.
    `orders` has the number of orders by the same column; None where orders cannot be told apart by it."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in sales:
        entry = sums[row[column]]
        entry["units"] += row["units"]
        for figure in model.AMOUNTS:
            entry[figure] += row[f"{figure}_reporting"] or 0
    rows = [
        model.Breakdown(name=name, orders=None if orders is None else orders.get(name, 0), **entry)
        for name, entry in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row.net_sales, row.name))


def attributes(rows: Iterable[Row]) -> list[model.Breakdown]:
    """The sales by an attribute of the orders, largest net sales first. What is rounded is the running total,
    not each row's amount, so that the rows add up to the headline."""
    some = list(rows)
    amounts = {
        figure: list(rounded_parts(row[figure] or Decimal(0) for row in some)) for figure in model.AMOUNTS
    }
    found = [
        model.Breakdown(
            name=NO_ATTRIBUTE if row["attribute"] is None else row["attribute"],
            orders=row["orders"],
            units=row["units"],
            **{figure: amounts[figure][place] for figure in model.AMOUNTS},
        )
        for place, row in enumerate(some)
    ]
    return sorted(found, key=lambda row: (-row.net_sales, row.name))


def missing_days(day: date, loaded: Collection[date]) -> list[date]:
    """The days of the last 28 before `day` without a daily run, from the first day that ever had one."""
    if not loaded:
        return []
    days = (day - timedelta(days=back) for back in range(COMPARED_DAYS, 0, -1))
    return [each for each in days if each > min(loaded) and each not in loaded]


def limits(sources: Collection[str], settings: Settings) -> list[str]:
    """Which changes of the `sources` in use are seen late or never, in sentences for the report."""
    return [text for source in SOURCES if source in sources for text in module(source).limits(settings)]


def _orders_by(orders: Iterable[Row], column: str) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for row in orders:
        counts[row[column]] += row["orders"]
    return counts


def _unconverted(sales: Iterable[Row], orders: Iterable[Row]) -> list[model.Unconverted]:
    counts = _orders_by(orders, "currency")
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in sales:
        if row["net_sales_reporting"] is None:
            for figure in model.AMOUNTS:
                sums[row["currency"]][figure] += row[figure]
    # A rate is there for all orders of a day in one currency or for none of them.
    return [
        model.Unconverted(currency=currency, orders=counts.get(currency, 0), **sums[currency])
        for currency in sorted(sums)
    ]
