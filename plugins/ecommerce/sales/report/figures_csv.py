"""`figures.csv`: a report's figures as one long table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from ecommerce.core.text import inert
from ecommerce.sales.report.figures import contributions, finding, forecast_comparison, upcoming
from ecommerce.sales.report.figures.model import AMOUNTS, FIGURES, HEADLINE, Figures, breakdowns

Cell = tuple[str, str, str, Decimal | int | None]
"""Section, name, figure and value."""

_MONEY = frozenset(
    {
        "sales",
        "amount",
        "before",
        "now",
        "weekday_mean",
        *AMOUNTS,
        *forecast_comparison.FIGURES,
        *finding.AMOUNTS,
    }
)
"""Amounts, besides those of the headline."""


def figures_csv(figures: Figures) -> str:
    """Return the figures as one long table: business_date, section, name, figure, value, currency, complete.
    Values are plain decimals; cells that a spreadsheet would take for a formula begin with an apostrophe.
    `complete` is `true` or `false`: of the trend's own day in its rows, of the business day in all others."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["business_date", "section", "name", "figure", "value", "currency", "complete"])
    trend = {day.business_date.isoformat(): day.complete for day in figures.trend}
    for section, name, figure, value in _cells(figures):
        currency = name if section == "unconverted" else figures.currency
        is_money = HEADLINE[figure].kind == "money" if figure in HEADLINE else figure in _MONEY
        complete = trend[name] if section == "trend" else figures.quality.complete
        cells = (section, inert(name), figure, "" if value is None else value, currency if is_money else "")
        writer.writerow([figures.business_date.isoformat(), *cells, str(complete).lower()])
    return stream.getvalue()


def _cells(figures: Figures) -> Iterator[Cell]:
    """Yield the cells of the day, then the comparisons and the trend."""
    for name, figure in figures.headline.items():
        yield "headline", "", name, figure.value
    for section, rows in breakdowns(figures):
        for row in rows:
            if row.orders is not None:
                yield section, row.name, "orders", row.orders
            yield from ((section, row.name, name, getattr(row, name)) for name in FIGURES)
    for product in figures.products:
        yield "products", product.sku, "units", product.units
        yield "products", product.sku, "sales", product.sales
    for reason in figures.return_reasons:
        yield "return_reasons", reason.reason or "", "refunds", reason.refunds
        yield "return_reasons", reason.reason or "", "amount", reason.amount
    for each in figures.quality.unconverted:
        yield "unconverted", each.currency, "orders", each.orders
        yield "unconverted", each.currency, "net_sales", each.net_sales
    for step in figures.website.steps if figures.website else ():
        yield "funnel", step.step, "sessions", step.sessions
    yield from _compared(figures)
    for day in figures.trend:
        yield "trend", day.business_date.isoformat(), "net_sales", day.net_sales
        yield "trend", day.business_date.isoformat(), "weekday_mean", day.weekday_mean


def _compared(figures: Figures) -> Iterator[Cell]:
    """Yield the cells that depend on other days."""
    for name, rate in figures.rates.items():
        yield "rates", "", name, rate.value
    for series in figures.expectation.series if figures.expectation else ():
        for name in forecast_comparison.FIGURES:
            yield "expectation", series.series, name, getattr(series, name)
    for day in figures.outlook.days if figures.outlook else ():
        for name in upcoming.FIGURES:
            yield "outlook", day.day.isoformat(), name, getattr(day, name)
    for span in ("now", "last_month", "last_year") if figures.month else ():
        yield "month", span, "net_sales", getattr(figures.month, span).net_sales
        yield "month", span, "orders", getattr(figures.month, span).orders
    if figures.changes:
        sections = {f"change_by_{field}": field for field in contributions.KINDS.values()}
        for section, field in (sections | {"rising": "rising", "falling": "falling"}).items():
            for row in getattr(figures.changes, field):
                name = row.sku if field == section else row.name
                yield section, name, "before", row.before
                yield section, name, "now", row.now
    for place, each in enumerate(figures.findings, start=1):
        for name, value in each.numbers.items():
            yield "findings", f"{place} {each.kind}", name, value
