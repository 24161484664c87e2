"""The alert that a day's report has not been mailed, which `report_deliveries` in the warehouse shows."""

import logging
from email.message import EmailMessage

from ecommerce.core import names
from ecommerce.core.business_day import BusinessDay
from ecommerce.mail import transport as mail
from ecommerce.sales import delivery

log = logging.getLogger(__name__)

NOT_BEGUN = "no task has begun to mail it"
CLAIMED = "a task began to mail it, and it is not known to be sent"


def alert_if_not_mailed(day: BusinessDay) -> str:
    """Send an alert, by mail and chat, when the report of `day` has not been mailed; return why it cannot be
    sent, or nothing."""
    if not mail.recipients(names.VARIABLE_REPORT_RECIPIENTS):
        return f"the Variable {names.VARIABLE_REPORT_RECIPIENTS} is empty: no report is mailed"
    state = NOT_BEGUN
    for row in delivery.deliveries(day.date):
        if row["state"] == "sent":
            log.info("the report of %s was mailed at %s", day, row["sent_at"])
            return ""
        state = CLAIMED
    log.warning("the report of %s has not been mailed: %s", day, state)
    return mail.send_alert(compose(day, state))


def compose(day: BusinessDay, state: str) -> EmailMessage:
    """Return the alert without its addresses: day, state, and the command that mails the report."""
    runs_url = mail.airflow_url()
    if runs_url:
        runs_url += f"/dags/{names.DAG_DAILY}/runs"
    texts = {
        "day": str(day),
        "state": state,
        "dag": names.DAG_DAILY,
        "runs_url": runs_url,
        "command": f"make repair DAY={day} MAIL=1",
    }
    return mail.compose(f"No sales report for {day}", "watch_mail", texts)
