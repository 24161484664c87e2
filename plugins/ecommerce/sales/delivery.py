"""The mail of a report, in three steps: claim, send, mark, which the warehouse's delivery log records.

Delivery is at least once: an attempt after one that was killed between sending and marking sends the mail
again, under the same Message-ID. After the mail, its headline is posted to the chat.
"""

import logging
from datetime import UTC, datetime

from ecommerce.core.airflow_urls import page_url
from ecommerce.core.business_day import BusinessDay, newest_closed_day
from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.values import Values
from ecommerce.mail import chat
from ecommerce.mail import transport as mail
from ecommerce.runtime import metrics
from ecommerce.sales import delivery_log
from ecommerce.sales.days import state
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.sales.report.texts.corrected import with_corrections
from ecommerce.sales.report_mail import ReportMail, read_mail
from ecommerce.sources import PARTNER_FILES
from ecommerce.storage.staging import DagRun

log = logging.getLogger(__name__)


def deliver(
    day: BusinessDay, report: ArchivedReport, run: DagRun, *, send_mail: bool
) -> str:
    """Mail a report in `run`, then post its headline to the chat. Return why not; empty when mailed.
    `send_mail`: mail it although the day is not the newest that has ended, or was mailed before.

    Raises:
        StagingError: the archived report is gone, or a newer run has replaced it.
        PipelineError: warehouse or mail server are unavailable, an address is invalid, or another run is
            mailing the report. The next attempt begins with the claim: a mail that was not marked is sent
            again.
    """
    reason = reason_not_to_mail(day, report, send_mail=send_mail)
    if not reason:
        claimed_id = delivery_log.claim(
            day.date,
            report.figures_hash,
            message_id(report),
            report.figures_at,
            run,
            only_first=not send_mail,
        )
        if not claimed_id:
            # The attempt that mailed them may have been killed before this step.
            delivery_log.record_restatements(report)
            reason = "a report with the same figures was mailed before"
    if reason:
        log.info("not mailed: %s", reason)
        return reason
    mailed = read_mail(report)
    corrections = state.corrections(report.business_date, report.headline)
    texts = with_corrections(mailed.texts, report.headline, corrections)
    message = mailed.compose(texts, f"sales-report-{day}.pdf")
    message["Message-ID"] = claimed_id
    mail.send(message, mail.recipients(VARIABLE_REPORT_RECIPIENTS))
    delivery_log.mark_sent(day.date, report.figures_hash)
    metrics.business_day_done("mail", day.end)
    try:
        delivery_log.record_restatements(report)
    finally:
        # An attempt that finds the report mailed does not post it.
        post(texts, mailed)
    return ""


def reason_not_to_mail(
    day: BusinessDay, report: ArchivedReport, *, send_mail: bool
) -> str:
    """Return why a report is not mailed, or nothing. `send_mail`: see `deliver`."""
    if not send_mail:
        reason = _not_due(day, report)
        if reason:
            return f"{reason}; MAIL=1 with make repair or make report mails it"
    if not mail.recipients(VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    return ""


def _not_due(day: BusinessDay, report: ArchivedReport) -> str:
    """Return why a report is mailed on request only; empty where it is due, an earlier attempt has claimed
    it, or it is the last one mailed. Reports of older days and corrections are mailed on request."""
    rows = delivery_log.deliveries(day.date)
    sent = [row for row in rows if row["state"] == "sent"]
    # Without mails that a later one has replaced.
    current = [row["figures_hash"] for row in rows if row not in sent[1:]]
    if report.figures_hash in current:
        return ""
    reason = not_the_newest(day)
    if sent and not reason:
        reason = f"an earlier report of {day} was mailed"
    return reason


def post(texts: Values, mailed: ReportMail) -> None:
    """Post the headline of a mailed report to the chat, and net sales that miss their forecast by
    FORECAST_MISS_ALERT_PERCENT or more. A chat that fails only causes a warning in the log."""
    chat.post(texts["subject"], mailed.chat_text(texts), mailed.picture)
    if mailed.forecast_missed:
        title, body = mailed.forecast_missed
        chat.post(title, f"{body}\n{texts['page_url']}".strip())


def send_incomplete_alert(
    day: BusinessDay, report: ArchivedReport, *, send_mail: bool
) -> str:
    """Send an alert, by mail and chat, with the reasons why a day is incomplete, or a partner's file cannot
    be used; return why not, or nothing. The same reasons have the same Message-ID.

    Raises:
        PipelineError: the mail server is unavailable, or an address is invalid.
    """
    if not report.alarms:
        return "every source and partner has its usual orders"
    old = not_the_newest(day)
    if old and not send_mail:
        return f"{old}, and send_mail is not set"
    subject = "Incomplete"
    if report.complete:
        subject = "Delivery refused"
    texts = {
        "day": str(day),
        "reasons": report.alarms,
        "page_url": page_url(f"{day}/"),
        "is_complete": report.complete,
        "deliveries": PARTNER_FILES.name,
    }
    message = mail.compose(f"{subject}: sales of {day}", "alarm_mail", texts)
    return mail.send_alert(message, f"alarm.{day}", report.alarms)


def not_the_newest(day: BusinessDay) -> str:
    """Return that `day` is not the newest that has ended; empty where it is."""
    if day == newest_closed_day(datetime.now(UTC), day.timezone):
        return ""
    return f"{day} is not the newest day that has ended"


def message_id(report: ArchivedReport) -> str:
    """Return the Message-ID of the first mail of a day's figures."""
    # Short, so that the header is not folded.
    return mail.message_id(f"report.{report.business_date}.{report.figures_hash[:16]}")
