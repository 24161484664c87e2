"""The mail of a report in the locale of its readers."""

from ecommerce.core import text
from ecommerce.core.airflow_urls import page_url
from ecommerce.sales.delivery import TREND_CID
from ecommerce.sales.periods.archive import ArchivedPeriod, PeriodMail
from ecommerce.sales.periods.build import is_archived_in, mail_of
from ecommerce.sales.report import archive
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.sales.report.build import write_document
from ecommerce.sales.report.texts.mail import mail_parts
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from ecommerce.storage.scratch import scratch_folder

Report = ArchivedReport | ArchivedPeriod


def mail_in_locale(report: Report, locale: str) -> PeriodMail:
    """Return the mail of a report in `locale`; empty: REPORT_LOCALE.

    Raises:
        StagingError: the archived report is gone, or a newer run has replaced it.
    """
    if isinstance(report, ArchivedPeriod):
        return mail_of(report, locale)
    day = archive.read_mail(report)
    texts, pdf, trend = day.texts, day.pdf, day.trend
    if not is_archived_in(locale):
        figures = archive.read_figures(report.uri)
        with text.in_locale(locale), scratch_folder() as folder:
            write_document(figures, folder)
            texts = to_plain(mail_parts(figures)["texts"])
            pdf = (folder / archive.PDF).read_bytes()
            trend = Store(str(folder)).read(archive.TREND_PNG)
    texts["trend_cid"] = TREND_CID if trend else ""
    texts["page_url"] = page_url(f"{report.business_date}/")
    return PeriodMail(
        texts,
        pdf,
        trend,
        "report",
        TREND_CID,
    )
