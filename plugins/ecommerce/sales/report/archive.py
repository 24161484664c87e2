"""The archive of daily reports: `<REPORTS_URI>/<business_date>/`."""

from __future__ import annotations

from datetime import date

from ecommerce.reporting.archive import FIGURES_CSV, FIGURES_JSON, Archive, media_types
from ecommerce.runtime import metrics
from ecommerce.sales.report import document
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sales.report.figures_csv import figures_csv
from ecommerce.storage import staging

__all__ = [
    "FIGURES_CSV", "FIGURES_JSON", "FILES", "archived_days", "folder_of", "is_archived", "publish",
    "read_figures", "read_file", "read_report",
]  # fmt: skip

FILES = media_types(document.PDF, *chart_files.CHARTS, chart_files.TREND_PNG)
"""The files of a day's folder that pages serve, with media types."""
_ARCHIVE = Archive(Figures, figures_hash, figures_csv, document.write, FILES, source="report")
folder_of, read_figures, read_file = _ARCHIVE.folder_of, _ARCHIVE.read_figures, _ARCHIVE.read_file


def publish(reports_uri: str, figures: Figures) -> str:
    """Write the report into the archive and return the day's folder there.

    Raises:
        StagingError: the archive cannot be written.
    """
    uri, origin = folder_of(reports_uri, figures.business_date), figures.provenance
    window = origin.window_start, origin.window_end
    _ARCHIVE.publish(
        uri, figures, business_date=figures.business_date, read_at=origin.generated_at, window=window
    )
    metrics.business_day_done("report", origin.window_end)
    return uri


def read_report(uri: str, expected_hash: str) -> tuple[Figures, bytes]:
    """Return the figures and the PDF of an archived report; raises as `Archive.read_figures`."""
    return read_figures(uri, expected_hash), _ARCHIVE.read(uri, document.PDF)


def is_archived(reports_uri: str, day: date) -> bool:
    """Return whether there is a report of the day.

    Raises:
        OSError: the archive cannot be read.
    """
    try:
        # exists() returns False when the store fails.
        (staging.storage_path(folder_of(reports_uri, day)) / document.PDF).stat()
    except FileNotFoundError:
        return False
    return True


def archived_days(reports_uri: str, year: int, month: int) -> list[date]:
    """Return the archived days of one month, in order; raises as `Archive.days`."""
    return _ARCHIVE.days(reports_uri, f"{year:04}-{month:02}")
