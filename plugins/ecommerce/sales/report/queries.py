"""Asks the warehouse for one day's report: runs include/sql/report and puts the answers together. Sums over
breakdowns are exact: the warehouse's decimals are added up as decimals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import TransientError
from ecommerce.core.settings import Settings
from ecommerce.core.text import count
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report import expectation, rejected, remarks, restatements, website
from ecommerce.sales.report import figures as model
from ecommerce.sources import SOURCES, module
from ecommerce.warehouse.client import Warehouse

COMPARED_DAYS = 28
MOST_CURRENCIES = 4
MOST_LOOKS = 3
MOST_PRODUCTS = 20
MOST_SAMPLES = 3
NO_ATTRIBUTE = "(none)"
OFF = "off"  # state of a source that is switched off
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
        required: the sources without which the day is not complete.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    # A report takes several queries. What another run commits between two of them would be in one figure and
    # not in the next, so the headline must be the same before and after.
    first = day - timedelta(days=COMPARED_DAYS)
    for _ in range(MOST_LOOKS):
        headlines = warehouse.query("report/daily_sales/headline.sql", day=day, first=first)
        found = _read_once(warehouse, day, origin, warnings, headlines)
        if warehouse.query("report/daily_sales/headline.sql", day=day, first=first) == headlines:
            return _judged(found, required)
    raise TransientError(f"other runs kept loading while the figures of {day} were read")


def _read_once(
    warehouse: Warehouse,
    day: date,
    origin: model.Provenance,
    warnings: Sequence[str | Row],
    headlines: Sequence[Row],
) -> model.Figures:
    run: dict[str, Any] = {"run_id": origin.run_id}

    def ask(name: str, parameters: dict[str, Any] | None = None, **values: Any) -> list[dict[str, Any]]:
        path = f"report/daily_sales/{name}.sql"
        return warehouse.query(path, spec=ORDERS, parameters=parameters, day=day, **values)

    days = {row["business_date"]: row for row in headlines}
    sales, orders = ask("sales"), ask("orders")
    runs = warehouse.query("warehouse/tables/load_audit/daily_runs.sql", spec=ORDERS, day=day)
    missing = missing_days(day, [row["business_date"] for row in runs])
    today = days.get(day, {})
    attribute = warehouse.settings.report_attribute
    of_attribute: list[dict[str, Any]] = []
    if attribute:
        of_attribute = ask("attribute", days={day, *(row["business_date"] for row in ask("refunded_days"))})
    unconverted = _unconverted(sales, orders)
    site = website.read(ask, day, day - timedelta(days=COMPARED_DAYS))
    told = [row["warning"] for row in ask("file_warnings")] + [_export(row) for row in ask("history_loads")]
    told += website.warnings(site, day)
    sources = [model.SourceQuality(**row) for row in ask("sources", run)]
    quality = model.Quality(
        complete=bool(today.get("complete")),
        empty_sources=[row["source"] for row in ask("unusually_empty")],
        missing_sources=list(today.get("missing_sources") or ()),
        sources=sources,
        rejects=rejected.rejects(ask("rejects", most=MOST_SAMPLES)),
        unconverted=unconverted,
        missing_days=missing,
        fill_command=f"make backfill FROM={missing[0]} TO={missing[-1]}" if missing else None,
        restatements=restatements.merged(ask("restatements")),
        warnings=remarks.remarks([*warnings, *told]),
        limits=limits({each.source for each in sources if each.status != OFF}, warehouse.settings),
    )
    found = model.Figures(
        business_date=day,
        currency=warehouse.settings.reporting_currency,
        headline=headline(day, days, unconverted),
        averaged_days=sum(bool(row["complete"]) for each, row in days.items() if each < day),
        trend=_trend(day, days),
        channels=breakdown(sales, "channel", _orders_by(orders, "channel")),
        categories=breakdown(sales, "category", None),
        countries=breakdown(sales, "country_code", _orders_by(orders, "country_code")),
        attribute=attribute,
        attributes=attributes(of_attribute),
        products=[model.Product(**row) for row in ask("products", most=MOST_PRODUCTS)],
        website=site,
        quality=quality,
        provenance=origin,
    )
    expected = expectation.read(ask, day_window(day, warehouse.settings.shop_timezone), came(found))
    return found.model_copy(update={"expectation": expected})


def came(figures: model.Figures) -> dict[str, Decimal]:
    """The day's gross sales in reporting currency, by the series that forecasts have."""
    found = {expectation.TOTAL: figures.headline["gross_sales"].value or Decimal(0)}
    parts = ((expectation.CHANNEL, figures.channels), (expectation.CATEGORY, figures.categories))
    return found | {f"{kind}:{row.name}": row.gross_sales for kind, rows in parts for row in rows}


