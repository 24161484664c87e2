"""The mail of an archived report of any period, in the locale of its readers."""

from dataclasses import dataclass
from email.message import EmailMessage

from ecommerce.core import text
from ecommerce.core.airflow_urls import page_url
from ecommerce.core.settings import load_settings
from ecommerce.core.templates import render
from ecommerce.core.values import Values
from ecommerce.mail import transport
from ecommerce.sales.periods.archive import ArchivedPeriod
from ecommerce.sales.periods.build import write_mail as write_period_mail
from ecommerce.sales.report.archive import PDF, ArchivedReport
from ecommerce.sales.report.build import write_mail as write_day_mail
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.storage.kept_files import Store
from ecommerce.storage.scratch import scratch_folder

Report = ArchivedReport | ArchivedPeriod


@dataclass(frozen=True, slots=True)
class ReportMail:
    """What is mailed and posted of a report in one locale: the texts of its mail by the names that its
    templates use, the PDF, and its chart as PNG, which has the name `picture_file` in the archive. `template`
    as in `ArchivedReport`. `forecast_missed`: title and text of the message that net sales of a day missed
    their forecast."""

    template: str
    picture_file: str
    texts: Values
    pdf: bytes
    picture: bytes | None
    forecast_missed: tuple[str, str] | None = None

    def compose(self, texts: Values, file_name: str = "") -> EmailMessage:
        """Compose the mail of `texts` without its addresses; the PDF is attached as `file_name`, if it has
        one."""
        message = transport.compose(
            texts["subject"],
            f"{self.template}_mail",
            texts,
            self.picture,
            self.picture_file.replace(".png", "@report"),
        )
        if file_name:
            transport.attach_pdf(message, self.pdf, file_name)
        return message

    def chat_text(self, texts: Values) -> str:
        """Return the text of the headline, as in the mail; its title is the mail's subject."""
        return render(f"{self.template}_chat.txt", texts)


def read_mail(report: Report, locale: str = "") -> ReportMail:
    """Return the mail of a report in `locale`; empty: REPORT_LOCALE, in which reports are archived.

    Raises:
        StagingError: the archived report is gone, or a newer run has replaced it.
    """
    archive = report.archive
    translated = None
    uri = report.uri
    with scratch_folder() as scratch:
        if locale not in ("", load_settings().report_locale):
            figures = archive.read_figures(uri)
            with text.in_locale(locale):
                if isinstance(figures, Figures):
                    translated = write_day_mail(figures, scratch)
                else:
                    translated = write_period_mail(figures, scratch)
            uri = str(scratch)
        pdf = archive.read(uri, PDF)
        picture = Store(uri).read(report.picture)
    # The last file, because another run may replace the report between two reads.
    archived = archive.read_mail(report.uri, report.figures_hash)
    parts = translated or archived
    path = report.page_path
    parts["texts"]["page_url"] = page_url(path) if path else ""
    return ReportMail(
        report.template, report.picture, **parts, pdf=pdf, picture=picture
    )
