"""Building the reports of a period: figures, texts, the document that `include/templates/period.typ`
typesets, and the archive."""

import logging
from collections.abc import Collection
from functools import partial
from pathlib import Path

from ecommerce.core.business_day import day_window
from ecommerce.core.periods import Period
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.core.values import Values
from ecommerce.reporting.sections import charts_of
from ecommerce.reporting.typesetting import MAIL_DPI, draw, typeset
from ecommerce.sales.periods.archive import (
    PDF,
    PREVIEW,
    ArchivedPeriod,
    archive_of,
)
from ecommerce.sales.periods.figures import PeriodFigures, figures_hash
from ecommerce.sales.periods.reader import read_figures
from ecommerce.sales.periods.texts.figures_csv import figures_csv
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.slices import Slice
from ecommerce.storage.report_archive import Provenance
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.client import connect

log = logging.getLogger(__name__)


def build_reports(
    period: Period, slices: Collection[Slice], run: DagRun
) -> dict[Slice, ArchivedPeriod]:
    """Read the figures of all `slices` at once, and archive a report of each in place of an older one, in
    REPORT_LOCALE.

    Raises:
        PipelineError: the warehouse cannot be queried, or the archive cannot be written.
    """
    origin = Provenance.of(run, shop_timezone())
    warehouse = connect(dag=run.dag_id, step="report")
    figures_of = read_figures(warehouse, period, slices, origin)
    reports_uri = load_settings().reports_uri
    reports = {}
    for only, figures in figures_of.items():
        reports[only] = archive_report(reports_uri, figures)
    log.info("%d reports of %s are below %s", len(reports), period, reports_uri)
    return reports


def archive_report(reports_uri: str, figures: PeriodFigures) -> ArchivedPeriod:
    """Archive the report of `figures`; returns and raises as `build_reports`."""
    if not figures.only.is_whole:
        # Restated days are of the whole shop.
        figures = figures.model_copy(update={"restated": []})
    origin = figures.provenance
    archive = archive_of(figures.kind, figures.only)
    report = ArchivedPeriod(
        archive.folder_of(reports_uri, figures.first),
        figures=figures,
        figures_hash=figures_hash(figures),
    )
    texts = page_texts(figures)
    archive.publish(
        report.uri,
        figures,
        csv=figures_csv(figures),
        mail={"figures_hash": report.figures_hash, "texts": texts},
        write=partial(write_document, figures, texts),
        business_date=figures.last,
        read_at=origin.generated_at,
        window_start=day_window(figures.first, origin.timezone).start,
        window_end=day_window(figures.last, origin.timezone).end,
    )
    return report


def write_document(figures: PeriodFigures, texts: Values, folder: Path) -> None:
    """Write the PDF of `page_texts`, the picture of its page one and the charts into `folder`. A slice of a
    day has the PDF alone, because no page shows it. The same figures give the same bytes."""
    has_page = figures.kind != "day"
    typeset(
        "period.typ",
        texts,
        {},
        pdf=folder / PDF,
        preview=folder / PREVIEW if has_page else None,
        made_at=figures.provenance.generated_at,
    )
    if has_page:
        draw(charts_of(texts["sections"]), folder)
        draw([texts["parts"]["days"]["chart"]], folder, png_dpi=MAIL_DPI)


def write_mail(figures: PeriodFigures, folder: Path) -> Values:
    """Write the files of a report into `folder`, and return the parts of its mail."""
    texts = page_texts(figures)
    write_document(figures, texts, folder)
    return {"texts": texts}
