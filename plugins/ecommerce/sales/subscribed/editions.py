"""The report that the subscriptions of one slice get, and its mail in one locale."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.message import EmailMessage

from ecommerce.core import text
from ecommerce.core.airflow_urls import page_url
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Values
from ecommerce.mail import transport as mail
from ecommerce.sales.delivery import TREND_CID
from ecommerce.sales.periods.archive import ArchivedPeriod, PeriodMail
from ecommerce.sales.periods.build import mail_of
from ecommerce.sales.report import archive
from ecommerce.sales.report.archive import ArchivedReport, ReportMail
from ecommerce.sales.report.build import write_document
from ecommerce.sales.report.texts.mail import mail_parts
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from ecommerce.storage.scratch import scratch_folder


@dataclass(frozen=True, slots=True)
class Edition:
    """A report, and what a delivery needs of its figures: their hash, when they were queried (aware), their
    net sales, and how many days of the period are not complete."""

    report: ArchivedReport | ArchivedPeriod
    figures_hash: str
    figures_at: datetime
    net_sales: Decimal
    unfinished: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """The mail of a report in one locale. `template` is the first part of the names of its templates; `cid`
    is the content id of `picture`."""

    template: str
    texts: Values
    pdf: bytes
    picture: bytes | None
    cid: str


def edition_of_day(report: ArchivedReport) -> Edition:
    """Return the edition of a day's report. Incomplete ones are mailed with a badge."""
    return Edition(
        report,
        figures_hash=report.figures_hash,
        figures_at=report.figures_at,
        net_sales=report.headline["net_sales"] or Decimal(0),
        unfinished=0,
    )


def edition_of_period(report: ArchivedPeriod) -> Edition:
    """Return the edition of a period's report."""
    return Edition(
        report,
        figures_hash=report.figures_hash,
        figures_at=report.figures.provenance.generated_at,
        net_sales=report.figures.value("net_sales"),
        unfinished=len(report.figures.unfinished),
    )


def render_mail(edition: Edition, locale: str) -> Rendered:
    """Return the mail of an edition in `locale`; empty: REPORT_LOCALE.

    Raises:
        StagingError: the archived report is gone, or a newer run has replaced it.
    """
    report = edition.report
    if isinstance(report, ArchivedPeriod):
        period = mail_of(report, locale)
        return _rendered("period", period, period.texts["days_cid"])
    day = _mail_of_day(report, locale)
    cid = TREND_CID if day.trend else ""
    added = {"trend_cid": cid, "page_url": page_url(f"{report.business_date}/")}
    parts = PeriodMail(day.texts | added, day.pdf, day.trend)
    return _rendered("report", parts, cid)


def _rendered(template: str, parts: PeriodMail, cid: str) -> Rendered:
    return Rendered(template, parts.texts, parts.pdf, parts.picture, cid)


def _mail_of_day(report: ArchivedReport, locale: str) -> ReportMail:
    archived = archive.read_mail(report)
    archived_locale = text.parse_locale(load_settings().report_locale)
    if not locale or text.parse_locale(locale) == archived_locale:
        return archived
    figures = archive.read_figures(report.uri)
    with text.in_locale(locale), scratch_folder() as folder:
        write_document(figures, folder)
        files = Store(str(folder))
        return ReportMail(
            **to_plain(mail_parts(figures)),
            pdf=(folder / archive.PDF).read_bytes(),
            trend=files.read(archive.TREND_PNG),
        )


def compose(rendered: Rendered, texts: Values, file_name: str) -> EmailMessage:
    """Return the mail with `texts` and without addresses; the PDF is attached as `file_name`, unless that is
    empty."""
    message = mail.compose(
        texts["subject"],
        f"{rendered.template}_mail",
        texts,
        rendered.picture,
        rendered.cid,
    )
    if file_name:
        message.add_attachment(
            rendered.pdf,
            maintype="application",
            subtype="pdf",
            filename=file_name,
        )
    return message
