"""When the alert that no report was mailed is sent, and which state it shows."""

from datetime import date

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales import missing_report

DAY = day_window(date(2026, 11, 19), "America/New_York")
NOT_BEGUN = "no task has begun to mail it"
CLAIMED = "a task began to mail it, and it is not known to be sent"


@pytest.mark.parametrize(
    ("recipients", "states", "shown", "reason"),
    [
        ("a@example.com", [], NOT_BEGUN, ""),
        ("a@example.com", ["claimed"], CLAIMED, ""),
        ("a@example.com", ["claimed", "sent"], None, ""),
        ("", [], None, "the Variable report_recipients is empty: no report is mailed"),
    ],
)
def test_an_alert_is_sent_unless_the_report_was_mailed(
    monkeypatch, recipients, states, shown, reason
):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", recipients)
    rows = [{"state": state, "sent_at": DAY.end} for state in states]
    monkeypatch.setattr(missing_report.delivery, "deliveries", lambda day: rows)
    sent = []

    def send(message):
        text = message.get_body(("plain",)).get_content()
        assert f"State:  {shown}\n" in text
        assert "make repair DAY=2026-11-19 MAIL=1\n" in text
        sent.append(message["Subject"])
        return ""

    monkeypatch.setattr(missing_report.mail, "send_alert", send)
    assert missing_report.alert_if_not_mailed(DAY) == reason
    assert sent == (["No sales report for 2026-11-19"] if shown else [])
