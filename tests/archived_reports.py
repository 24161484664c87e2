"""An archived report, as the task `report` hands it to the tasks that mail it."""

import json
from datetime import UTC, date, datetime

from ecommerce.core.airflow_urls import page_url
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.sales.report.texts.corrected import with_corrections
from ecommerce.sales.report.texts.mail import mail_texts
from ecommerce.sales.report_mail import ReportMail
from ecommerce.storage.plain import to_plain
from ecommerce.storage.staging import DagRun

REPORT = ArchivedReport(
    "",
    business_date=date(2026, 11, 19),
    figures_hash="a" * 64,
    figures_at=datetime(2026, 11, 20, 11, tzinfo=UTC),
    complete=True,
    alarms=[],
    headline={},
)
"""Of an ordinary day; without a file and figures."""
MAILING_RUN = DagRun("daily_sales_pipeline", "test__mailing")
"""The run that mails the reports of tests."""


def archived_texts(figures, corrections=None):
    """The texts of a report's mail, read from the archive, as `deliver` sends them."""
    texts = json.loads(json.dumps(to_plain(mail_texts(figures))))
    headline = {name: figure.value for name, figure in figures.headline.items()}
    return with_corrections(texts, headline, corrections)


def report_mail(texts, pdf=b"%PDF-", picture=None):
    """The mail of a day's report, as `read_mail` returns it."""
    page = {"page_url": page_url(f"{texts['day']}/")}
    return ReportMail("report", "trend.png", texts | page, pdf, picture)


def report_message(texts, pdf=b"%PDF-", picture=None):
    """The message of a day's report without its addresses."""
    mail = report_mail(texts, pdf, picture)
    return mail.compose(mail.texts, f"sales-report-{texts['day']}.pdf")


def chat_text(texts):
    """What is posted of a day's report."""
    mail = report_mail(texts)
    return mail.chat_text(mail.texts)
