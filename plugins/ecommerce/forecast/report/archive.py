"""The archive of forecasts: `<REPORTS_URI>/forecasts/<as of>/`, next to the daily reports' folders."""

import logging
from pathlib import Path
from typing import Any

from ecommerce.core.business_day import day_window
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ForecastFigures, figures_csv, figures_hash
from ecommerce.forecast.report.view import page_texts
from ecommerce.forecast.weeks import HORIZON
from ecommerce.reporting.archive import PREVIEW, Archive, media_types
from ecommerce.reporting.typesetting import typeset

log = logging.getLogger(__name__)

FOLDER, PDF = "forecasts", "forecast.pdf"
FILES = media_types(PDF, charts.SVG, charts.NARROW_SVG)
"""The files of a forecast's folder that pages serve, with media types."""
_NOTICE_HEIGHT = 9.5
"""Millimetres that a notice of two lines takes on page one."""


def write_document(figures: ForecastFigures, folder: Path) -> None:
    """Write the PDF, the picture of its page one and the charts into `folder`. The same figures give the same
    bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    charts.draw(figures, folder, lower_by=_NOTICE_HEIGHT * len(texts["notices"]))
    typeset(
        "forecast.typ",
        texts,
        {charts.SVG: (folder / charts.SVG).read_bytes()},
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )


_ARCHIVE = Archive(
    ForecastFigures, figures_hash, figures_csv, write_document, FILES, source="forecast_report", folder=FOLDER
)
folder_of, read_figures, read_file = _ARCHIVE.folder_of, _ARCHIVE.read_figures, _ARCHIVE.read_file
archived, read = _ARCHIVE.days, _ARCHIVE.read


def publish(reports_uri: str, figures: ForecastFigures) -> dict[str, Any]:
    """Write the report into the archive. Return plain JSON for the mails: the folder's `uri`, `as_of`,
    `figures_hash`, `drift` (reasons)."""
    uri = folder_of(reports_uri, figures.as_of)
    first = day_window(figures.as_of, figures.provenance.timezone)
    _ARCHIVE.publish(
        uri,
        figures,
        business_date=first.shifted(-1).date,
        read_at=figures.provenance.generated_at,
        window_start=first.start,
        window_end=first.shifted(HORIZON - 1).end,
    )
    log.info("the forecast of %s is at %s", figures.as_of, uri)
    return {
        "uri": uri,
        "as_of": figures.as_of.isoformat(),
        "figures_hash": figures_hash(figures),
        "drift": figures.drift.reasons,
    }
