"""The mail of a report, in three steps: claim, send, mark, which the warehouse's delivery log records.

Delivery is at least once: an attempt after one that was killed between sending and marking sends the mail
again, under the same Message-ID. After the mail, its headline is posted to the chat.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

from ecommerce.core import text
from ecommerce.core.business_day import BusinessDay, day_window, newest_closed_day
from ecommerce.core.names import VARIABLE_REPORT_RECIPIENTS
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.core.templates import render
from ecommerce.mail import chat
from ecommerce.mail import transport as mail
from ecommerce.runtime import metrics
from ecommerce.runtime.task_log import failure_reason
from ecommerce.sales import day_state
from ecommerce.sales.report.archive import read_file, read_report
from ecommerce.sales.report.chart_files import TREND_PNG
from ecommerce.sales.report.figures.forecast import TOTAL
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.restatements import Correction
from ecommerce.sales.report.view.mail import mail_texts
from ecommerce.sources import PARTNER_FILES
from ecommerce.warehouse.client import Warehouse, connect
from ecommerce.warehouse.rendering import RESTATED
from ecommerce.warehouse.schema import prepare_once

_TREND_CID = "trend@report"

log = logging.getLogger(__name__)

Report = Mapping[str, Any]
"""A report's archive entry, as `report.archive.build_report` returns it."""


def deliver(day: BusinessDay, report: Report, *, send_mail: bool) -> str:
    """Mail a report, then post its headline to the chat; return why not, or nothing. `send_mail`: mail it
    although the day is not the newest that has ended, or was mailed before.

    Raises:
        StagingError: the archived report is gone, or a newer run has replaced it.
        PipelineError: warehouse or mail server are unavailable, or an address is invalid. The next attempt
            continues at the step that failed.
    """
    if reason := claim(day, report, send_mail=send_mail):
        log.info("not mailed: %s", reason)
        return reason
    figures, trend, corrections = send(report)
    mark(report)
    post(figures, trend, corrections)
    return ""


