"""The figures of a daily report: one structure for the PDF, the mail, the archive and the web page.

Amounts are `Decimal` in the reporting currency unless a field names another, and are text in JSON, so
that no figure passes through a float.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from pydantic import Field

from ecommerce.core.text import Kind
from ecommerce.sales.report.figures.base import Part
from ecommerce.sales.report.figures.contributions import Changes
from ecommerce.sales.report.figures.finding import Finding, ImplausibleAmount
from ecommerce.sales.report.figures.forecast_comparison import Expectation
from ecommerce.sales.report.figures.month import MonthToDate
from ecommerce.sales.report.figures.quality import Provenance, Quality
from ecommerce.sales.report.figures.return_reasons import ReturnReason
from ecommerce.sales.report.figures.upcoming import Outlook
from ecommerce.sales.report.figures.website import Website


class Meaning(NamedTuple):
    """How a headline figure is called and read; `good` is the direction a shop likes (0: neither)."""

    label: str
    kind: Kind
    good: int


HEADLINE: dict[str, Meaning] = {
    "net_sales": Meaning("Net sales", "money", 1),
    "orders": Meaning("Orders", "count", 1),
    "average_order_value": Meaning("Average order value", "money", 1),
    "customers": Meaning("Customers", "count", 1),
    "gross_sales": Meaning("Gross sales", "money", 1),
    "discounts": Meaning("Discounts", "money", 0),
    "returns": Meaning("Returns", "money", -1),
    "units": Meaning("Units", "quantity", 1),
    "new_customers": Meaning("New customers", "count", 1),
    "returning_customers": Meaning("Returning customers", "count", 1),
    "tax": Meaning("Tax", "money", 0),
    "shipping": Meaning("Shipping", "money", 0),
}
"""The headline figures in reading order; the first four are the tiles of page one."""


class Rate(NamedTuple):
    """How a rate is called, and the headline figures that it is the quotient of; `good` as in `Meaning`."""

    label: str
    of: tuple[str, str]
    good: int


RATES: dict[str, Rate] = {
    "discount_rate": Rate("Discount rate", ("discounts", "gross_sales"), 0),
    "return_rate": Rate("Return rate", ("returns", "gross_sales"), -1),
    "repeat_share": Rate("Repeat share", ("returning_customers", "customers"), 0),
}

AMOUNTS = ("gross_sales", "discounts", "returns", "net_sales")
FIGURES = ("units", *AMOUNTS)
"""The figures of a breakdown, apart from the number of orders."""


class Figure(Part):
    """A headline figure and what it is compared with; None where there is nothing to compare with. `average`
    is the mean of those of the 28 days before that have been loaded. `note` names what `value` leaves out and
    other figures of the day count. `year_before` is the same weekday 52 weeks before."""

    value: Decimal | None
    day_before: Decimal | None = None
    week_before: Decimal | None = None
    average: Decimal | None = None
    year_before: Decimal | None = None
    note: str | None = None


class RateBase(Figure):
    """What a rate is a part of, where that is less than the whole headline figure: the sales of sources that
    have returns (discounts) at all. `days` counts the averaged days with such sales."""

    days: int


class TrendDay(Part):
    """One day of the trend. One that has not been loaded is not complete, and has no figures (None).
    `weekday_mean`: the mean net sales of the same weekday in the four weeks before this day, of complete days
    alone; None without any."""

    business_date: date
    net_sales: Decimal | None
    orders: int | None
    complete: bool = True
    weekday_mean: Decimal | None = None


class Breakdown(Part):
    """One channel's, category's, country's or attribute's sales. `orders` is None where it has no meaning."""

    name: str
    orders: int | None
    units: Decimal
    gross_sales: Decimal
    discounts: Decimal
    returns: Decimal
    net_sales: Decimal


class Product(Part):
    """One product of the day; `sales` is gross sales less discounts. `thumbnail` is the URI of its small
    picture, None where the catalogue has none."""

    sku: str
    name: str | None
    category: str | None
    units: Decimal
    sales: Decimal
    thumbnail: str | None = None


class Figures(Part):
    """One day's report. `averaged_days` counts the loaded days behind the 28-day averages, and
    `averaged_days_without_sales` those of them without an order. `attribute` is `REPORT_ATTRIBUTE`, None
    where it is not set, and `attributes` the breakdown by it. `website` is None where no web events were
    loaded in the last 28 days, `expectation` where no forecast covers the day, `outlook` where none covers
    the next one, `changes` where neither of the days that it can be compared with is complete. `implausible`:
    the amounts that are hardly true, the largest effect on net sales first."""

    business_date: date
    currency: str
    headline: dict[str, Figure]
    rate_bases: dict[str, RateBase] = Field(default_factory=dict)
    averaged_days: int
    averaged_days_without_sales: int = 0
    trend: list[TrendDay]
    channels: list[Breakdown]
    categories: list[Breakdown]
    countries: list[Breakdown]
    attribute: str | None = None
    attributes: list[Breakdown] = Field(default_factory=list)
    products: list[Product]
    website: Website | None = None
    expectation: Expectation | None = None
    implausible: list[ImplausibleAmount] = Field(default_factory=list)
    findings: list[Finding] = Field(default_factory=list)
    month: MonthToDate | None = None
    changes: Changes | None = None
    return_reasons: list[ReturnReason] = Field(default_factory=list)
    outlook: Outlook | None = None
    quality: Quality
    provenance: Provenance

    @property
    def gaps(self) -> list[TrendDay]:
        """The days of the trend that nothing has loaded, although an earlier day had its daily run."""
        first = self.quality.first_loaded
        return [
            day
            for day in self.trend
            if day.net_sales is None and (first is None or day.business_date > first)
        ]

    @property
    def has_sales(self) -> bool:
        """Whether a single order counts on this day."""
        return bool(self.headline["orders"].value)

    @property
    def caveat(self) -> str:
        """Why the day is judged by no forecast and has no findings about its sales; empty where it is."""
        if not self.quality.complete:
            return "the day is incomplete"
        return "the day may be incomplete" if self.quality.doubtful_sources else ""

    @property
    def rates(self) -> dict[str, Figure]:
        """The figures that follow from two others, as fractions of one, by the names of `RATES`. Each is
        compared with the same days as its figures are; its average is that of all averaged days together."""
        return {name: self._rate(name) for name in RATES}

    def averaged_days_of(self, rate: str) -> int:
        """How many days the average of a rate is of."""
        return self.rate_bases[rate].days if rate in self.rate_bases else self.averaged_days

    def _rate(self, name: str) -> Figure:
        part, whole = RATES[name].of
        one, other = self.headline[part], self.rate_bases.get(name, self.headline[whole])
        return Figure(
            value=_quotient(one.value, other.value),
            day_before=_quotient(one.day_before, other.day_before),
            week_before=_quotient(one.week_before, other.week_before),
            average=_quotient(one.average, other.average),
            year_before=_quotient(one.year_before, other.year_before),
        )

    def to_json(self) -> str:
        """The archive's `figures.json`; `Figures.model_validate_json` is the inverse."""
        return self.model_dump_json(indent=1)


