"""`figures.csv`: a report's figures as one long table."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from more_itertools import flatten

from ecommerce.core.text import inert
from ecommerce.reporting.parts import Part
from ecommerce.sales.report.figures import forecast, outlook
from ecommerce.sales.report.figures.contributions import FIELDS
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.headline import MEANINGS
from ecommerce.sales.report.figures.month import SPANS
from ecommerce.sales.report.texts import breakdowns

COLUMNS = (
    "business_date",
    "section",
    "name",
    "figure",
    "value",
    "currency",
    "complete",
)
_NOT_MONEY = {
    "refunds",
    "sessions",
    "expected_share",
    "cost_coverage",
    "coverage",
    "rate",
}
"""Figures without a currency, in addition to those of `MEANINGS` that are no money."""
Cell = tuple[str, str, str, Decimal | int | None]
"""Section, name, figure and value."""
Cells = Callable[[Figures], Iterable[Cell]]


def figures_csv(figures: Figures) -> str:
    """Return the figures as one long table with `COLUMNS`. Values are plain decimals; cells that a
    spreadsheet would take for a formula begin with an apostrophe. `complete` is `true` or `false`: of the
    trend's own day in its rows, of the business day in all others."""
    table: list[Sequence[object]] = [COLUMNS]
    trend = {str(day.business_date): day.complete for day in figures.trend}
    cells = flatten(section(figures) for section in SECTIONS)
    for section, name, figure, value in cells:
        complete = figures.quality.complete
        if section == "trend":
            complete = trend[name]
        row = [
            figures.business_date,
            section,
            inert(name),
            figure,
            value,
            _currency(figures, section, name, figure),
            str(complete).lower(),
        ]
        table.append(row)
    return csv_text(table)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _currency(figures: Figures, section: str, name: str, figure: str) -> str:
    if figure in _NOT_MONEY:
        return ""
    meaning = MEANINGS.get(figure)
    if meaning and meaning.kind != "money":
        return ""
    if section == "payouts":
        return name.rpartition(" ")[2]
    return name if section == "unconverted" else figures.currency


def rows(section: str, path: str, name: str, *columns: str) -> Cells:
    """Return the cells of rows: `path` is where `Figures` has them, or the only one, `name` the field
    with the name of a row, or empty, `columns` the fields that are its figures."""

    def cells(figures: Figures) -> Iterator[Cell]:
        found: Any = figures
        for field in path.split("."):
            # Nothing of a part that the day does not have.
            found = getattr(found, field, None)
        if isinstance(found, Part):
            found = [found]
        for row in found or []:
            for column in columns:
                yield (
                    section,
                    str(getattr(row, name, "") or ""),
                    column,
                    getattr(row, column),
                )

    return cells


def _headline(figures: Figures) -> Iterator[Cell]:
    for figure, entry in figures.headline.items():
        yield "headline", "", figure, entry.value
    for rate, entry in figures.rates.items():
        yield "rates", "", rate, entry.value
    margin = figures.margin
    if margin:
        yield "margin", "", "sales_with_cost", margin.sales_with_cost
        yield "margin", "", "cost_of_goods", margin.cost_of_goods
        if margin.rate is not None:
            yield "margin", "", "gross_profit", margin.gross_profit
        yield "margin", "", "gross_margin", margin.rate
        yield "margin", "", "cost_coverage", margin.coverage


def _payouts(figures: Figures) -> Iterator[Cell]:
    for payout in figures.payouts:
        name = f"{payout.source} {payout.payout_id} {payout.currency}"
        for figure in ("amount", "charges", "cost", "unexplained"):
            yield "payouts", name, figure, getattr(payout, figure)


def _month(figures: Figures) -> Iterator[Cell]:
    if figures.month:
        for name in SPANS:
            span = getattr(figures.month, name)
            yield "month", name, "net_sales", span.net_sales
            yield "month", name, "orders", span.orders


def _findings(figures: Figures) -> Iterator[Cell]:
    for place, finding in enumerate(figures.findings, start=1):
        for name, value in finding.numbers.items():
            yield "findings", f"{place} {finding.kind}", name, value


SECTIONS: tuple[Cells, ...] = (
    _headline,
    rows("trend", "trend", "business_date", "net_sales", "weekday_mean"),
    rows("expectation", "expectation.series", "series", *forecast.FIGURES),
    rows("expectation", "expectation.net", "series", *forecast.FIGURES),
    _month,
    rows(
        "targets",
        "targets",
        "channel",
        "target",
        "target_to_date",
        "expected_share",
        "net_sales",
        "landing",
        "landing_lower_80",
        "landing_upper_80",
    ),
    rows("channels", "channels", "name", "orders", *breakdowns.FIGURES),
    rows("countries", "countries", "name", "orders", *breakdowns.FIGURES),
    rows("categories", "categories", "name", *breakdowns.FIGURES),
    rows("shops", "shops", "name", "orders", *breakdowns.FIGURES),
    rows("attribute", "attributes", "name", "orders", *breakdowns.FIGURES),
    rows("products", "products", "sku", "units", "sales"),
    *[
        rows(f"change_by_{part}", f"changes.{part}", "name", "before", "now")
        for part in FIELDS.values()
        if part != "products"
    ],
    rows("rising", "changes.rising", "sku", "before", "now"),
    rows("falling", "changes.falling", "sku", "before", "now"),
    rows("return_reasons", "return_reasons", "reason", "refunds", "amount"),
    rows(
        "contribution_margin",
        "contribution_margin",
        "",
        "fees",
        "contribution",
        "coverage",
        "rate",
    ),
    _payouts,
    rows("funnel", "website.steps", "step", "sessions"),
    rows("outlook", "outlook.days", "day", *outlook.FIGURES),
    rows("outlook_net", "outlook.net_days", "day", *outlook.FIGURES),
    rows("unconverted", "quality.unconverted", "currency", "orders", "net_sales"),
    _findings,
)
"""The cells of each section, in the order of the table."""
