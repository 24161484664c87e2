"""The figures of a daily report: one structure for the PDF, the mail, the archive and the web page.

Amounts are `Decimal` in the reporting currency unless a field names another, and are text in JSON, so
that no figure passes through a float.
"""

from datetime import date
from typing import Any

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.values import Values
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.days.quality import Provenance
from ecommerce.sales.report.figures import (
    breakdowns,
    contributions,
    forecast,
    headline,
    month,
    outlook,
    payments,
    products,
    quality,
    returns,
    summary,
    trend,
    website,
)
from ecommerce.storage.plain import hash_of


class Figures(
    trend.Trend,
    forecast.Forecast,
    month.Month,
    breakdowns.Breakdowns,
    products.Products,
    contributions.ChangesSinceBase,
    headline.Headline,
    returns.Returns,
    payments.Payments,
    website.WebsiteOfDay,
    outlook.ComingDays,
    quality.DataQuality,
    summary.SummaryOfDay,
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


SECTIONS = (
    headline,
    trend,
    forecast,
    month,
    breakdowns,
    products,
    contributions,
    returns,
    payments,
    website,
    outlook,
)
"""The modules whose `read` returns fields of `Figures` from the queries alone."""
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


def read(queries: DayQueries, origin: Provenance) -> Figures:
    """Return the figures of a day, without their summary."""
    fields: Values = {}
    for section in SECTIONS:
        fields |= dict(section.read(queries))
    fields |= dict(quality.read(queries, fields["website"], origin))
    return Figures(
        business_date=queries.day,
        currency=queries.settings.reporting_currency,
        **fields,
    )


def figures_hash(figures: Figures) -> str:
    """Return the SHA-256 of what the report states about the day: headline, breakdowns, products, reasons of
    returns, missing sources; not of comparisons, forecasts, restatements or provenance, so that the same day
    built twice has the same hash. A report is not mailed again while its day's last mail has this hash."""
    return hash_of(figures, include=_HASHED)
