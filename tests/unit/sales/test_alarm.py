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


RECIPIENTS = "oncall@example.com, boss@example.com"


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", RECIPIENTS)


def alert(day=DAY, *, send_mail=True, complete=False, alarms=(EMPTY,)):
    report = replace(REPORT, alarms=list(alarms), complete=complete)
    return delivery.send_incomplete_alert(day, report, send_mail=send_mail)


@pytest.mark.parametrize(
    ("is_complete", "subject"), [(False, "Incomplete"), (True, "Delivery refused")]
)
def test_an_alert_names_the_reasons_and_is_the_same_message_again(
    mailbox, is_complete, subject
):
    reason = "<script>alert(1)</script> has delivered no file"
    for reasons in ([reason, EMPTY], [reason, EMPTY], [reason]):
        assert alert(complete=is_complete, alarms=reasons) == ""
    alert(DAY.shifted(-1), complete=is_complete, alarms=[reason])

    ids = {message["Message-ID"] for message in mailbox()}
    first = mailbox()[0]
    assert len(ids) == 3
    assert first["Subject"].startswith(f"{subject}: sales of 2026-11-1")
    assert first["X-Envelope-To"] == RECIPIENTS
    html = first.get_body(("html",)).get_content()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; has delivered no file" in html


def test_no_alert(mailbox, monkeypatch):
    assert alert(alarms=[]) == "every source and partner has its usual orders"
    assert alert(LONG_AGO, send_mail=False) == (
        "2020-01-06 is not the newest day that has ended, and send_mail is not set"
    )
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    assert alert() == "the Variable alert_recipients is empty"
    assert mailbox() == []
