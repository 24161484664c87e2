"""The figures of a daily report: one structure for the PDF, the mail, the archive and the web page.

Amounts are `Decimal` in the reporting currency unless a field names another, and are text in JSON, so
that no figure passes through a float.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Protocol

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.reporting.sections import Section
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.report.sections import (
    breakdowns,
    contributions,
    forecast,
    headline,
    month,
    outlook,
    products,
    quality,
    returns,
    trend,
    website,
)
from ecommerce.sales.report.sections.base import Cell
from ecommerce.sales.report.summary import SummaryOfDay


class ReportSection(Protocol):
    """A module of `sections`."""

    def read(self, queries: DayQueries, /) -> dict[str, Any]:
        """Return the section's fields of `Figures`."""

    def tables(self, figures: "Figures", /) -> list[Section]:
        """Return the section's tables; those of the annex have the key `annex`."""

    def cells(self, figures: "Figures", /) -> Iterator[Cell]:
        """Yield the section's cells of `figures.csv`."""


SECTIONS: Sequence[ReportSection] = (
    headline,
    trend,
    forecast,
    month,
    breakdowns,
    products,
    contributions,
    returns,
    website,
    outlook,
    quality,
)
"""In reading order. A new section is a module of `sections`, a line here, and its fields in `Figures`."""


class Figures(
    trend.Trend,
    forecast.Forecast,
    month.Month,
    breakdowns.Breakdowns,
    products.Products,
    contributions.ChangesSinceBase,
    headline.Headline,
    returns.Returns,
    website.WebsiteOfDay,
    outlook.ComingDays,
    quality.DataQuality,
    SummaryOfDay,
):
    """One day's report: the fields of all sections, and the summary."""

    business_date: date
    currency: str

    @property
    def has_sales(self) -> bool:
        """Whether a single order counts on this day."""
        return bool(self.value("orders"))

    @property
    def caveat(self) -> str:
        """Why the day is judged by no forecast and has no drivers; empty where it is."""
        if not self.quality.complete:
            return "the day is incomplete"
        if self.quality.doubtful_sources:
            return "the day may be incomplete"
        return ""

    @property
    def pictured(self) -> list[Any]:
        """The products of the tables with pictures, in reading order."""
        changes = self.changes
        if changes is None:
            return [*self.products]
        return [*self.products, *changes.rising, *changes.falling]


_HASHED: Any = {
    "business_date": True,
    "currency": True,
    "attribute": True,
    "return_reasons": True,
    "channels": True,
    "categories": True,
    "countries": True,
    "attributes": True,
    "headline": {figure: {"value"} for figure in HEADLINE},
    "products": {"__all__": {"sku", "units", "sales"}},
    "quality": {
        "missing_sources": True,
        "unconverted": {"__all__": {"currency", "net_sales"}},
    },
}


def figures_hash(figures: Figures) -> str:
    """Return the SHA-256 of what the report states about the day: headline, breakdowns, products, reasons of
    returns, missing sources; not of comparisons, forecasts, restatements or provenance, so that the same day
    built twice has the same hash. A mail is sent once per hash."""
    hashed = figures.model_dump_json(include=_HASHED)
    return hashlib.sha256(hashed.encode()).hexdigest()
