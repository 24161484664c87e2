"""The report's mail: whether it is sent, what it says, and its three steps: claim, send, mark. Delivery is at
least once: a run that dies between sending and marking sends again, under the same Message-ID. The headline
in the chat follows the mail that was marked."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ecommerce.core import metrics
from ecommerce.core.business_day import BusinessDay, day_window, newest_closed_day
from ecommerce.core.failures import failure_reason
from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.settings import shop_timezone
from ecommerce.core.templates import render
from ecommerce.core.text import in_report_locale
from ecommerce.mail import chat, telling
from ecommerce.mail import transport as mail
from ecommerce.sales import mailings, restated
from ecommerce.sales.report.archive import read_file, read_report
from ecommerce.sales.report.charts import TREND_PNG
from ecommerce.sales.report.figures import Figures
from ecommerce.sales.report.mail_texts import mail_texts
from ecommerce.sales.report.restatements import Correction

_TREND_CID = "trend@report"

log = logging.getLogger(__name__)


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
    """Tell people, by mail and in the chat, why the archived `report` is incomplete where no failed task has
    told them; returns why not, or nothing. The same reasons always come under the same Message-ID.

    Raises:
        PipelineError: the mail cannot be sent.
    """
    if not (reasons := report["alarms"]):
        return "every source and partner brought what it usually brings"
    if not should_mail(day, datetime.now(UTC), send_mail=send_mail):
        return f"{day} is not the newest closed day and send_mail is not set"
    texts = {"day": str(day), "reasons": reasons, "page_url": page_url(day.date)}
    message = mail.compose(f"Incomplete: sales of {day}", "alarm_mail", texts)
    told = hashlib.sha256("\0".join(reasons).encode()).hexdigest()[:16]
    return telling.tell(message, f"alarm.{day}.{told}")


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
        PipelineError: the warehouse cannot be asked whether the day was mailed before.
        ConfigurationError, CredentialsError, TransientError: as `mail.transport.send`.
    """
    figures, pdf = read_report(report["uri"], report["figures_hash"])
    trend = read_file(report["uri"].rpartition("/")[0], figures.business_date, TREND_PNG)
    message = report_message(figures, pdf, trend, corrections(report))
    message["Message-ID"] = message_id(report)
    mail.send(message, mail.recipients(VARIABLE_REPORT_RECIPIENTS))
    return str(message["Message-ID"])


def mark(report: Mapping[str, Any]) -> None:
    """Remember that `report` was mailed, so that a change of its day since its figures is a restatement."""
    day = date.fromisoformat(report["business_date"])
    mailings.mark_delivered(day, report["figures_hash"])
    mailings.restate_since(day, report["headline"], datetime.fromisoformat(report["figures_at"]))
    metrics.business_day_done("mail", day_window(day, shop_timezone()).end)


class Headline(NamedTuple):
    """What is posted to the chat: `title` is one line, `picture` a PNG."""

    title: str
    text: str
    picture: bytes | None


def chat_headline(report: Mapping[str, Any]) -> Headline | None:
    """What the chat is told of `report`, in the words of its mail; None where there is no chat. Asked for
    before `mark`, after which nothing in it is a correction. Nothing is raised."""
    if not chat.is_there():
        return None
    try:
        figures, _ = read_report(report["uri"], report["figures_hash"])
        picture = read_file(report["uri"].rpartition("/")[0], figures.business_date, TREND_PNG)
        return chat_texts(figures, corrections(report), picture)
    except Exception as error:
        log.warning("the headline is not posted to the chat: %s", failure_reason(error))
        return None


def tell_chat(headline: Headline | None) -> bool:
    """Post the headline of the mailed report; whether anybody took it. It comes when the mail has been sent
    and marked, so nothing waits for it. Nothing is raised."""
    return chat.post(*headline) if headline else False


@in_report_locale
def chat_texts(
    figures: Figures, corrections: Sequence[Correction] | None = None, picture: bytes | None = None
) -> Headline:
    """The headline as the mail says it; `corrections` as in `mail_texts`."""
    texts = mail_texts(figures, corrections) | {"page_url": page_url(figures.business_date)}
    return Headline(texts["subject"], render("report_chat.txt", texts), picture)


def corrections(report: Mapping[str, Any]) -> Sequence[Correction] | None:
    """What has changed since the latest other report of the day was mailed; None where none was.

    Raises:
        PipelineError: the warehouse cannot be asked.
    """
    day = date.fromisoformat(report["business_date"])
    others = (row for row in mailings.deliveries(day) if row["figures_hash"] != report["figures_hash"])
    if not any(row["state"] == "sent" for row in others):
        return None
    return restated.corrections(day, report["headline"]) or ()


@in_report_locale
def report_message(
    figures: Figures,
    pdf: bytes,
    trend: bytes | None = None,
    corrections: Sequence[Correction] | None = None,
) -> EmailMessage:
    """The report's mail without its addresses: text and HTML with the headline, the picture of the `trend` in
    the HTML where there is one, the PDF attached. `corrections` as in `mail_texts`."""
    texts = mail_texts(figures, corrections) | {
        "trend_cid": _TREND_CID if trend else "",
        "page_url": page_url(figures.business_date),
    }
    pictures = [mail.Picture(_TREND_CID, trend)] if trend else []
    message = mail.compose(texts["subject"], "report_mail", texts, pictures)
    message.add_attachment(
        pdf, maintype="application", subtype="pdf", filename=f"sales-report-{figures.business_date}.pdf"
    )
    return message


def page_url(day: date) -> str:
    """The report's page inside the Airflow UI; empty where Airflow does not know its own address."""
    base = mail.airflow_url()
    # The UI keeps the path of the page in its frame behind that of the frame.
    return f"{base}/plugin/sales-reports{urlsplit(base).path}/sales-reports/{day}/" if base else ""
