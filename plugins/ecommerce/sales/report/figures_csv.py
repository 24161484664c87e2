"""`figures.csv`: a report's figures as one long table."""

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from ecommerce.core.text import inert
from ecommerce.sales.report.figures import forecast
from ecommerce.sales.report.figures.base import DIMENSIONS
from ecommerce.sales.report.figures.model import (
    FIGURES,
    HEADLINE,
    RATES,
    Figures,
    Margin,
    breakdowns,
)

TARGET_FIGURES = (
    "target",
    "target_to_date",
    "expected_share",
    "net_sales",
    "landing",
    "landing_lower_80",
    "landing_upper_80",
)
Cell = tuple[str, str, str, Decimal | int | None]
"""Section, name, figure and value."""
_NOT_MONEY = {
    *RATES,
    "refunds",
    "sessions",
    "rate",
    "average",
    "days",
    "share",
    "expected_share",
    "gross_margin",
    "cost_coverage",
}
"""Figures without a currency, besides those of the headline."""


def figures_csv(figures: Figures) -> str:
    """Return the figures as one long table: business_date, section, name, figure, value, currency, complete.
    Values are plain decimals; cells that a spreadsheet would take for a formula begin with an apostrophe.
    `complete` is `true` or `false`: of the trend's own day in its rows, of the business day in all others."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["business_date", "section", "name", "figure", "value", "currency", "complete"]
    )
    trend = {day.business_date.isoformat(): day.complete for day in figures.trend}
    for section, name, figure, value in _cells(figures):
        currency = name if section == "unconverted" else figures.currency
        is_money = (
            HEADLINE[figure].kind == "money"
            if figure in HEADLINE
            else figure not in _NOT_MONEY
        )
        complete = trend[name] if section == "trend" else figures.quality.complete
        cells = (
            section,
            inert(name),
            figure,
            "" if value is None else value,
            currency if is_money else "",
        )
        writer.writerow(
            [figures.business_date.isoformat(), *cells, str(complete).lower()]
        )
    return stream.getvalue()


def _cells(figures: Figures) -> Iterator[Cell]:
    """Yield the cells of the day, then those that depend on other days."""
    yield from (
        ("headline", "", name, figure.value)
        for name, figure in figures.headline.items()
    )
    for section, rows in breakdowns(figures):
        for row in rows:
            counted = () if row.orders is None else ("orders",)
            yield from _parts(section, [row], "name", *counted, *FIGURES)
    yield from _parts("products", figures.products, "sku", "units", "sales")
    yield from _parts(
        "return_reasons", figures.return_reasons, "reason", "refunds", "amount"
    )
    yield from _parts(
        "unconverted", figures.quality.unconverted, "currency", "orders", "net_sales"
    )
    if figures.website:
        yield from _parts("funnel", figures.website.steps, "step", "sessions")
    yield from (("rates", "", name, rate.value) for name, rate in figures.rates.items())
    if figures.expectation:
        yield from _parts(
            "expectation", figures.expectation.series, "series", *forecast.FIGURES
        )
    if figures.outlook:
        yield from _parts(
            "outlook", figures.outlook.days, "day", *forecast.OUTLOOK_FIGURES
        )
    for span in ("now", "last_month", "last_year") if figures.month else ():
        for name in ("net_sales", "orders"):
            yield "month", span, name, getattr(getattr(figures.month, span), name)
    yield from _parts("targets", figures.targets, "channel", *TARGET_FIGURES)
    yield from _margin(figures.margin)
    if figures.changes:
        for each in DIMENSIONS:
            rows = each.rows(figures.changes)
            yield from _parts(f"change_by_{each.plural}", rows, "name", "before", "now")
        for section in ("rising", "falling"):
            yield from _parts(
                section, getattr(figures.changes, section), "sku", "before", "now"
            )
    for place, finding in enumerate(figures.findings, start=1):
        for name, value in finding.numbers.items():
            yield "findings", f"{place} {finding.kind}", name, value
    yield from _parts(
        "trend", figures.trend, "business_date", "net_sales", "weekday_mean"
    )


def _margin(margin: Margin | None) -> Iterator[Cell]:
    if margin:
        yield "margin", "", "sales_with_cost", margin.sales_with_cost
        yield "margin", "", "cost_of_goods", margin.cost_of_goods
        yield "margin", "", "gross_margin", margin.rate
        yield "margin", "", "cost_coverage", margin.coverage


def _parts(
    section: str, rows: Iterable[Any], name: str, *fields: str
) -> Iterator[Cell]:
    """Yield the `fields` of each row; `name` is the field with its name."""
    for row in rows:
        for field in fields:
            yield section, str(getattr(row, name) or ""), field, getattr(row, field)
