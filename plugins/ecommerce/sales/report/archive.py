"""The archive of daily reports, `<REPORTS_URI>/<business_date>/`: a report is built from the figures in the
warehouse, typeset by `include/templates/report.typ` and archived. Clearing the task `report` builds it again
from the current figures."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.settings import load_settings
from ecommerce.reporting.sections import Section, charts_of
from ecommerce.reporting.typesetting import draw, typeset
from ecommerce.runtime import metrics
from ecommerce.sales.quality.day_quality import Provenance
from ecommerce.sales.report.figures.daily import Figures, figures_hash
from ecommerce.sales.report.reader import figures_of_day
from ecommerce.sales.report.texts import trend, trust
from ecommerce.sales.report.texts.figures_csv import figures_csv
from ecommerce.sales.report.texts.page import page_texts
from ecommerce.sales.targets import load_targets
from ecommerce.storage import report_archive as reports
from ecommerce.storage import staging
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)

PDF, PREVIEW = "report.pdf", reports.PREVIEW
FIGURES_CSV, FIGURES_JSON = reports.FIGURES_CSV, reports.FIGURES_JSON
CHART_FILES = (
    "trend.svg",
    "expected.svg",
    "outlook.svg",
    "funnel.svg",
    "channels.svg",
    "categories.svg",
    "countries.svg",
    "changes-channels.svg",
    "changes-categories.svg",
    "changes-countries.svg",
)
"""Of all charts that a day may have, except `TREND_PNG`."""
TREND_PNG = "trend.png"
"""The trend for mail programs, on white, to be shown at half of its pixels."""
TREND_DOTS_PER_INCH = 280
FILES = reports.media_types(PDF, *CHART_FILES, TREND_PNG)
"""The files of a day's folder that pages serve, with media types."""


def write_document(figures: Figures, folder: Path) -> None:
    """Write the PDF, the picture of its page one and the charts into `folder`. The same figures give the same
    bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    thumbnails = _thumbnails(figures)
    typeset(
        "report.typ",
        texts | {"pictures": {sku: name for sku, (name, _) in thumbnails.items()}},
        dict(thumbnails.values()),
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )
    write_charts(texts["sections"], folder)


def write_charts(sections: Sequence[Section], folder: Path) -> None:
    """Write the charts of a day's sections, and `TREND_PNG` for the mail."""
    charts = charts_of(sections)
    draw(charts, folder)
    trends = [chart for chart in charts if chart["file"] == trend.CHART]
    draw(trends, folder, png_dpi=TREND_DOTS_PER_INCH)


def _thumbnails(figures: Figures) -> dict[str, tuple[str, bytes]]:
    """Return name and content of each thumbnail by SKU; a report does not fail for a picture."""
    uris = {product.sku: product.thumbnail for product in figures.pictured}
    thumbnails = {}
    for number, (sku, uri) in enumerate(uris.items()):
        picture = _picture(uri) if uri else None
        if picture:
            thumbnails[sku] = (f"picture-{number}.png", picture)
    return thumbnails


def _picture(uri: str) -> bytes | None:
    """Return the content of a complete PNG file, else None."""
    from PIL import Image

    try:
        picture = bytes(staging.storage_path(uri).read_bytes())
        with Image.open(BytesIO(picture), formats=["PNG"]) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        log.warning("the report has no picture %s: %s", uri, error)
        return None
    return picture


_ARCHIVE = reports.Archive(
    Figures, figures_hash, figures_csv, write_document, FILES, source="report"
)
folder_of = _ARCHIVE.folder_of
read_figures = _ARCHIVE.read_figures
read_file = _ARCHIVE.read_file


@dataclass(frozen=True, slots=True)
class ArchivedReport:
    """What the mail of an archived report needs, and where the report is."""

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
    headline: Mapping[str, Decimal | None]
    """By the names of `HEADLINE`."""


def build_report(
    day: BusinessDay, run: staging.DagRun, warnings: Sequence[DataWarning] = ()
) -> ArchivedReport:
    """Build the report of `day` and archive it in place of an older one. The id of `run` selects the data
    quality figures; `warnings` of the steps before go to the same page.

    Raises:
        PipelineError: the warehouse cannot be queried, or the archive cannot be written.
    """
    origin = Provenance.of(
        run, day.timezone, window_start=day.start, window_end=day.end
    )
    warehouse = connect(dag=run.dag_id, step="report")
    all_warnings = [*warnings, *load_targets(warehouse)]
    return archive_report(figures_of_day(warehouse, day.date, origin, all_warnings))


def archive_report(figures: Figures) -> ArchivedReport:
    """Archive the report of `figures`; returns and raises as `build_report`."""
    uri = publish(load_settings().reports_uri, figures)
    log.info("the report of %s is at %s", figures.business_date, uri)
    headline = {name: figure.value for name, figure in figures.headline.items()}
    return ArchivedReport(
        uri,
        business_date=figures.business_date,
        figures_hash=figures_hash(figures),
        figures_at=figures.provenance.generated_at,
        complete=figures.quality.complete,
        alarms=trust.alarms(figures),
        headline=headline,
    )


def publish(reports_uri: str, figures: Figures) -> str:
    """Write the report into the archive and return the day's folder there.

    Raises:
        StagingError: the archive cannot be written.
    """
    origin = figures.provenance
    uri = folder_of(reports_uri, figures.business_date)
    _ARCHIVE.publish(
        uri,
        figures,
        business_date=figures.business_date,
        read_at=origin.generated_at,
        window_start=origin.window_start,
        window_end=origin.window_end,
    )
    metrics.business_day_done("report", origin.window_end)
    return uri


def read_report(uri: str, expected_hash: str) -> tuple[Figures, bytes]:
    """Return the figures and the PDF of an archived report; raises as `Archive.read_figures`."""
    return read_figures(uri, expected_hash), _ARCHIVE.read(uri, PDF)


def is_archived(reports_uri: str, day: date) -> bool:
    """Return whether there is a report of the day; raises as `Archive.has`."""
    return _ARCHIVE.has(reports_uri, day, PDF)


def archived_days(reports_uri: str, year: int, month: int) -> list[date]:
    """Return the archived days of one month, in order; raises as `Archive.days`."""
    return _ARCHIVE.days(reports_uri, f"{year:04}-{month:02}")
