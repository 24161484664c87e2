"""Building the report of a day: figures, texts, the document that `include/templates/report.typ` typesets,
and the archive. Clearing the task `report` builds it again from the current figures."""

import logging
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from pathlib import Path

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Values
from ecommerce.reporting.sections import Section, charts_of
from ecommerce.reporting.typesetting import MAIL_DPI, draw, typeset
from ecommerce.runtime import metrics
from ecommerce.sales.days.quality import Provenance
from ecommerce.sales.days.targets import load_targets
from ecommerce.sales.report.archive import (
    ARCHIVE,
    PDF,
    PREVIEW,
    ArchivedReport,
)
from ecommerce.sales.report.figures.daily import Figures, figures_hash
from ecommerce.sales.report.reader import figures_of_day
from ecommerce.sales.report.texts import trend, trust
from ecommerce.sales.report.texts.figures_csv import figures_csv
from ecommerce.sales.report.texts.mail import mail_parts
from ecommerce.sales.report.texts.page import page_texts
from ecommerce.storage import staging
from ecommerce.storage.plain import to_plain
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)


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
    figures = figures_of_day(warehouse, day.date, origin, all_warnings)
    return archive_report(load_settings().reports_uri, figures)


def archive_report(reports_uri: str, figures: Figures) -> ArchivedReport:
    """Archive the report of `figures`; returns and raises as `build_report`."""
    origin = figures.provenance
    report = ArchivedReport(
        ARCHIVE.folder_of(reports_uri, figures.business_date),
        business_date=figures.business_date,
        figures_hash=figures_hash(figures),
        figures_at=origin.generated_at,
        complete=figures.quality.complete,
        alarms=trust.alarms(figures),
        headline={name: figure.value for name, figure in figures.headline.items()},
    )
    ARCHIVE.publish(
        report.uri,
        figures,
        csv=figures_csv(figures),
        mail={"figures_hash": report.figures_hash, **mail_parts(figures)},
        write=partial(write_document, figures),
        business_date=figures.business_date,
        read_at=origin.generated_at,
        window_start=origin.window_start,
        window_end=origin.window_end,
    )
    metrics.business_day_done("report", origin.window_end)
    log.info("the report of %s is at %s", report.business_date, report.uri)
    return report


def write_document(figures: Figures, folder: Path) -> None:
    """Write the PDF, the picture of its page one and the charts into `folder`. The same figures give the same
    bytes: the PDF's date is `provenance.generated_at`."""
    texts = page_texts(figures)
    typeset(
        "report.typ",
        texts,
        _thumbnails(figures),
        pdf=folder / PDF,
        preview=folder / PREVIEW,
        made_at=figures.provenance.generated_at,
    )
    write_charts(texts["sections"], folder)


def write_mail(figures: Figures, folder: Path) -> Values:
    """Write the files of a report into `folder`, and return the parts of its mail."""
    write_document(figures, folder)
    return to_plain(mail_parts(figures))


def write_charts(sections: Sequence[Section], folder: Path) -> None:
    """Write the charts of a day's sections, and `TREND_PNG` for the mail."""
    charts = charts_of(sections)
    draw(charts, folder)
    trends = [chart for chart in charts if chart["file"] == trend.CHART]
    draw(trends, folder, png_dpi=MAIL_DPI)


def _thumbnails(figures: Figures) -> dict[str, bytes]:
    """Return the thumbnails by SKU; a report does not fail for a picture."""
    uris = {product.sku: product.thumbnail for product in figures.pictured}
    pictures = {sku: _picture(uri) for sku, uri in uris.items() if uri}
    return {sku: picture for sku, picture in pictures.items() if picture}


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