def figures_hash(figures: Figures) -> str:
    """Return the SHA-256 of what the report states about the day: headline, breakdowns, products, reasons of
    returns, missing sources. Not of comparisons, restatements or provenance, nor of what was or is expected:
    the same day built twice has the same hash whatever became of the days around it, and also when its
    forecast was made later. A mail is sent once per hash."""
    facts: dict[str, Any] = {
        "business_date": figures.business_date.isoformat(),
        "currency": figures.currency,
        "headline": {name: _exact(figure.value) for name, figure in sorted(figures.headline.items())},
        "missing_sources": sorted(figures.quality.missing_sources),
        "unconverted": sorted(
            [each.currency, _exact(each.net_sales)] for each in figures.quality.unconverted
        ),
    }
    for part, rows in breakdowns(figures):
        facts[part] = sorted(
            [row.name, row.orders or 0, *(_exact(getattr(row, name)) for name in FIGURES)] for row in rows
        )
    if figures.attribute:
        facts["attribute_name"] = figures.attribute
    if figures.return_reasons:
        facts["return_reasons"] = sorted(
            [row.reason or "", row.refunds, _exact(row.amount)] for row in figures.return_reasons
        )
    facts["products"] = sorted([row.sku, _exact(row.units), _exact(row.sales)] for row in figures.products)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def breakdowns(figures: Figures) -> list[tuple[str, list[Breakdown]]]:
    """The breakdowns by the name of their section."""
    found = [(name, getattr(figures, name)) for name in ("channels", "categories", "countries")]
    return [*found, ("attribute", figures.attributes)] if figures.attribute else found


def _quotient(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or not whole:
        return None
    return (part / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _exact(value: Decimal | None) -> str | None:
    # 10.5 and 10.5000 are the same amount; the warehouse keeps four decimals.
    return None if value is None else f"{value:.4f}"
