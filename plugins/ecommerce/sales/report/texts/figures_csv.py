"""`figures.csv`: a report's figures as one long table."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from more_itertools import always_iterable, flatten

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
Entry = tuple[str, str, object, Mapping[str, Decimal | int | None]]
"""Section, name, the part of the figures, which may have its own `currency` and `complete`, and the values by
figure."""
Entries = Callable[[Figures], Iterable[Entry]]


def figures_csv(figures: Figures) -> str:
    """Return the figures as one long table with `COLUMNS`. Values are plain decimals; cells that a
    spreadsheet would take for a formula begin with an apostrophe. `complete` is `true` or `false`: of the
    trend's own day in its rows, of the business day in all others."""
    table: list[Sequence[object]] = [COLUMNS]
    for section, name, part, values in flatten(read(figures) for read in SECTIONS):
        complete = getattr(part, "complete", figures.quality.complete)
        currency = getattr(part, "currency", figures.currency)
        for figure, value in values.items():
            row = [figures.business_date, section, inert(name), figure, value]
            unit = currency if _is_money(figure) else ""
            table.append([*row, unit, str(complete).lower()])
    return csv_text(table)


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _is_money(figure: str) -> bool:
    if figure in MEANINGS:
        return MEANINGS[figure].kind == "money"
    return figure not in _NOT_MONEY


def rows(section: str, path: str, name: str, *columns: str) -> Entries:
    """Return the entries of rows: `path` is where `Figures` has them, or the only one, `name` the field
    with the name of a row, or empty, `columns` the fields that are its figures."""

    def read(figures: Figures) -> Iterator[Entry]:
        parts: Any = figures
        for field in path.split("."):
            # Nothing of a part that the day does not have.
            parts = getattr(parts, field, None)
        for part in always_iterable(parts, Part):
            values = {column: getattr(part, column) for column in columns}
            yield section, str(getattr(part, name, "") or ""), part, values

    return read


def _headline(figures: Figures) -> Iterator[Entry]:
    for section in ("headline", "rates"):
        entries = getattr(figures, section).items()
        values = {figure: entry.value for figure, entry in entries}
        yield section, "", figures, values
    margin = figures.margin
    if margin:
        values = {
            "sales_with_cost": margin.sales_with_cost,
            "cost_of_goods": margin.cost_of_goods,
        }
        if margin.rate is not None:
            values["gross_profit"] = margin.gross_profit
        values |= {"gross_margin": margin.rate, "cost_coverage": margin.coverage}
        yield "margin", "", figures, values


def _month(figures: Figures) -> Iterator[Entry]:
    if figures.month:
        for name in SPANS:
            span = getattr(figures.month, name)
            values = {"net_sales": span.net_sales, "orders": span.orders}
            yield "month", name, span, values


def _findings(figures: Figures) -> Iterator[Entry]:
    for place, finding in enumerate(figures.findings, start=1):
        yield "findings", f"{place} {finding.kind}", finding, finding.numbers


SECTIONS: tuple[Entries, ...] = (
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
    rows("payouts", "payouts", "key", "amount", "charges", "cost", "unexplained"),
    rows("funnel", "website.steps", "step", "sessions"),
    rows("outlook", "outlook.days", "day", *outlook.FIGURES),
    rows("outlook_net", "outlook.net_days", "day", *outlook.FIGURES),
    rows("unconverted", "quality.unconverted", "currency", "orders", "net_sales"),
    _findings,
)
"""The entries of each section, in the order of the table."""
