"""The archive of daily reports, `<REPORTS_URI>/<business_date>/`: what pages and mails read of them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from ecommerce.core.headline_figures import Amounts
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.storage import report_archive as reports

PDF, PREVIEW = "report.pdf", reports.PREVIEW
FIGURES_CSV, FIGURES_JSON = reports.FIGURES_CSV, reports.FIGURES_JSON
TREND_PNG = "trend.png"
"""The trend for mail programs, on white, to be shown at half of its pixels."""
FILES = reports.media_types(
    PDF,
    "trend.svg",
    "expected.svg",
    "outlook.svg",
    "funnel.svg",
    "channels.svg",
    "shops.svg",
    "categories.svg",
    "countries.svg",
    "changes-channels.svg",
    "changes-shops.svg",
    "changes-categories.svg",
    "changes-countries.svg",
    TREND_PNG,
)
"""The files of a day's folder that pages serve, with media types; charts are of all sections of any day."""


ARCHIVE = reports.Archive(Figures, FILES, source="report")


@dataclass(frozen=True, slots=True)
class ArchivedReport:
    """Where an archived report is, and what its mail depends on. `template` is the first part of the names of
    the mail's templates, `picture` the file of its chart."""

    template: ClassVar = "report"
    picture: ClassVar = TREND_PNG
    archive: ClassVar = ARCHIVE

    uri: str
    """Of the day's folder in the archive."""
    business_date: date
    figures_hash: str
    figures_at: datetime
    """When the figures were queried (aware)."""
    complete: bool
    """Whether the day has all that is required."""
    alarms: list[str]
    """Sentences: why the day is incomplete, or which partner's file cannot be used."""
    headline: Amounts
    """By the names of `HEADLINE`."""

    @property
    def net_sales(self) -> Decimal:
        """Net sales of the day; 0 where it has none."""
        return self.headline["net_sales"] or Decimal(0)

    @property
    def page_path(self) -> str:
        """The path of the page below `/sales-reports/`."""
        return f"{self.business_date}/"
