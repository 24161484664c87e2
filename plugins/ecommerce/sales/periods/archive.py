"""The archive of the reports of periods: `<REPORTS_URI>/weeks/<first day>/`, `months/<first day>/`, and those
of a slice below `slices/<key>/`. It is that of the daily reports, with other folders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from ecommerce.core.periods import PeriodKind
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.slices import Slice
from ecommerce.storage import report_archive as reports
from ecommerce.storage.plain import hash_of

PDF, PREVIEW = "report.pdf", reports.PREVIEW
DAYS_CHART = "days.svg"
DAYS_PNG = "days.png"
"""The days for mail programs, on white, to be shown at half of its pixels."""
FILES = reports.media_types(
    PDF,
    DAYS_CHART,
    "channels.svg",
    "categories.svg",
    "countries.svg",
    "shops.svg",
    DAYS_PNG,
)
"""The files of a period's folder that pages serve, with media types."""
FOLDERS = ("weeks", "months", "slices/*/days", "slices/*/weeks", "slices/*/months")
"""Patterns of the folders of all archives below `REPORTS_URI`."""


@dataclass(frozen=True, slots=True)
class ArchivedPeriod:
    """Where the report of a period is, and the figures that its mail depends on; see `ArchivedReport`."""

    template: ClassVar = "period"
    picture: ClassVar = DAYS_PNG
    uri: str
    figures: PeriodFigures
    figures_hash: str

    @property
    def archive(self) -> reports.Archive[PeriodFigures]:
        """The archive of the report."""
        return archive_of(self.figures.kind, self.figures.only)

    @property
    def page_path(self) -> str:
        """The path of the page below `/sales-reports/`; empty for a day, whose slices are mailed only."""
        period = self.figures.period
        return "" if period.kind == "day" else f"{self.archive.folder}/{period}/"

    @property
    def figures_at(self) -> datetime:
        """When the figures were queried (aware)."""
        return self.figures.provenance.generated_at

    @property
    def net_sales(self) -> Decimal:
        """Net sales of the period; 0 where it has none."""
        return self.figures.value("net_sales")


def archive_of(kind: PeriodKind, only: Slice) -> reports.Archive[PeriodFigures]:
    """Return the archive of the reports of one kind of period and one slice."""
    folder = f"{kind}s"
    if not only.is_whole:
        folder = f"slices/{slice_key(only)}/{folder}"
    return reports.Archive(PeriodFigures, FILES, source="report", folder=folder)


def slice_key(only: Slice) -> str:
    """Return the name of a slice in addresses, which has no letter of the data: the same for the same
    slice."""
    return hash_of(only)[:16]
