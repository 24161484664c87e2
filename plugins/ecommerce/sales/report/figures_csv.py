"""`figures.csv`: a report's figures as one long table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from ecommerce.core.text import inert
from ecommerce.sales.report.figures import contributions, forecast_comparison, month, return_reasons, upcoming
from ecommerce.sales.report.figures.model import AMOUNTS, FIGURES, HEADLINE, Figures, breakdowns
from ecommerce.sales.report.findings import ranking

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
        *ranking.AMOUNTS,
    }
)
"""Beside the headline's."""


def figures_csv(figures: Figures) -> str:
    """The figures as one long table: business_date, section, name, figure, value, currency, complete. Values
    are plain decimals; cells that a spreadsheet would take for a formula begin with an apostrophe. `complete`
    is `true` or `false`: of the trend's own day in its rows, of the business day in all others."""
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
    """What follows from the day alone, and the trend."""
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
    for reason, figure_name, value in return_reasons.csv_rows(figures.return_reasons):
        yield "return_reasons", reason, figure_name, value
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
    """What does not follow from the day alone."""
    for name, rate in figures.rates.items():
        yield "rates", "", name, rate.value
    for series, figure, value in forecast_comparison.csv_rows(figures.expectation):
        yield "expectation", series, figure, value
    for day, figure, value in upcoming.csv_rows(figures.outlook):
        yield "outlook", day, figure, value
    for span, figure, number in month.csv_rows(figures.month):
        yield "month", span, figure, number
    yield from contributions.csv_rows(figures.changes)
    for place, finding in enumerate(figures.findings, start=1):
        for figure, value in finding.numbers.items():
            yield "findings", f"{place} {finding.kind}", figure, value
