"""The archive of forecasts: `<REPORTS_URI>/forecasts/<as of>/`, next to the daily reports' folders."""

from __future__ import annotations

from datetime import timedelta

from ecommerce.core.business_day import day_window
from ecommerce.forecast.report import charts, document
from ecommerce.forecast.report.figures import Figures, figures_csv, figures_hash
from ecommerce.forecast.weeks import HORIZON
from ecommerce.reporting.archive import FIGURES_CSV, FIGURES_JSON, Archive, media_types

__all__ = [
    "FIGURES_CSV", "FIGURES_JSON", "FILES", "FOLDER", "archived", "folder_of", "publish", "read_figures",
    "read_file", "read_report",
]  # fmt: skip

FOLDER = "forecasts"
FILES = media_types(document.PDF, charts.SVG, charts.NARROW_SVG)
"""The files of a forecast's folder that pages serve, with media types."""
_ARCHIVE = Archive(
    Figures, figures_hash, figures_csv, document.write, FILES, source="forecast_report", folder=FOLDER
)
folder_of, read_figures, read_file = _ARCHIVE.folder_of, _ARCHIVE.read_figures, _ARCHIVE.read_file
archived = _ARCHIVE.days


def publish(reports_uri: str, figures: Figures) -> str:
    """Write the report into the archive and return the forecast's folder there.

    Raises:
        StagingError: the archive cannot be written.
    """
    uri = folder_of(reports_uri, figures.as_of)
    first = day_window(figures.as_of, figures.provenance.timezone)
    _ARCHIVE.publish(
        uri,
        figures,
        business_date=figures.as_of - timedelta(days=1),
        read_at=figures.provenance.generated_at,
        window=(first.start, first.shifted(HORIZON - 1).end),
    )
    return uri


def read_report(uri: str, expected_hash: str) -> tuple[Figures, bytes, bytes]:
    """Return the figures, the PDF and the chart's PNG of a report; raises as `Archive.read_figures`."""
    return read_figures(uri, expected_hash), _ARCHIVE.read(uri, document.PDF), _ARCHIVE.read(uri, charts.PNG)
