"""The three tasks of the DAG's `mail` group: claim, send, mark.

Delivered at least once: a run that dies between sending and marking sends again, under the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from ecommerce.core import metrics
from ecommerce.core.business_day import business_day, day_window
from ecommerce.core.settings import shop_timezone
from ecommerce.mail import transport as mail

RECIPIENTS = "report_recipients"


def claim(context: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """Decide whether the archived `report` is mailed, and claim its delivery; returns `report`.

    Raises:
        AirflowSkipException: nobody wants it, its day is not the newest closed one, or it was mailed before.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    from ecommerce.warehouse import reads as audit

    day = business_day(context)
    if not mail.should_mail(day, context["params"], datetime.now(UTC)):
        raise AirflowSkipException(f"{day} is not the newest closed day and send_mail is not set")
    if not mail.recipients(RECIPIENTS):
        raise AirflowSkipException(f"the Variable {RECIPIENTS} is empty")
    message_id = mail.message_id(report["business_date"], report["figures_hash"])
    figures_at = datetime.fromisoformat(report["figures_at"])
    if not audit.claim_delivery(day.date, report["figures_hash"], message_id, figures_at):
        raise AirflowSkipException("the very same figures were mailed before")
    return dict(report)


def send(report: Mapping[str, Any]) -> str:
    """Mail the claimed `report`; returns its Message-ID."""
    return mail.send_report(report, mail.recipients(RECIPIENTS))


def mark(report: Mapping[str, Any]) -> None:
    """Remember that `report` was mailed, so that a change of its day since its figures is a restatement."""
    from ecommerce.warehouse import reads as audit

    day = date.fromisoformat(report["business_date"])
    audit.mark_delivered(day, report["figures_hash"])
    audit.restate_since(day, report["headline"], datetime.fromisoformat(report["figures_at"]))
    metrics.business_day_done("mail", day_window(day, shop_timezone()).end)