def claim(day: BusinessDay, report: Report, *, send_mail: bool) -> str:
    """Claim the mail of a report; return why it is not mailed, or nothing. `send_mail`: see `deliver`."""
    if not send_mail and (reason := _not_due(day, report)):
        return reason
    if not mail.recipients(VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {VARIABLE_REPORT_RECIPIENTS} is empty"
    figures_at = datetime.fromisoformat(report["figures_at"])
    if not claim_delivery(
        day.date, report["figures_hash"], message_id(report), figures_at
    ):
        _restate(
            report
        )  # the attempt that mailed them may have been killed before this step
        return "a report with the same figures was mailed before"
    return ""


def _not_due(day: BusinessDay, report: Report) -> str:
    """Return why a report is mailed on request only; empty where it is due, or an earlier attempt has claimed
    it. Reports of older days and corrections are mailed on request."""
    states = {
        row["figures_hash"]: row["state"] for row in reversed(deliveries(day.date))
    }
    if report["figures_hash"] in states:
        return ""
    if not should_mail(day, datetime.now(UTC), send_mail=False):
        reason = f"{day} is not the newest day that has ended"
    elif "sent" in states.values():
        reason = f"an earlier report of {day} was mailed"
    else:
        return ""
    return f"{reason}; MAIL=1 with make repair or make report mails it"


def send(report: Report) -> tuple[Figures, bytes | None, Sequence[Correction] | None]:
    """Mail the claimed `report`; return its figures, trend chart (PNG) and corrections."""
    figures, pdf = read_report(report["uri"], report["figures_hash"])
    trend = read_file(
        report["uri"].rpartition("/")[0], figures.business_date, TREND_PNG
    )
    corrections = day_state.corrections(figures.business_date, report["headline"])
    message = report_message(figures, pdf, trend, corrections)
    message["Message-ID"] = message_id(report)
    to = mail.recipients(VARIABLE_REPORT_RECIPIENTS)
    mail.send(message, to)
    log.info('mailed: "%s" to %d recipients', message["Subject"], len(to))
    return figures, trend, corrections


def mark(report: Report) -> None:
    """Mark `report` as sent. Changes of its day since its figures were queried are restatements."""
    day = date.fromisoformat(report["business_date"])
    mark_delivered(day, report["figures_hash"])
    _restate(report)
    metrics.business_day_done("mail", day_window(day, shop_timezone()).end)


def _restate(report: Report) -> None:
    """Record the figures of a mailed report that have changed since they were queried; idempotent. Loads
    record changes of mailed days only, and a mail may wait for hours."""
    values = [report["headline"].get(name) for name in RESTATED]
    scaled = [
        None if value is None else int(Decimal(value).scaleb(4)) for value in values
    ]
    _transact(
        "report_restatements/load_before_mail",
        business_date=date.fromisoformat(report["business_date"]),
        reported=dict(zip(RESTATED, scaled, strict=True)),
        detected_at=datetime.now(UTC),
        figures_at=datetime.fromisoformat(report["figures_at"]),
    )


def claim_delivery(
    business_date: date, figures_hash: str, message_id: str, figures_at: datetime
) -> bool:
    """Claim the mail of a day's figures; return False when these figures were mailed before. A claim that was
    never marked as sent can be claimed again. Changes after `figures_at` (aware), when the figures were
    queried, are in the next report."""
    [delivery] = _transact(
        "report_deliveries/claim",
        business_date=business_date,
        figures_hash=figures_hash,
        message_id=message_id,
        figures_at=figures_at,
    )
    return bool(delivery["state"] != "sent")


def mark_delivered(business_date: date, figures_hash: str) -> None:
    """Record that the mail server accepted the mail."""
    key = {"business_date": business_date, "figures_hash": figures_hash}
    _transact("report_deliveries/mark_sent", **key, sent_at=datetime.now(UTC))


def deliveries(business_date: date) -> list[dict[str, Any]]:
    """Return the rows of `report_deliveries` of a day, the latest first."""
    statement = "warehouse/tables/report_deliveries/by_day.sql"
    return _warehouse().query(statement, business_date=business_date)


def _transact(statement: str, **values: Any) -> list[dict[str, Any]]:
    return _warehouse().transact(f"warehouse/tables/{statement}.sql", **values)


def _warehouse() -> Warehouse:
    warehouse = connect(step="mailings")
    prepare_once(warehouse)
    return warehouse


def post(
    figures: Figures, trend: bytes | None, corrections: Sequence[Correction] | None
) -> None:
    """Post the headline of a mailed report to the chat, and gross sales that miss their forecast by
    FORECAST_MISS_ALERT_PERCENT or more. Raises nothing; arguments as of `report_message`."""
    try:
        chat.post(*chat_texts(figures, corrections), trend)
    except Exception as error:
        log.warning("the headline is not posted to the chat: %s", failure_reason(error))
    try:
        if texts := forecast_miss_texts(
            figures, load_settings().forecast_miss_alert_percent
        ):
            chat.post(*texts)
    except Exception as error:
        log.warning(
            "the missed forecast is not posted to the chat: %s", failure_reason(error)
        )


def forecast_miss_texts(
    figures: Figures, percent: int | None
) -> tuple[str, str] | None:
    """Return title and text of the message; None where the day does not miss its forecast by `percent`, has
    none, or is incomplete."""
    series = figures.expectation.series if figures.expectation else []
    total = next(
        (each for each in series if each.series == TOTAL and each.verdict), None
    )
    if not (percent and total and total.forecast > 0):
        return None
    if abs(total.actual - total.forecast) * 100 < percent * total.forecast:
        return None
    actual, forecast, low, high = (
        text.amount(each, figures.currency)
        for each in (total.actual, total.forecast, total.lower_80, total.upper_80)
    )
    change = text.change(total.actual, total.forecast)
    title = f"Forecast missed: {text.short_day(figures.business_date)}: {change}"
    body = (
        f"Gross sales: {actual} {figures.currency}, {change} compared with the forecast of {forecast} "
        f"(80 % interval {low} \N{EN DASH} {high}).\n{page_url(figures.business_date)}"
    )
    return title, body.strip()


def chat_texts(
    figures: Figures, corrections: Sequence[Correction] | None
) -> tuple[str, str]:
    """Return the title, of one line, and the text of the headline, both as in the mail."""
    texts = mail_texts(figures, corrections) | {
        "page_url": page_url(figures.business_date)
    }
    return texts["subject"], render("report_chat.txt", texts)


def report_message(
    figures: Figures,
    pdf: bytes,
    trend: bytes | None = None,
    corrections: Sequence[Correction] | None = None,
) -> EmailMessage:
    """Compose the mail of a report without its addresses: text and HTML with the headline and the `trend`
    chart, a PNG, the PDF attached. `corrections` as in `mail_texts`."""
    day = figures.business_date
    extra = {"trend_cid": _TREND_CID if trend else "", "page_url": page_url(day)}
    texts = mail_texts(figures, corrections) | extra
    pictures = [mail.InlineImage(_TREND_CID, trend)] if trend else []
    message = mail.compose(texts["subject"], "report_mail", texts, pictures)
    message.add_attachment(
        pdf, maintype="application", subtype="pdf", filename=f"sales-report-{day}.pdf"
    )
    return message


def alarm(day: BusinessDay, report: Report, *, send_mail: bool) -> str:
    """Send an alert, by mail and chat, with the reasons why a day is incomplete, or a partner's file cannot
    be used; return why not, or nothing. The same reasons have the same Message-ID. Arguments and errors as
    in `deliver`."""
    if not (reasons := report["alarms"]):
        return "every source and partner has its usual orders"
    if not should_mail(day, datetime.now(UTC), send_mail=send_mail):
        return f"{day} is not the newest day that has ended, and send_mail is not set"
    is_complete = bool(report.get("complete"))
    texts = {
        "day": str(day),
        "reasons": reasons,
        "page_url": page_url(day.date),
        "is_complete": is_complete,
    }
    texts |= {"deliveries": PARTNER_FILES.name}
    subject = "Delivery refused" if is_complete else "Incomplete"
    message = mail.compose(f"{subject}: sales of {day}", "alarm_mail", texts)
    name = hashlib.sha256("\0".join(reasons).encode()).hexdigest()[:16]
    return mail.send_alert(message, f"alarm.{day}.{name}")


def should_mail(day: BusinessDay, now: datetime, *, send_mail: bool) -> bool:
    """Return whether a report is mailed: that of the newest day that has ended, or any with `send_mail`."""
    return send_mail or day.date == newest_closed_day(now, day.timezone).date


def message_id(report: Report) -> str:
    """Return the Message-ID of a day's figures."""
    short = report["figures_hash"][:16]  # so that the header is not folded
    return mail.message_id(f"report.{report['business_date']}.{short}")


def page_url(day: date) -> str:
    """Return the address of the report's page in the Airflow UI; empty where Airflow's address is not set."""
    return mail.page_url(f"{day}/")
