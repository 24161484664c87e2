"""The mail that a day is incomplete although nothing has failed: when it is sent, and why."""

from dataclasses import replace
from datetime import date

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales import delivery
from tests.archived_reports import REPORT

DAY = day_window(date(2026, 11, 19), "America/New_York")
LONG_AGO = day_window(date(2020, 1, 6), "America/New_York")
EMPTY = "Storefront has no orders, and usually has 10 or more on such a day"


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    recipients = "oncall@example.com, boss@example.com"
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", recipients)


@pytest.mark.parametrize(
    ("is_complete", "subject"), [(False, "Incomplete"), (True, "Delivery refused")]
)
def test_an_alert_names_the_reasons_and_is_the_same_message_again(
    mailbox, is_complete, subject
):
    reason = "<script>alert(1)</script> has delivered no file"
    for reasons in ([reason, EMPTY], [reason, EMPTY], [reason]):
        report = replace(REPORT, alarms=reasons, complete=is_complete)
        assert delivery.send_incomplete_alert(DAY, report, send_mail=True) == ""
    delivery.send_incomplete_alert(DAY.shifted(-1), report, send_mail=True)

    ids = {message["Message-ID"] for message in mailbox()}
    first = mailbox()[0]
    assert len(ids) == 3
    assert first["Subject"].startswith(f"{subject}: sales of 2026-11-1")
    assert first["X-Envelope-To"] == "oncall@example.com, boss@example.com"
    html = first.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; has delivered no file" in html


def test_no_alert(mailbox, monkeypatch):
    sound = delivery.send_incomplete_alert(
        DAY, replace(REPORT, complete=False), send_mail=True
    )
    assert sound == "every source and partner has its usual orders"
    incomplete = replace(REPORT, alarms=[EMPTY], complete=False)
    older = delivery.send_incomplete_alert(LONG_AGO, incomplete, send_mail=False)
    assert older == (
        "2020-01-06 is not the newest day that has ended, and send_mail is not set"
    )
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    nobody = delivery.send_incomplete_alert(DAY, incomplete, send_mail=True)
    assert nobody == "the Variable alert_recipients is empty"
    assert mailbox() == []