def _export(row: Row) -> str:
    loaded = f"{row['source']}: an export of {row['orders']:,} orders was loaded by {row['run_id']}"
    if not row["rows_rejected"]:
        return loaded
    # They are kept once: a later load of the same export has taken their place.
    why = f" ({row['reasons']})" if row["reasons"] else ""
    return f"{loaded}; {row['rows_rejected']:,} of its {row['rows_read']:,} rows were rejected{why}"


def _judged(figures: model.Figures, required: Collection[str]) -> model.Figures:
    """The figures, incomplete where a required source is unusually empty; of others that says nothing. Only a
    complete day is compared with what was expected of it."""
    empty = [source for source in figures.quality.empty_sources if source in required]
    complete = figures.quality.complete and not empty
    quality = figures.quality.model_copy(update={"empty_sources": empty, "complete": complete})
    today = figures.trend[-1].model_copy(update={"complete": complete})
    expected = expectation.judged(figures.expectation, complete=complete)
    trend = [*figures.trend[:-1], today]
    return figures.model_copy(update={"quality": quality, "trend": trend, "expectation": expected})


def headline(
    day: date, days: Mapping[date, Row], unconverted: Sequence[model.Unconverted] = ()
) -> dict[str, model.Figure]:
    """The headline figures of `day`, compared with complete days only: half a day looks like a slump.
    `unconverted` are the amounts of that day that no average can take in."""
    complete = {each: row for each, row in days.items() if row["complete"] and each < day}
    found = {}
    for name in model.HEADLINE:
        known = [value for row in complete.values() if (value := _value(row, name)) is not None]
        found[name] = model.Figure(
            value=_value(days.get(day, {}), name),
            day_before=_value(complete.get(day - timedelta(days=1)), name),
            week_before=_value(complete.get(day - timedelta(days=7)), name),
            average=_rounded(sum(known, Decimal(0)) / len(known)) if known else None,
            note=without_rate(unconverted) if name == "average_order_value" else None,
        )
    return found


def without_rate(unconverted: Iterable[model.Unconverted]) -> str | None:
    """Which orders the average order value leaves out, in a sentence; None where there are none."""
    left_out = [each for each in unconverted if each.orders]
    if not left_out:
        return None
    counts = [f"{count(each.orders)} in {each.currency}" for each in left_out[:MOST_CURRENCIES]]
    if others := left_out[MOST_CURRENCIES:]:
        counts.append(f"{count(sum(each.orders for each in others))} in other currencies")
    one = sum(each.orders for each in left_out) == 1
    counts[0] = counts[0].replace(" in ", " order in " if one else " orders in ")
    said = " and ".join(", ".join(part) for part in (counts[:-1], counts[-1:]) if part)
    return f"{said} without an exchange rate {'is' if one else 'are'} not in it"


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
    totals: dict[str, Decimal] = defaultdict(Decimal)
    found = []
    for row in rows:
        amounts = {}
        for figure in model.AMOUNTS:
            before, totals[figure] = totals[figure], totals[figure] + (row[figure] or 0)
            amounts[figure] = (_whole(totals[figure]) - _whole(before)).scaleb(-4)
        name = NO_ATTRIBUTE if row["attribute"] is None else row["attribute"]
        found.append(model.Breakdown(name=name, orders=row["orders"], units=row["units"], **amounts))
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


def _value(row: Row | None, name: str) -> Decimal | None:
    """One headline figure of a day's row; zero in a day without row, None without day."""
    if row is None:
        return None
    if name == "returning_customers":
        return Decimal(row.get("customers", 0) - row.get("new_customers", 0))
    value = row.get(name, None if name == "average_order_value" else 0)
    return None if value is None else Decimal(value)


def _trend(day: date, days: Mapping[date, Row]) -> list[model.TrendDay]:
    not_loaded = {"net_sales": None, "orders": None, "complete": False}
    return [
        model.TrendDay(business_date=each, **{name: days.get(each, not_loaded)[name] for name in not_loaded})
        for each in (day - timedelta(days=back) for back in reversed(range(COMPARED_DAYS)))
    ]


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


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_HALF_UP)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
