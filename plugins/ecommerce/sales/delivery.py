"""The report's mail: whether it is sent, what it says, and its three steps: claim, send, mark. Delivery is at
least once: a run that dies between sending and marking sends again, under the same Message-ID."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from ecommerce.core import metrics
from ecommerce.core.business_day import BusinessDay, day_window, newest_closed_day
from ecommerce.core.names import VARIABLE_ALERT_RECIPIENTS, VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.settings import shop_timezone
from ecommerce.core.text import in_report_locale
from ecommerce.mail import transport as mail
from ecommerce.sales import mailings
from ecommerce.sales.report.archive import read_report
from ecommerce.sales.report.figures import Figures
from ecommerce.sales.report.texts import mail_texts


def claim(day: BusinessDay, report: Mapping[str, Any], *, send_mail: bool) -> str:
    """Claim the mailing of the archived `report` of `day`; returns why there is none, or nothing.

    Args:
        day: the report's business day.
        report: what `report.building.archive` returned.
        send_mail: the run's param: mail it although the day is not the newest closed one.

    Raises:
        PipelineError: the warehouse cannot be asked, or the recipients or the sender are no addresses.
    """
    if not should_mail(day, datetime.now(UTC), send_mail=send_mail):
        return f"{day} is not the newest closed day and send_mail is not set"
    if not mail.recipients(VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    figures_at = datetime.fromisoformat(report["figures_at"])
    if not mailings.claim_delivery(day.date, report["figures_hash"], message_id(report), figures_at):
        return "the very same figures were mailed before"
    return ""


def alarm(day: BusinessDay, report: Mapping[str, Any], *, send_mail: bool) -> str:
    """Mail `alert_recipients` why the archived `report` is incomplete where no failed task has told them;
    returns why not, or nothing. The same reasons always come under the same Message-ID.

    Raises:
        PipelineError: the mail cannot be sent.
    """
    if not (reasons := report["alarms"]):
        return "every source and partner brought what it usually brings"
    if not should_mail(day, datetime.now(UTC), send_mail=send_mail):
        return f"{day} is not the newest closed day and send_mail is not set"
    if not (to := mail.recipients(VARIABLE_ALERT_RECIPIENTS)):
        return f"the Variable {VARIABLE_ALERT_RECIPIENTS} is empty: nobody is told"
    texts = {"day": str(day), "reasons": reasons, "page_url": page_url(day.date)}
    message = mail.compose(f"Incomplete: sales of {day}", "alarm_mail", texts)
    told = hashlib.sha256("\0".join(reasons).encode()).hexdigest()[:16]
    message["Message-ID"] = mail.message_id(f"alarm.{day}.{told}")
    mail.send(message, to)
    return ""


def should_mail(day: BusinessDay, now: datetime, *, send_mail: bool) -> bool:
    """Whether the report of `day` is mailed at `now` (an aware instant): only the newest closed day's is,
    or any with `send_mail`."""
    return send_mail or day.date == newest_closed_day(now, day.timezone).date


def message_id(report: Mapping[str, Any]) -> str:
    """The Message-ID of one day's figures: the same figures always have the same one."""
    short = report["figures_hash"][:16]  # so that the header is not folded
    return mail.message_id(f"report.{report['business_date']}.{short}")


def send(report: Mapping[str, Any]) -> str:
    """Mail the claimed `report`; returns its Message-ID.

    Raises:
        StagingError: the archived report is gone or has been replaced by other figures since.
        ConfigurationError, CredentialsError, TransientError: as `mail.transport.send`.
    """
    message = report_message(*read_report(report["uri"], report["figures_hash"]))
    message["Message-ID"] = message_id(report)
    mail.send(message, mail.recipients(VARIABLE_REPORT_RECIPIENTS))
    return str(message["Message-ID"])


def mark(report: Mapping[str, Any]) -> None:
    """Remember that `report` was mailed, so that a change of its day since its figures is a restatement."""
    day = date.fromisoformat(report["business_date"])
    mailings.mark_delivered(day, report["figures_hash"])
    mailings.restate_since(day, report["headline"], datetime.fromisoformat(report["figures_at"]))
    metrics.business_day_done("mail", day_window(day, shop_timezone()).end)


@in_report_locale
def report_message(figures: Figures, pdf: bytes) -> EmailMessage:
    """The report's mail without its addresses: text and HTML with the headline, the PDF attached."""
    texts = mail_texts(figures) | {"page_url": page_url(figures.business_date)}
    message = mail.compose(texts["subject"], "report_mail", texts)
    message.add_attachment(
        pdf, maintype="application", subtype="pdf", filename=f"sales-report-{figures.business_date}.pdf"
    )
    return message


def page_url(day: date) -> str:
    """The report's page inside the Airflow UI; empty where Airflow does not know its own address."""
    base = mail.airflow_url()
    # The UI keeps the path of the page in its frame behind that of the frame.
    return f"{base}/plugin/sales-reports{urlsplit(base).path}/sales-reports/{day}/" if base else ""
